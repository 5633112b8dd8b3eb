import { Decimal, type Schema, schemaField } from '@sluice/connector-api';
import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf, databasesOf } from './capture.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());
const newDatabase = databasesOf(postgres);

interface Case {
  readonly type: string;
  /** As SQL. */
  readonly value: string;
  readonly written: unknown;
  /** The schema's type, its name without `io.debezium.`, and parameters. */
  readonly schema: string;
}

const cases: readonly Case[] = [
  { type: 'boolean', value: 'true', written: true, schema: 'boolean' },
  { type: 'smallint', value: '-32768', written: -32768, schema: 'int16' },
  { type: 'integer', value: '2147483647', written: 2147483647, schema: 'int32' },
  { type: 'bigint', value: '9223372036854775807', written: 9223372036854775807n, schema: 'int64' },
  { type: 'bigint', value: '-5', written: -5, schema: 'int64' },
  { type: 'oid', value: '4000000000', written: 4000000000, schema: 'int64' },
  { type: 'real', value: "'-0.1'", written: -0.1, schema: 'float32' },
  { type: 'double precision', value: "'1e300'", written: 1e300, schema: 'float64' },
  { type: 'double precision', value: "'NaN'", written: Number.NaN, schema: 'float64' },
  { type: 'double precision', value: "'-Infinity'", written: -Infinity, schema: 'float64' },
  {
    type: 'numeric(10,2)',
    value: '-12345678.90',
    written: new Decimal(-1234567890n, 2),
    schema: 'bytes org.apache.kafka.connect.data.Decimal scale=2 connect.decimal.precision=10',
  },
  {
    type: 'numeric(38,0)',
    value: '99999999999999999999999999999999999999',
    written: new Decimal(99999999999999999999999999999999999999n, 0),
    schema: 'bytes org.apache.kafka.connect.data.Decimal scale=0 connect.decimal.precision=38',
  },
  {
    type: 'numeric',
    value: "'-123.4500'",
    written: { scale: 2, value: Buffer.from([0xcf, 0xc7]) },
    schema: 'struct data.VariableScaleDecimal',
  },
  { type: 'numeric', value: "'NaN'", written: null, schema: 'struct data.VariableScaleDecimal' },
  {
    type: 'money',
    value: "'-1234.5'",
    written: new Decimal(-123450n, 2),
    schema: 'bytes org.apache.kafka.connect.data.Decimal scale=2',
  },
  {
    type: 'text',
    value: '\'tab\t"quote" \\ 漢字 🎈\'',
    written: 'tab\t"quote" \\ 漢字 🎈',
    schema: 'string',
  },
  { type: 'varchar(5)', value: "''", written: '', schema: 'string' },
  { type: 'char(4)', value: "'ab'", written: 'ab  ', schema: 'string' },
  { type: '"char"', value: "'x'", written: 'x', schema: 'string' },
  { type: 'name', value: "'n'", written: 'n', schema: 'string' },
  { type: 'citext', value: "'MiX'", written: 'MiX', schema: 'string' },
  { type: 'bytea', value: "'\\x00ff10'", written: Buffer.from([0, 255, 16]), schema: 'bytes' },
  { type: 'bit', value: "B'1'", written: true, schema: 'boolean' },
  {
    type: 'bit(12)',
    value: "B'100000000001'",
    written: Buffer.from([1, 8]),
    schema: 'bytes data.Bits length=12',
  },
  {
    type: 'varbit(9)',
    value: "B'101'",
    written: Buffer.from([5]),
    schema: 'bytes data.Bits length=9',
  },
  {
    type: 'uuid',
    value: "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'",
    written: 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11',
    schema: 'string data.Uuid',
  },
  {
    type: 'json',
    value: `'{"b": 1, "a": [null]}'`,
    written: '{"b": 1, "a": [null]}',
    schema: 'string data.Json',
  },
  {
    type: 'jsonb',
    value: `'{"b":1,"a":2}'`,
    written: '{"a": 2, "b": 1}',
    schema: 'string data.Json',
  },
  { type: 'xml', value: "'<a>1</a>'", written: '<a>1</a>', schema: 'string data.Xml' },
  {
    type: 'hstore',
    value: `'a=>1, "b c"=>NULL, "q\\"x"=>"y, z"'`,
    written: '{"a":"1","b c":null,"q\\"x":"y, z"}',
    schema: 'string data.Json',
  },
  { type: 'ltree', value: "'top.middle'", written: 'top.middle', schema: 'string data.Ltree' },
  { type: 'tsvector', value: "'a b'", written: "'a' 'b'", schema: 'string data.Tsvector' },
  {
    type: 'mood',
    value: "'happy, really'",
    written: 'happy, really',
    schema: 'string data.Enum allowed=sad,happy, really',
  },
  { type: 'small_text', value: "'domain'", written: 'domain', schema: 'string' },
  {
    type: 'price',
    value: '3.14',
    written: new Decimal(314n, 2),
    schema: 'bytes org.apache.kafka.connect.data.Decimal scale=2 connect.decimal.precision=6',
  },
  { type: 'inet', value: "'192.168.0.1/24'", written: '192.168.0.1/24', schema: 'string' },
  { type: 'cidr', value: "'2001:db8::/32'", written: '2001:db8::/32', schema: 'string' },
  { type: 'macaddr', value: "'08:00:2b:01:02:03'", written: '08:00:2b:01:02:03', schema: 'string' },
  { type: 'int4range', value: "'[1,5)'", written: '[1,5)', schema: 'string' },
  {
    type: 'tstzrange',
    value: "'[2024-01-01 00:00+02,)'",
    written: '["2023-12-31 22:00:00+00",)',
    schema: 'string',
  },
  { type: 'int4multirange', value: "'{[1,3),[5,6)}'", written: '{[1,3),[5,6)}', schema: 'string' },
  {
    type: 'point',
    value: "'(1.5,-2)'",
    written: {
      x: 1.5,
      y: -2,
      wkb: Buffer.from('0101000000000000000000f83f00000000000000c0', 'hex'),
      srid: null,
    },
    schema: 'struct data.geometry.Point',
  },
  { type: 'date', value: "'2024-02-29'", written: 19782, schema: 'int32 time.Date' },
  { type: 'date', value: "'0044-03-15 BC'", written: -735160, schema: 'int32 time.Date' },
  { type: 'date', value: "'infinity'", written: 2147483647, schema: 'int32 time.Date' },
  {
    type: 'time',
    value: "'13:51:30.123456'",
    written: 49890123456,
    schema: 'int64 time.MicroTime',
  },
  { type: 'time(3)', value: "'24:00:00'", written: 86400000, schema: 'int32 time.Time' },
  {
    type: 'timetz',
    value: "'13:51:30.1+02:30'",
    written: '11:21:30.1Z',
    schema: 'string time.ZonedTime',
  },
  {
    type: 'timestamp',
    value: "'2016-11-04T13:51:30.123456'",
    written: 1478267490123456,
    schema: 'int64 time.MicroTimestamp',
  },
  {
    type: 'timestamp(3)',
    value: "'1936-10-25T22:10:12.608'",
    written: Date.UTC(1936, 9, 25, 22, 10, 12, 608),
    schema: 'int64 time.Timestamp',
  },
  {
    type: 'timestamp',
    value: "'9999-12-31 23:59:59.999999'",
    written: 253402300799999999n,
    schema: 'int64 time.MicroTimestamp',
  },
  {
    type: 'timestamp',
    value: "'infinity'",
    written: 9223372036825200000n,
    schema: 'int64 time.MicroTimestamp',
  },
  {
    type: 'timestamp',
    value: "'-infinity'",
    written: -9223372036832400000n,
    schema: 'int64 time.MicroTimestamp',
  },
  {
    type: 'timestamptz',
    value: "'2016-11-04T13:51:30.123456+02:00'",
    written: '2016-11-04T11:51:30.123456Z',
    schema: 'string time.ZonedTimestamp',
  },
  {
    type: 'timestamptz(0)',
    value: "'21016-11-04T13:51:30+07:00'",
    written: '+21016-11-04T06:51:30Z',
    schema: 'string time.ZonedTimestamp',
  },
  {
    type: 'timestamptz',
    value: "'infinity'",
    written: 'infinity',
    schema: 'string time.ZonedTimestamp',
  },
  {
    type: 'interval',
    value: "'P1Y2M3DT4H5M6.78S'",
    written: 37091106780000,
    schema: 'int64 time.MicroDuration',
  },
  {
    type: 'interval',
    value: "'-1 day +02:00'",
    written: -79200000000,
    schema: 'int64 time.MicroDuration',
  },
  { type: 'integer[]', value: "'{1,NULL,-3}'", written: [1, null, -3], schema: 'array of int32' },
  {
    type: 'text[]',
    value: `ARRAY['a,b', 'NULL', NULL, 'q"\\', '']`,
    written: ['a,b', 'NULL', null, 'q"\\', ''],
    schema: 'array of string',
  },
  {
    type: 'numeric(6,2)[]',
    value: "'{1.5,2}'",
    written: [new Decimal(150n, 2), new Decimal(200n, 2)],
    schema:
      'array of bytes org.apache.kafka.connect.data.Decimal scale=2 connect.decimal.precision=6',
  },
  {
    type: 'timestamptz[]',
    value: "'{2024-01-01 00:00+00}'",
    written: ['2024-01-01T00:00:00.000000Z'],
    schema: 'array of string time.ZonedTimestamp',
  },
  { type: 'uuid[]', value: "'{}'", written: [], schema: 'array of string data.Uuid' },
  {
    type: 'mood[]',
    value: "'{sad}'",
    written: ['sad'],
    schema: 'array of string data.Enum allowed=sad,happy, really',
  },
  {
    type: 'bytea[]',
    value: '\'{"\\\\x01"}\'',
    written: [Buffer.from([1])],
    schema: 'array of bytes',
  },
];

function textOf(schema: Schema | undefined): string {
  if (!schema) return 'none';
  const { items, name, parameters = {}, type } = schema;
  const words = Object.entries(parameters).map(([key, value]) => `${key}=${value}`);
  const told = [type, ...(name ? [name.replace('io.debezium.', '')] : []), ...words].join(' ');
  return type === 'array' ? `array of ${textOf(items)}` : told;
}

const setup = `CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
  CREATE TYPE mood AS ENUM ('sad', 'happy, really');
  CREATE DOMAIN small_text AS varchar(10) CHECK (VALUE <> 'x'); CREATE DOMAIN price AS numeric(6,2);`;

test('every type of column is written the same by a snapshot and by the stream, null too', async () => {
  const { sql, url } = await newDatabase('types');
  const columns = cases.map(({ type }, index) => `c${index} ${type}`).join(', ');
  const values = cases.map(({ value }) => value).join(', ');
  await sql(`${setup} CREATE TABLE item (id int PRIMARY KEY, ${columns});
    INSERT INTO item VALUES (1, ${values}); INSERT INTO item VALUES (2)`);
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 2);
  await sql(
    `INSERT INTO item SELECT id + 2, ${cases.map((_, index) => `c${index}`).join(', ')} FROM item`,
  );
  const rows = (await capture.untilCount('public.item', 4)).map(({ after }) => after ?? {});
  for (const row of [rows[0], rows[2]])
    for (const [index, { type, value, written }] of cases.entries())
      expect({ type, value, is: row?.[`c${index}`] }).toEqual({ type, value, is: written });
  for (const row of [rows[1], rows[3]])
    expect(cases.map((_, index) => row?.[`c${index}`])).toEqual(cases.map(() => null));
  for (const { valueSchema } of capture.records) {
    const after = schemaField(valueSchema as Schema, 'after')?.schema as Schema;
    for (const [index, { schema, type }] of cases.entries()) {
      const field = schemaField(after, `c${index}`)?.schema;
      expect(`${type}: ${textOf(field)}`).toBe(`${type}: ${schema}`);
      expect(field?.optional).toBe(true);
    }
  }
});

test('decimals, times, bytes, intervals and hstore are written as the modes say', async () => {
  const { sql, url } = await newDatabase('modes');
  await sql(`${setup} CREATE TABLE item (id int PRIMARY KEY, exact numeric(10,2), free numeric, cash money, day date,
      at time(3), moment timestamp, bytes bytea, span interval, pairs hstore);
    INSERT INTO item VALUES (1, 12.5, 'NaN', 3.5, '2024-02-29', '10:00:00.5', '2024-02-29 10:00:00.5', '\\xfbff', 'P1Y2M3DT4H5M6.78S', 'a=>1')`);
  const rowWith = async (more: Record<string, string>): Promise<Record<string, unknown>> => {
    await using capture = await Capture.start(
      configOf(url, { 'snapshot.mode': 'initial_only', ...more }),
    );
    const [change] = await capture.untilCount('public.item', 1);
    return change?.after ?? {};
  };
  expect(
    await rowWith({
      'decimal.handling.mode': 'string',
      'time.precision.mode': 'isostring',
      'binary.handling.mode': 'base64',
      'interval.handling.mode': 'string',
      'hstore.handling.mode': 'map',
    }),
  ).toMatchObject({
    exact: '12.50',
    free: 'NAN',
    cash: '3.50',
    day: '2024-02-29Z',
    at: '10:00:00.5Z',
    moment: '2024-02-29T10:00:00.5Z',
    bytes: '+/8=',
    span: 'P1Y2M3DT4H5M6.78S',
    pairs: { a: '1' },
  });
  expect(
    await rowWith({
      'decimal.handling.mode': 'double',
      'time.precision.mode': 'connect',
      'binary.handling.mode': 'base64-url-safe',
    }),
  ).toMatchObject({
    exact: 12.5,
    free: Number.NaN,
    cash: 3.5,
    day: new Date('2024-02-29T00:00:00Z'),
    at: new Date('1970-01-01T10:00:00.500Z'),
    moment: new Date('2024-02-29T10:00:00.500Z'),
    bytes: '-_8=',
  });
  const micros = Date.UTC(2024, 1, 29, 10) * 1000 + 500_000;
  expect(
    await rowWith({ 'time.precision.mode': 'microseconds', 'binary.handling.mode': 'hex' }),
  ).toMatchObject({ at: 36_000_500_000, moment: micros, bytes: 'fbff' });
  expect(await rowWith({ 'time.precision.mode': 'nanoseconds' })).toMatchObject({
    at: 36_000_500_000_000,
    moment: BigInt(micros) * 1000n,
  });
  expect(await rowWith({ 'time.precision.mode': 'adaptive_time_microseconds' })).toMatchObject({
    at: 36_000_500_000,
    moment: micros,
  });
});

test('types without a schema and generated columns are left out, and the former written as bytes if asked for', async () => {
  const { sql, url } = await newDatabase('unknown');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY, area box, twice int GENERATED ALWAYS AS (id * 2) STORED); INSERT INTO item (id, area) VALUES (1, '((0,0),(1,1))')`,
  );
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 1);
  await sql(`INSERT INTO item (id, area) VALUES (2, NULL)`);
  const changes = await capture.untilCount('public.item', 2);
  expect(changes.map(({ after }) => after)).toEqual([{ id: 1 }, { id: 2 }]);
  expect(
    capture.lines.some(({ fields }) => JSON.stringify(fields).includes('public.item.area')),
  ).toBe(true);
  await using bytes = await Capture.start(
    configOf(url, { 'include.unknown.datatypes': 'true', 'snapshot.mode': 'initial_only' }),
  );
  const [change] = await bytes.untilCount('public.item', 1);
  expect(change?.after).toEqual({ id: 1, area: Buffer.from('(1,1),(0,0)') });
});

test('composites that are called as types of PostgreSQL, and vectors of the catalog, are none of those', async () => {
  const { sql, url } = await newDatabase('composite');
  await sql(
    `CREATE SCHEMA app; CREATE TYPE app.money AS (amount numeric, currency text); CREATE TYPE app.point AS (x int, y int);
     CREATE TABLE item (id int PRIMARY KEY, price app.money, at app.point, all_prices app.money[], numbers int2vector, oids oidvector);
     INSERT INTO item VALUES (1, '(12.5,USD)', '(1,2)', '{"(1,EUR)"}', '1 2', '3 4')`,
  );
  await using capture = await Capture.start(configOf(url, { 'snapshot.mode': 'initial_only' }));
  expect((await capture.untilCount('public.item', 1))[0]?.after).toEqual({ id: 1 });
  await using bytes = await Capture.start(
    configOf(url, { 'include.unknown.datatypes': 'true', 'snapshot.mode': 'initial_only' }),
  );
  expect((await bytes.untilCount('public.item', 1))[0]?.after).toMatchObject({
    price: Buffer.from('(12.5,USD)'),
    numbers: Buffer.from('1 2'),
  });
});

test('a value that no schema can say stops the task, and names the column and the remedy', async () => {
  const { sql, url } = await newDatabase('unsayable');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY, grid int[], n numeric NOT NULL DEFAULT 1); INSERT INTO item VALUES (1, '{{1,2},{3,4}}')`,
  );
  await using grid = await Capture.start(configOf(url));
  await expect(grid.untilCount('public.item', 1, 3_000)).rejects.toThrow(
    /public\.item\.grid: .*column\.exclude\.list/,
  );
  await sql(`UPDATE item SET grid = NULL, n = 'NaN'`);
  await using number = await Capture.start(configOf(url, { 'snapshot.mode': 'initial_only' }));
  await expect(number.untilCount('public.item', 1, 3_000)).rejects.toThrow(
    /public\.item\.n .*decimal\.handling\.mode/,
  );
  await sql(
    "CREATE TABLE late (id int PRIMARY KEY, at timestamp); INSERT INTO late VALUES (1, 'infinity')",
  );
  await using nanos = await Capture.start(
    configOf(url, { 'table.include.list': 'public.late', 'time.precision.mode': 'nanoseconds' }),
  );
  await expect(nanos.untilCount('public.late', 1, 3_000)).rejects.toThrow(
    /public\.late\.at: .*adaptive_time_microseconds/,
  );
});
