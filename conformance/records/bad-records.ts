/** Three records, of which the second one fails: at each stage, of a sink and of a source. */
import type { ProduceRecord } from '@sluice/record-log';
import type { RecordLine } from '../plugins/records-source.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import { converters, json, string, text, typed } from './data.ts';

export interface BadSinkRecords {
  readonly stage: string;
  /** What was at work when it failed. */
  readonly class: string;
  readonly settings: ConnectorSettings;
  readonly records: readonly [ProduceRecord, ProduceRecord, ProduceRecord];
}

/** Its topic is the case's. */
type Line = Omit<RecordLine, 'topic'>;

export interface BadSourceRecords {
  readonly stage: string;
  readonly class: string;
  readonly settings: ConnectorSettings;
  readonly lines: readonly Line[];
}

const bytes = (given: string): Uint8Array => Buffer.from(given);

/** Key, value and one header; all are text. */
function record(value: string, more: Partial<Record<'key' | 'header', string>> = {}) {
  const { header = 'h', key = 'k' } = more;
  return {
    key: bytes(key),
    value: bytes(value),
    headers: [
      ['own', bytes(header)],
      ['none', null],
    ],
    timestampMs: 1_700_000_000_000,
  } satisfies ProduceRecord;
}

const strings = { 'key.converter': string, 'value.converter': string };
const integer = `${converters}.IntegerConverter`;
const cast = {
  transforms: 'cast',
  'transforms.cast.type': 'org.apache.kafka.connect.transforms.Cast$Value',
  'transforms.cast.spec': 'int32',
};

export const badSinkRecords: readonly BadSinkRecords[] = [
  {
    stage: 'VALUE_CONVERTER',
    class: json,
    settings: {
      'key.converter': string,
      'value.converter': json,
      'value.converter.schemas.enable': 'false',
    },
    records: [record('1'), record('{"not json'), record('3')],
  },
  {
    stage: 'KEY_CONVERTER',
    class: integer,
    settings: { 'key.converter': integer, 'value.converter': string },
    records: [
      record('1', { key: '1234' }),
      record('2', { key: '12345' }),
      record('3', { key: '1234' }),
    ],
  },
  {
    stage: 'HEADER_CONVERTER',
    class: json,
    settings: { ...strings, 'header.converter': json, 'header.converter.schemas.enable': 'false' },
    records: [
      record('1', { header: '1' }),
      record('2', { header: '{"not json' }),
      record('3', { header: '3' }),
    ],
  },
  {
    stage: 'TRANSFORMATION',
    class: 'org.apache.kafka.connect.transforms.Cast$Value',
    settings: { ...strings, ...cast },
    records: [record('1'), record('two'), record('3')],
  },
];

function line(value: string, more: Partial<Line> = {}): Line {
  return {
    key: text('k'),
    value,
    headers: [['own', text('h')]],
    timestamp: 1_700_000_000_000,
    ...more,
  };
}

const one = typed('int32', 1);
const two = text('two');
const three = typed('int32', 3);

export const badSourceRecords: readonly BadSourceRecords[] = [
  {
    stage: 'VALUE_CONVERTER',
    class: integer,
    settings: { 'key.converter': string, 'value.converter': integer },
    lines: [line(one), line(two), line(three)],
  },
  {
    stage: 'KEY_CONVERTER',
    class: integer,
    settings: { 'key.converter': integer, 'value.converter': string },
    lines: [
      line(text('1'), { key: one }),
      line(two, { key: two }),
      line(text('3'), { key: three }),
    ],
  },
  {
    stage: 'HEADER_CONVERTER',
    class: integer,
    settings: { ...strings, 'header.converter': integer },
    lines: [
      line(text('1'), { headers: [['own', one]] }),
      line(two, { headers: [['own', two]] }),
      line(text('3'), { headers: [['own', three]] }),
    ],
  },
  {
    stage: 'TRANSFORMATION',
    class: 'org.apache.kafka.connect.transforms.Cast$Value',
    settings: { ...strings, ...cast },
    lines: [line(text('1')), line(two), line(text('3'))],
  },
];

export function linesOf({ lines: given }: BadSourceRecords, topic: string): RecordLine[] {
  return given.map((each) => ({ ...each, topic }));
}
