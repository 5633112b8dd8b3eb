import {
  arraySchema,
  type ConnectorConfig,
  Decimal,
  dateSchema,
  decimalSchema,
  optionalSchema,
  type Schema,
  SchemaBuilder,
  type SinkRecord,
  schemas,
  structSchema,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jdbcSink } from '../src/index.ts';
import { connectionOf, databaseOf, databases, SinkHarness, type TestServer } from './databases.ts';

const keySchema = structSchema({ id: schemas.int32 });
const valueSchema = structSchema({ name: schemas.optionalString, amount: schemas.optionalInt64 });

let lastOffset = 0;

function record(id: number, value: object | null, of: Schema = valueSchema): SinkRecord {
  return {
    topic: 'orders',
    partition: 0,
    offset: (lastOffset += 1),
    key: { id },
    keySchema,
    value,
    ...(value === null ? {} : { valueSchema: of }),
  };
}

describe.each(databases)('the JDBC sink on $name', ({ name, quote, start }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  /** A database of its own, with a sink that writes to it. */
  async function newSink(settings: ConnectorConfig = {}, tolerates = true) {
    const url = await server.createDatabase('sink');
    const config = {
      name: 'test',
      topics: 'orders',
      ...connectionOf(url),
      'insert.mode': 'upsert',
      'pk.mode': 'record_key',
      'auto.create': 'true',
      ...settings,
    };
    const sink = new SinkHarness(jdbcSink.createTask(), config, tolerates);
    const sql = (text: string): Promise<string> => server.sql(text, databaseOf(url));
    return { sink, sql, config, url };
  }

  test('creates the table, upserts by key, and deletes on tombstones', async () => {
    const { sink, sql } = await newSink({ 'delete.enabled': 'true' });
    await using task = await sink.start();
    await task.put([
      record(1, { name: 'one', amount: 5n }),
      record(2, { name: 'two 🎈', amount: 2 ** 40 }),
      record(1, { name: 'o\'ne \\ "quoted"', amount: null }),
      record(3, { name: 'gone', amount: 1 }),
      record(3, null),
      record(4, null),
      record(0, { name: null, amount: 9007199254740993n }),
    ]);
    const rows = await sql(
      "SELECT id, coalesce(name, 'null'), coalesce(amount, -1) FROM orders ORDER BY id",
    );
    // mariadb --batch writes a backslash twice.
    expect(rows.replaceAll('\\\\', '\\')).toBe(
      '0\tnull\t9007199254740993\n1\to\'ne \\ "quoted"\t-1\n2\ttwo 🎈\t1099511627776',
    );
    await task.put([record(1, null), record(1, { name: 'again', amount: 1 }), record(2, null)]);
    expect(await sql('SELECT id, name FROM orders WHERE id > 0')).toBe('1\tagain');
  });

  test('a batch survives its poison records, which are reported one by one', async () => {
    const { sink, sql } = await newSink();
    await sql(
      `CREATE TABLE orders (id INT PRIMARY KEY, name VARCHAR(5) NOT NULL, amount BIGINT CHECK (amount < 100))`,
    );
    await using task = await sink.start();
    const records = Array.from({ length: 200 }, (_, id) => record(id, { name: 'ok', amount: 1 }));
    records[17] = record(17, { name: 'too long', amount: 1 });
    records[99] = record(99, { name: null, amount: 1 });
    records[100] = record(100, { name: 'x', amount: 100 });
    records[199] = {
      ...record(199, { name: 'x', amount: 1 }),
      value: { name: 'x', amount: 1 },
      valueSchema: schemas.string,
    };
    await task.put(records);
    expect(await sql('SELECT count(*) FROM orders')).toBe('196');
    expect(task.reported.map(({ record: { key } }) => (key as { id: number }).id)).toEqual([
      17, 99, 100, 199,
    ]);
    expect(String(task.reported[0]?.error)).toMatch(
      /orders-0 at offset \d+ cannot be written: .*too long/i,
    );
  });

  test('without tolerance the first poison record fails the task, after what came before it', async () => {
    const { sink, sql } = await newSink({}, false);
    await sql('CREATE TABLE orders (id INT PRIMARY KEY, name VARCHAR(5), amount BIGINT)');
    await using task = await sink.start();
    await expect(
      task.put(
        [1, 2, 3, 4].map((id) => record(id, { name: id === 3 ? 'too long' : 'ok', amount: 1 })),
      ),
    ).rejects.toThrow(/cannot be written.*errors\.tolerance=all/);
    expect(await sql('SELECT id FROM orders ORDER BY id')).toBe('1\n2');
  });

  test('defaults of schemas become those of columns, of whatever type they are', async () => {
    const { sink, sql } = await newSink();
    await using task = await sink.start();
    const bytes = Buffer.from([0xff, 0, 0x27, 0x5c, 0x80]);
    const withDefaults = structSchema({
      name: { ...schemas.string, default: "it's 1" },
      bytes: { ...schemas.bytes, default: bytes },
      tags: { ...arraySchema(schemas.string), default: ['a b', "c'd"] },
      price: { ...decimalSchema(2), default: new Decimal(1250n, 2) },
      day: { ...dateSchema, default: new Date('2024-02-29') },
    });
    const given = { name: 'n', bytes, tags: ['x'], price: new Decimal(1n, 2), day: new Date(0) };
    await task.put([record(1, given, withDefaults)]);
    expect(task.reported).toEqual([]);
    await sql('INSERT INTO orders (id) VALUES (2)');
    const hex = name === 'PostgreSQL' ? "encode(bytes, 'hex')" : 'lower(hex(bytes))';
    const tags = name === 'PostgreSQL' ? 'to_json(tags)' : 'tags';
    expect(await sql(`SELECT name, ${hex}, ${tags}, price, day FROM orders WHERE id = 2`)).toBe(
      ["it's 1", 'ff00275c80', '["a b","c\'d"]', '12.50', '2024-02-29'].join('\t'),
    );
  });

  test('adds columns that are missing if it may, and says what is missing if not', async () => {
    const { config, sink, sql, url } = await newSink({ 'auto.evolve': 'true' });
    const wider = structSchema({
      name: schemas.optionalString,
      state: SchemaBuilder.string().defaultValue("new 'one'").build(),
      amount: schemas.optionalInt64,
    });
    const required = structSchema({ name: schemas.optionalString, more: schemas.int32 });
    await using task = await sink.start();
    await task.put([
      record(1, { name: 'one', amount: 1 }),
      record(2, { name: 'two', state: 'old', amount: 2 }, wider),
      record(3, { name: 'three', more: 1 }, required),
      record(4, { name: 'four' }, wider),
    ]);
    expect(await sql('SELECT id, name, state FROM orders ORDER BY id')).toBe(
      "1\tone\tnew 'one'\n2\ttwo\told\n4\tfour\tnew 'one'",
    );
    expect(task.reported.map(({ error }) => String(error))).toEqual([
      expect.stringMatching(/lacks the column more, which auto\.evolve cannot add/),
    ]);
    const strict = new SinkHarness(jdbcSink.createTask(), {
      ...config,
      ...connectionOf(url),
      'auto.evolve': 'false',
    });
    await using other = await strict.start();
    await other.put([
      record(
        5,
        { name: 'five', other: 1 },
        structSchema({ name: schemas.optionalString, other: schemas.optionalInt32 }),
      ),
    ]);
    expect(String(other.reported[0]?.error)).toMatch(
      /lacks the columns other: add them, set auto\.evolve=true/,
    );
  });

  test('a missing table without auto.create is told with the remedy', async () => {
    const { sink } = await newSink({ 'auto.create': 'false' }, false);
    await using task = await sink.start();
    await expect(task.put([record(1, { name: 'one', amount: 1 })])).rejects.toThrow(
      /table .orders. is missing.*auto\.create=true/,
    );
  });

  test('upsert is refused where no key would hold it', async () => {
    const { sink, sql } = await newSink({}, false);
    await sql('CREATE TABLE orders (id INT, name VARCHAR(5), amount BIGINT)');
    await using task = await sink.start();
    await expect(task.put([record(1, { name: 'one', amount: 1 })])).rejects.toThrow(
      /no primary key or unique index on exactly id/,
    );
  });

  test('insert, update and the keys of pk.mode do what they say', async () => {
    const inserting = await newSink({ 'insert.mode': 'insert', 'pk.mode': 'kafka' });
    await using insert = await inserting.sink.start();
    const first = record(1, { name: 'one', amount: 1 });
    await insert.put([first, record(1, { name: 'one', amount: 2 })]);
    expect(
      await inserting.sql(
        'SELECT __connect_topic, __connect_partition, amount FROM orders ORDER BY __connect_offset',
      ),
    ).toBe('orders\t0\t1\norders\t0\t2');
    // The answer was lost, and the batch comes again.
    await insert.put([first]);
    expect(await inserting.sql('SELECT count(*) FROM orders')).toBe('2');

    const updating = await newSink({
      'insert.mode': 'update',
      'pk.mode': 'record_value',
      'pk.fields': 'name',
      'fields.whitelist': 'amount',
    });
    await updating.sql('CREATE TABLE orders (name VARCHAR(20) PRIMARY KEY, amount BIGINT)');
    await updating.sql("INSERT INTO orders VALUES ('one', 1), ('two', 2)");
    await using update = await updating.sink.start();
    await update.put([
      record(1, { name: 'one', amount: 10 }),
      record(2, { name: 'three', amount: 30 }),
      record(2, { name: 'one', amount: 11 }),
    ]);
    expect(await updating.sql('SELECT name, amount FROM orders ORDER BY name')).toBe(
      'one\t11\ntwo\t2',
    );
  });

  test('many rows are inserted as they are, but for those that are refused', async () => {
    const { sink, sql } = await newSink({ 'insert.mode': 'insert', 'pk.mode': 'none' });
    await sql('CREATE TABLE orders (name VARCHAR(20), amount BIGINT)');
    await using task = await sink.start();
    const names = ['tab\tline\nreturn\r', 'back\\slash', '\\N', '', null, '\\.', '🎈', "'"];
    const rows = Array.from({ length: 80 }, (_, n) =>
      record(n, { name: names[n % names.length], amount: n }),
    );
    rows[41] = record(41, { name: 'x'.repeat(21), amount: 41 });
    await task.put(rows);
    expect(task.reported.map((each) => each.record.offset)).toEqual([rows[41]?.offset]);
    const hex =
      name === 'PostgreSQL' ? "encode(convert_to(name, 'UTF8'), 'hex')" : 'lower(hex(name))';
    const expected = rows.flatMap((_, n) => {
      const text = names[n % names.length];
      return n === 41
        ? []
        : [text === null || text === undefined ? 'null' : Buffer.from(text).toString('hex')];
    });
    expect(await sql(`SELECT coalesce(${hex}, 'null') FROM orders ORDER BY amount`)).toBe(
      expected.join('\n'),
    );
  });

  test('names with quotes, points and capitals are names and nothing else', async () => {
    const strange = `a${quote('x')[0] ?? ''}; DROP TABLE "t"?`;
    const of = structSchema({ [strange]: schemas.optionalString });
    const { sink, sql } = await newSink({ 'table.name.format': quote('My.Table') });
    await using task = await sink.start();
    await task.put([record(1, { [strange]: "'; --" }, of)]);
    expect(await sql(`SELECT * FROM ${quote('My.Table')}`)).toBe("1\t'; --");
  });

  test('values of all types arrive', async () => {
    const of = structSchema({
      tiny: schemas.int8,
      big: schemas.int64,
      real: schemas.float32,
      double: schemas.float64,
      flag: schemas.boolean,
      bytes: schemas.bytes,
      price: decimalSchema(4),
      day: dateSchema,
      time: timeSchema,
      at: timestampSchema,
      list: arraySchema(optionalSchema(schemas.string)),
      nothing: optionalSchema(timestampSchema),
      json: { type: 'string', name: 'io.debezium.data.Json' },
      micros: { type: 'int64', name: 'io.debezium.time.MicroTimestamp' },
      zoned: { type: 'string', name: 'io.debezium.time.ZonedTimestamp' },
      days: { type: 'int32', name: 'io.debezium.time.Date' },
    });
    const { sink, sql } = await newSink({ 'db.timezone': 'Europe/Berlin' });
    await using task = await sink.start();
    await task.put([
      record(
        1,
        {
          tiny: -128,
          big: -9223372036854775808n,
          real: Math.fround(0.1),
          double: 5e-324,
          flag: true,
          bytes: Buffer.from([0, 255, 39, 92]),
          price: Decimal.fromString('123456789012345678901234.5678'),
          day: new Date('1600-02-29T00:00:00Z'),
          time: new Date('1970-01-01T23:59:59.999Z'),
          at: new Date('2026-07-01T10:00:00.123Z'),
          list: ['a', null, 'b "\\', '{}'],
          json: '{"a":[1,2]}',
          micros: 1_782_900_000_123_456n,
          zoned: '2026-01-01T00:00:00+02:00',
          days: -1,
        },
        of,
      ),
    ]);
    expect(task.reported).toEqual([]);
    const isPostgres = name === 'PostgreSQL';
    const texts = isPostgres
      ? "SELECT tiny, big, real, double, flag::int, encode(bytes, 'hex'), price, day, time, at, list::text, nothing IS NULL, json->'a'->1, micros, zoned AT TIME ZONE 'UTC', days FROM orders"
      : "SELECT tiny, big, round(`real`, 4), `double`, flag, lower(hex(bytes)), price, day, time, at, json_extract(list, '$[2]'), if(nothing IS NULL, 't', 'f'), json_extract(json, '$.a[1]'), micros, zoned, days FROM orders";
    expect(
      (await sql(texts.replaceAll(' real,', isPostgres ? ' "real",' : ' real,'))).split('\t'),
    ).toEqual(
      isPostgres
        ? [
            '-128',
            '-9223372036854775808',
            '0.1',
            '5e-324',
            '1',
            '00ff275c',
            '123456789012345678901234.5678',
            '1600-02-29',
            '23:59:59.999',
            '2026-07-01 12:00:00.123',
            '{a,NULL,"b \\"\\\\","{}"}',
            't',
            '2',
            '2026-07-01 12:00:00.123456',
            '2025-12-31 22:00:00',
            '1969-12-31',
          ]
        : [
            '-128',
            '-9223372036854775808',
            '0.1000',
            '5e-324',
            '1',
            '00ff275c',
            '123456789012345678901234.5678',
            '1600-02-29',
            '23:59:59.999',
            '2026-07-01 12:00:00.123',
            expect.stringContaining('b '),
            't',
            '2',
            '2026-07-01 12:00:00.123456',
            '2025-12-31 23:00:00.000000',
            '1969-12-31',
          ],
    );
  });
});
