/** Header converters, and what happens to headers on the way. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import { dataOf, json, optional, plain, readable, string, type Text, text, typed } from './data.ts';

interface HeaderCase {
  readonly title: string;
  readonly settings: ConnectorSettings;
  /** Data, the header's bytes, and what a sink is given for these. */
  readonly headers: readonly (readonly [data: Text, bytes: Text, read: Text])[];
}

const simple = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

const list = typed(
  { type: 'array', items: { type: 'int32', optional: false }, optional: false },
  [1, 2],
);

const cases: readonly HeaderCase[] = [
  {
    title: 'SimpleHeaderConverter, the default',
    settings: {},
    headers: [
      [text('a b'), 'a b', text('a b')],
      [typed('int32', 300), '300', typed('int16', 300)],
      [typed('double', 1.5), '1.5', typed('float', 1.5)],
      [typed('boolean', true), 'true', typed('boolean', true)],
      [list, '[1,2]', typed(listOf('int8'), [1, 2])],
      [
        '{"schema":{"type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1},"payload":1700000000123}',
        '2023-11-14T22:13:20.123Z',
        '{"schema":{"type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1},"payload":1700000000123}',
      ],
      [null, null, null],
    ],
  },
  {
    title: 'SimpleHeaderConverter, named',
    settings: { 'header.converter': simple },
    headers: [[text('a'), 'a', text('a')]],
  },
  {
    title: 'StringConverter',
    settings: { 'header.converter': string },
    headers: [
      [text('a b'), 'a b', optional('string', 'a b')],
      [typed('int32', 300), '300', optional('string', '300')],
    ],
  },
  {
    title: 'JsonConverter',
    settings: { 'header.converter': json, 'header.converter.schemas.enable': 'false' },
    headers: [
      [text('a'), '"a"', plain('a')],
      [list, '[1,2]', plain([1, 2])],
    ],
  },
];

function listOf(type: string) {
  return { type: 'array', items: { type, optional: false }, optional: false };
}

function written({ headers, settings, title }: HeaderCase): ConformanceCase {
  return {
    title: `headers: ${title}, written by a source`,
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.source(
        [{ topic, value: text('v'), headers: headers.map(([data]) => ['h', data] as const) }],
        { 'key.converter': string, 'value.converter': string, ...settings },
      );
      const [record] = await trial.log.read(topic, 1);
      assert.deepEqual(
        record?.headers.map(([name, value]) => [name, readable(value)]),
        headers.map(([, bytes]) => ['h', bytes]),
      );
    },
  };
}

function read({ headers, settings, title }: HeaderCase): ConformanceCase {
  return {
    title: `headers: ${title}, read by a sink`,
    run: async (trial) => {
      const topic = await trial.topic();
      const own = headers.map(
        ([, bytes]) => ['h', bytes === null ? null : Buffer.from(bytes)] as const,
      );
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('v'), headers: own }]);
      await trial.sink({
        topics: topic,
        'key.converter': string,
        'value.converter': string,
        ...settings,
      });
      const [sunk] = await trial.sunk(1);
      assert.deepEqual(
        sunk?.headers.map(([name, value]) => [name, dataOf(value)]),
        headers.map(([, , data]) => ['h', dataOf(data)]),
      );
    },
  };
}

export const headerCases: readonly ConformanceCase[] = cases.flatMap((each) => [
  written(each),
  read(each),
]);
