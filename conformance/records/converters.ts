/** Every converter that is built in: what a source's data becomes in the topic, and what a sink is given. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import {
  bytes,
  converters,
  dataOf,
  hex,
  json,
  optional,
  plain,
  readable,
  string,
  structOf,
  type Text,
  text,
  typed,
} from './data.ts';

interface Converted {
  readonly data: Text;
  /** Text, or bytes. */
  readonly bytes: Text | Uint8Array;
}

interface ConverterCase {
  readonly title: string;
  readonly settings: ConnectorSettings;
  /** Both ways; the sink is given `read`, if that is not what the source had. */
  readonly both?: readonly (Converted & { readonly read?: Text })[];
  readonly written?: readonly Converted[];
  readonly read?: readonly Converted[];
}

const order = structOf(
  { id: 'int64', price: 'double', state: 'string', note: 'string?', paid: 'boolean' },
  { id: 9_007_199_254_740_991, price: 9.5, state: 'größe "1"', note: null, paid: true },
  { name: 'com.acme.Order', version: 2 },
);

/** In the order in which Kafka Connect writes the fields of a schema. */
const decimal =
  '{"schema":{"type":"bytes","optional":false,"name":"org.apache.kafka.connect.data.Decimal","version":1,"parameters":{"scale":"2"}},"payload":"MDk="}';
const date =
  '{"schema":{"type":"int32","optional":false,"name":"org.apache.kafka.connect.data.Date","version":1},"payload":19675}';
const time =
  '{"schema":{"type":"int32","optional":false,"name":"org.apache.kafka.connect.data.Time","version":1},"payload":3600001}';
const timestamp =
  '{"schema":{"type":"int64","optional":false,"name":"org.apache.kafka.connect.data.Timestamp","version":1},"payload":1700000000123}';
const list = typed(
  { type: 'array', items: { type: 'int32', optional: false }, optional: false },
  [1, -2],
);
const map =
  '{"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"string","optional":true},"optional":false},"payload":[[1,"a"],[2,null]]}';

const asTheyAre = (data: readonly Text[]): Converted[] =>
  data.map((each) => ({ data: each, bytes: each }));

const cases: readonly ConverterCase[] = [
  {
    title: 'JsonConverter with schemas',
    settings: { 'value.converter': json },
    both: asTheyAre([
      text('größe "1" \\ \u0001'),
      order,
      typed('int8', -128),
      typed('int16', 32_767),
      typed('int32', -2_147_483_648),
      '{"schema":{"type":"int64","optional":false},"payload":9223372036854775807}',
      typed('float', 0.25),
      typed('double', 1e-7).replace('1e-7', '1.0E-7'),
      typed('bytes', 'AP8='),
      decimal,
      date,
      time,
      timestamp,
      list,
      map,
      optional('string', null),
      null,
    ]),
  },
  {
    title: 'JsonConverter with schemas: numbers of decimals',
    settings: { 'value.converter': json, 'value.converter.decimal.format': 'NUMERIC' },
    both: [{ data: decimal, bytes: decimal.replace('"MDk="', '123.45') }],
  },
  {
    title: 'JsonConverter without schemas',
    settings: { 'value.converter': json, 'value.converter.schemas.enable': 'false' },
    written: [
      {
        data: order,
        bytes:
          '{"id":9007199254740991,"price":9.5,"state":"größe \\"1\\"","note":null,"paid":true}',
      },
      { data: text('a'), bytes: '"a"' },
      { data: list, bytes: '[1,-2]' },
      { data: timestamp, bytes: '1700000000123' },
      { data: null, bytes: null },
    ],
    read: [
      {
        data: plain({ id: 1, price: 9.5, tags: ['a', null, true], inner: { big: 2 ** 53 } }),
        bytes: '{"id":1,"price":9.5,"tags":["a",null,true],"inner":{"big":9007199254740992}}',
      },
      { data: plain('a'), bytes: '"a"' },
      { data: plain(5), bytes: '5' },
      { data: null, bytes: null },
    ],
  },
  {
    title: 'StringConverter',
    settings: { 'value.converter': string },
    both: [
      { data: text('größe 漢 😀'), bytes: 'größe 漢 😀', read: optional('string', 'größe 漢 😀') },
      { data: text(''), bytes: '', read: optional('string', '') },
      { data: optional('string', null), bytes: null, read: optional('string', null) },
    ],
    written: [
      {
        data: order,
        bytes: 'Struct{id=9007199254740991,price=9.5,state=größe "1",paid=true}',
      },
      { data: plain({ a: [1, 2.5, null] }), bytes: '{a=[1, 2.5, null]}' },
      { data: typed('double', 1e10), bytes: '1.0E10' },
      { data: typed('float', 0.1), bytes: '0.1' },
      { data: typed('boolean', true), bytes: 'true' },
      { data: decimal, bytes: '123.45' },
      { data: map, bytes: '{1=a, 2=null}' },
    ],
  },
  {
    title: 'StringConverter with another encoding',
    settings: { 'value.converter': string, 'value.converter.converter.encoding': 'ISO-8859-1' },
    both: [{ data: text('größe'), bytes: hex('6772f6df65'), read: optional('string', 'größe') }],
  },
  {
    title: 'ByteArrayConverter',
    settings: { 'value.converter': `${converters}.ByteArrayConverter` },
    both: [
      { data: typed('bytes', 'AP8='), bytes: hex('00ff'), read: optional('bytes', 'AP8=') },
      { data: typed('bytes', ''), bytes: hex(''), read: optional('bytes', '') },
      { data: optional('bytes', null), bytes: null, read: optional('bytes', null) },
    ],
  },
  {
    title: 'ShortConverter',
    settings: { 'value.converter': `${converters}.ShortConverter` },
    both: [
      { data: typed('int16', -2), bytes: hex('fffe'), read: optional('int16', -2) },
      { data: optional('int16', null), bytes: null, read: optional('int16', null) },
    ],
  },
  {
    title: 'IntegerConverter',
    settings: { 'value.converter': `${converters}.IntegerConverter` },
    both: [
      { data: typed('int32', 258), bytes: hex('00000102'), read: optional('int32', 258) },
      { data: optional('int32', null), bytes: null, read: optional('int32', null) },
    ],
  },
  {
    title: 'LongConverter',
    settings: { 'value.converter': `${converters}.LongConverter` },
    both: [
      {
        data: '{"schema":{"type":"int64","optional":false},"payload":-9223372036854775808}',
        bytes: hex('8000000000000000'),
        read: '{"schema":{"type":"int64","optional":true},"payload":-9223372036854775808}',
      },
    ],
  },
  {
    title: 'FloatConverter',
    settings: { 'value.converter': `${converters}.FloatConverter` },
    both: [{ data: typed('float', -0.5), bytes: hex('bf000000'), read: optional('float', -0.5) }],
  },
  {
    title: 'DoubleConverter',
    settings: { 'value.converter': `${converters}.DoubleConverter` },
    both: [
      { data: typed('double', 1.5), bytes: hex('3ff8000000000000'), read: optional('double', 1.5) },
    ],
  },
  {
    title: 'BooleanConverter',
    settings: { 'value.converter': `${converters}.BooleanConverter` },
    both: [
      { data: typed('boolean', true), bytes: hex('01'), read: optional('boolean', true) },
      { data: typed('boolean', false), bytes: hex('00'), read: optional('boolean', false) },
    ],
  },
];

function bytesOf(given: Text | Uint8Array): Uint8Array | null {
  return typeof given === 'string' ? bytes(given) : given;
}

function written({ both = [], settings, title, written: more = [] }: ConverterCase) {
  const all = [...both, ...more];
  return {
    title: `converters: ${title}, written by a source`,
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.source(
        all.map(({ data }) => ({ topic, value: data })),
        { 'key.converter': string, ...settings },
      );
      const found = await trial.log.read(topic, all.length);
      assert.deepEqual(
        found.map(({ value }) => readable(value)),
        all.map((each) => readable(bytesOf(each.bytes))),
      );
    },
  } satisfies ConformanceCase;
}

function read({ both = [], read: more = [], settings, title }: ConverterCase) {
  const all = [...both.map((each) => ({ ...each, data: each.read ?? each.data })), ...more];
  return {
    title: `converters: ${title}, read by a sink`,
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(
        topic,
        all.map((each) => ({ key: null, value: bytesOf(each.bytes) })),
      );
      await trial.sink({ topics: topic, 'key.converter': string, ...settings });
      const sunk = await trial.sunk(all.length);
      assert.deepEqual(
        sunk.map(({ value }) => dataOf(value)),
        all.map(({ data }) => dataOf(data)),
      );
    },
  } satisfies ConformanceCase;
}

/** The key has a converter of its own, with settings of its own. */
const keys: ConformanceCase = {
  title: 'converters: key and value each have their own',
  run: async (trial) => {
    const topic = await trial.topic();
    const settings = {
      'key.converter': json,
      'key.converter.schemas.enable': 'false',
      'value.converter': `${converters}.LongConverter`,
    };
    await trial.source(
      [{ topic, key: structOf({ id: 'int32' }, { id: 7 }), value: typed('int64', 1) }],
      settings,
    );
    const [record] = await trial.log.read(topic, 1);
    assert.equal(readable(record?.key), '{"id":7}');
    assert.equal(readable(record?.value), '0x0000000000000001');
    await trial.sink({ topics: topic, ...settings });
    const [sunk] = await trial.sunk(1);
    assert.deepEqual(dataOf(sunk?.key ?? null), dataOf(plain({ id: 7 })));
    assert.deepEqual(dataOf(sunk?.value ?? null), dataOf(optional('int64', 1)));
  },
};

/** Jackson's bound is kept. */
const deep: ConformanceCase = {
  title: 'converters: JSON that is nested deeper than 1 000 levels is refused',
  run: async (trial) => {
    const topic = await trial.topic();
    const nested = (depth: number): Buffer =>
      Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    const [, , last] = await trial.log.produce(
      topic,
      [900, 1_001, 3].map((depth) => ({ key: null, value: nested(depth) })),
    );
    const connector = await trial.sink({
      topics: topic,
      'key.converter': string,
      'value.converter': json,
      'value.converter.schemas.enable': 'false',
      'errors.tolerance': 'all',
    });
    const sunk = await trial.sunk(2);
    assert.deepEqual(
      sunk.map(({ value }) => value),
      [900, 3].map((depth) => `{"schema":null,"payload":${nested(depth).toString()}}`),
    );
    await connector.untilCommitted((last?.offset ?? 0) + 1);
  },
};

export const converterCases: readonly ConformanceCase[] = [
  ...cases.flatMap((each) => [written(each), read(each)]),
  keys,
  deep,
];
