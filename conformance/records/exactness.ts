/** Where Kafka Connect changes data without a word and Sluice keeps or refuses it: a row each, with what both do. */
import assert from 'node:assert/strict';
import type { Header } from '@sluice/record-log';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings, TargetName } from '../targets/target.ts';
import { hex, json, optional, plain, readable, string, structOf, text, typed } from './data.ts';

/** The task fails. */
const refused = Symbol('refused');

/** What a sink is given, as the exact text of JsonConverter. */
type Given = string | typeof refused;

interface ReadCase {
  readonly row: string;
  readonly title: string;
  readonly value: string;
  readonly settings?: ConnectorSettings;
  readonly given: Readonly<Record<TargetName, Given>>;
}

const schemaless = { 'value.converter.schemas.enable': 'false' };
const structWithDefault =
  '{"schema":{"type":"struct","fields":[{"type":"int32","optional":false,"field":"a"}],"optional":false,"default":{"a":1}},"payload":{"a":2}}';
const decimalField = (payload: string): string =>
  `{"schema":{"type":"struct","fields":[{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"},"field":"price"}],"optional":false},"payload":{"price":"${payload}"}}`;

function timestamp(ms: number | string, name = 'Timestamp'): string {
  const type = name === 'Date' ? 'int32' : 'int64';
  return `{"schema":{"type":"${type}","optional":false,"name":"org.apache.kafka.connect.data.${name}","version":1},"payload":${String(ms)}}`;
}

function transform(type: string, settings: Readonly<Record<string, string>>): ConnectorSettings {
  return {
    transforms: 't',
    'transforms.t.type': `org.apache.kafka.connect.transforms.${type}`,
    ...Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [`transforms.t.${key}`, value]),
    ),
  };
}

const reads: readonly ReadCase[] = [
  {
    row: 'json-type-mismatch',
    title: 'JSON whose payload is text where the schema has a number',
    value: typed('int32', 'five'),
    given: { connect: typed('int32', 0), sluice: refused },
  },
  {
    row: 'json-type-mismatch',
    title: 'JSON whose payload is too large for its type',
    value: typed('int8', 300),
    given: { connect: typed('int8', 44), sluice: refused },
  },
  {
    row: 'json-more-behind',
    title: 'JSON with more behind it',
    value: '1 2',
    settings: schemaless,
    given: { connect: plain(1), sluice: refused },
  },
  {
    row: 'json-special-floats',
    title: 'JSON with NaN, as both write it',
    value: typed('double', 'NaN'),
    given: { connect: typed('double', 0).replace(':0}', ':0.0}'), sluice: typed('double', 'NaN') },
  },
  {
    row: 'json-special-floats',
    title: 'JSON with a zero that has a sign, as both write it',
    value: '{"schema":{"type":"double","optional":false},"payload":-0.0}',
    given: {
      connect: '{"schema":{"type":"double","optional":false},"payload":0.0}',
      sluice: '{"schema":{"type":"double","optional":false},"payload":-0.0}',
    },
  },
  {
    row: 'json-large-integers',
    title: 'JSON without a schema, with an integer beyond 64 bits',
    value: '18446744073709551617',
    settings: schemaless,
    given: { connect: plain(1), sluice: '{"schema":null,"payload":18446744073709551617}' },
  },
  {
    row: 'struct-default',
    title: 'JSON with a schema of a struct that has a default',
    value: structWithDefault,
    given: { connect: refused, sluice: structWithDefault },
  },
  {
    row: 'far-dates',
    title: 'JSON with a time that a JavaScript date does not reach',
    value: timestamp('8640000000000001'),
    given: { connect: timestamp('8640000000000001'), sluice: refused },
  },
  {
    row: 'cast-digits',
    title: 'Cast of digits of another alphabet',
    value: text('\u0661'),
    settings: transform('Cast$Value', { spec: 'int32' }),
    given: { connect: typed('int32', 1), sluice: refused },
  },
  {
    row: 'schema-metadata',
    title: 'SetSchemaMetadata on a schema that is no struct',
    value: text('a'),
    settings: transform('SetSchemaMetadata$Value', { 'schema.name': 'com.acme.Name' }),
    given: {
      connect: refused,
      sluice: '{"schema":{"type":"string","optional":false,"name":"com.acme.Name"},"payload":"a"}',
    },
  },
  {
    row: 'mask-decimal',
    title: 'MaskField on a decimal',
    value: decimalField('MDk='),
    settings: transform('MaskField$Value', { fields: 'price' }),
    given: { connect: refused, sluice: decimalField('AA==') },
  },
];

function readCase({ given, row, settings = {}, title, value }: ReadCase): ConformanceCase {
  return {
    title: `exactness: ${title}`,
    difference: row,
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, [{ key: null, value: Buffer.from(value) }]);
      const connector = await trial.sink({
        topics: topic,
        'key.converter': string,
        'value.converter': json,
        ...settings,
      });
      const expected = trial.on(given);
      if (expected === refused) await connector.untilFailed();
      else assert.equal((await trial.sunk(1))[0]?.value, expected);
    },
  };
}

interface HeaderCase {
  readonly row: string;
  readonly title: string;
  readonly header: string | Uint8Array;
  readonly given: Readonly<Record<TargetName, string>>;
}

function listOfText(...payload: string[]): string {
  return typed(
    { type: 'array', items: { type: 'string', optional: false }, optional: false },
    payload,
  );
}

const headers: readonly HeaderCase[] = [
  {
    row: 'header-text',
    title: 'a header that begins like a number',
    header: '12:30',
    given: { connect: typed('int8', 12), sluice: text('12:30') },
  },
  {
    row: 'header-text',
    title: 'a header with a comma in a number',
    header: '123,456',
    given: { connect: typed('int8', 123), sluice: text('123,456') },
  },
  {
    row: 'header-text',
    title: 'a header with text behind a list',
    header: '[1,2] and more',
    given: {
      connect: typed(
        { type: 'array', items: { type: 'int8', optional: false }, optional: false },
        [1, 2],
      ),
      sluice: text('[1,2] and more'),
    },
  },
  {
    row: 'header-floats',
    title: 'a header with a long number',
    header: '3.14159265358979',
    given: { connect: typed('float', 3.1415927), sluice: typed('double', 3.14159265358979) },
  },
  {
    row: 'header-floats',
    title: 'a header with a number that 32 bits do not reach',
    header: '1e-60',
    given: {
      connect: '{"schema":{"type":"float","optional":false},"payload":0.0}',
      sluice: '{"schema":{"type":"double","optional":false},"payload":1.0E-60}',
    },
  },
  {
    row: 'header-quotes',
    title: 'a header of a list with a quote and a blank in its texts, as both write it',
    header: '["a\\"b","c, "]',
    given: { connect: listOfText('a\\"b', 'c,'), sluice: listOfText('a"b', 'c, ') },
  },
  {
    row: 'header-dates',
    title: 'a header with a day that there is not',
    header: '2020-02-30',
    given: { connect: timestamp(18_322, 'Date'), sluice: text('2020-02-30') },
  },
  {
    row: 'header-bytes',
    title: 'a header that is no text',
    header: hex('ff00'),
    given: { connect: text('\uFFFD\0'), sluice: typed('bytes', '/wA=') },
  },
];

function headerCase({ given, header, row, title }: HeaderCase): ConformanceCase {
  return {
    title: `exactness: ${title}`,
    difference: row,
    run: async (trial) => {
      const topic = await trial.topic();
      const own: Header = ['h', typeof header === 'string' ? Buffer.from(header) : header];
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('v'), headers: [own] }]);
      await trial.sink({ topics: topic, 'key.converter': string, 'value.converter': string });
      const [sunk] = await trial.sunk(1);
      assert.equal(sunk?.headers[0]?.[1], trial.on(given));
    },
  };
}

const written: readonly ConformanceCase[] = [
  {
    title: 'exactness: StringConverter on data that holds bytes',
    difference: 'string-of-bytes',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.source([{ topic, value: structOf({ b: 'bytes' }, { b: 'AP8=' }) }], {
        'key.converter': string,
        'value.converter': string,
      });
      const [record] = await trial.log.read(topic, 1);
      assert.match(
        readable(record?.value) ?? '',
        trial.on({ connect: /^Struct\{b=\[B@[0-9a-f]+\}$/, sluice: /^Struct\{b=AP8=\}$/ }),
      );
    },
  },
  {
    title: 'exactness: a header with a time before 1970',
    difference: 'old-dates',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.source(
        [{ topic, value: optional('string', 'v'), headers: [['h', timestamp(-86_340_000)]] }],
        { 'key.converter': string, 'value.converter': string },
      );
      const [record] = await trial.log.read(topic, 1);
      assert.equal(
        readable(record?.headers[0]?.[1]),
        trial.on({ connect: '00:01:00.000Z', sluice: '1969-12-31T00:01:00.000Z' }),
      );
    },
  },
  {
    title: 'exactness: Cast to text of a time before 1970',
    difference: 'old-dates',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.source([{ topic, value: timestamp(-5) }], {
        'key.converter': string,
        'value.converter': string,
        ...transform('Cast$Value', { spec: 'string' }),
      });
      const [record] = await trial.log.read(topic, 1);
      assert.equal(
        readable(record?.value),
        trial.on({ connect: '23:59:59.995Z', sluice: '1969-12-31T23:59:59.995Z' }),
      );
    },
  },
];

export const exactnessCases: readonly ConformanceCase[] = [
  ...reads.map(readCase),
  ...headers.map(headerCase),
  ...written,
];
