import type { ConnectorConfig, SourceRecord } from '@sluice/connector-api';
import { waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectionOf, databaseOf, databases, type TestServer } from './databases.ts';
import { SourceHarness, textOf } from './source-harness.ts';

const numbersOf = (records: readonly SourceRecord[]): number[] =>
  records.map(({ value }) => (value as { n: number }).n);

describe.each(databases)('the JDBC source on $name', ({ name, start }) => {
  const isPostgres = name === 'PostgreSQL';
  const id = isPostgres ? 'id SERIAL PRIMARY KEY' : 'id INT AUTO_INCREMENT PRIMARY KEY';
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  async function newDatabase() {
    const url = await server.createDatabase('source');
    const sql = (text: string): Promise<string> => server.sql(text, databaseOf(url));
    const from = (settings: ConnectorConfig): SourceHarness =>
      new SourceHarness({ ...connectionOf(url), ...settings });
    const qualified = (table: string): string =>
      isPostgres ? `${databaseOf(url)}.public.${table}` : `${databaseOf(url)}.${table}`;
    return { sql, from, qualified, url };
  }

  test('incrementing: finds the column, tells new rows once, and where it is as Confluent does', async () => {
    const { from, qualified, sql } = await newDatabase();
    await sql(`CREATE TABLE orders (${id}, n BIGINT NOT NULL, name VARCHAR(20))`);
    await sql("INSERT INTO orders (id, n, name) VALUES (-5, 1, 'one'), (7, 2, NULL)");
    await using source = await from({ mode: 'incrementing', 'topic.prefix': 'db-' }).start();
    await source.until(2);
    await sql('INSERT INTO orders (id, n) VALUES (9, 3)');
    await source.until(3);
    const [first, , last] = source.records;
    expect(first).toMatchObject({
      topic: 'db-orders',
      value: { id: -5, n: 1, name: 'one' },
      valueSchema: {
        type: 'struct',
        name: 'orders',
        fields: [
          { field: 'id', schema: { type: 'int32' } },
          { field: 'n', schema: { type: 'int64' } },
          { field: 'name', schema: { type: 'string', optional: true } },
        ],
      },
    });
    expect(last).toMatchObject({
      sourcePartition: { protocol: '1', table: qualified('orders') },
      sourceOffset: { incrementing: 9 },
      value: { name: null },
    });
    // The same object: converters go by it.
    expect(last?.valueSchema).toBe(first?.valueSchema);
  });

  test('timestamp: a row of the hour that is there twice comes once', async () => {
    const { from, sql } = await newDatabase();
    await sql(`CREATE TABLE orders (n INT, at ${isPostgres ? 'TIMESTAMP' : 'DATETIME'} NOT NULL)`);
    await sql("INSERT INTO orders VALUES (1, '2025-10-26 02:30:00')");
    await using source = await from({
      mode: 'timestamp',
      'timestamp.column.name': 'at',
      'db.timezone': 'Europe/Berlin',
      'poll.interval.ms': '20',
    }).start();
    await source.until(1);
    await sql("INSERT INTO orders VALUES (2, '2025-10-26 04:00:00')");
    await source.until(2);
    expect(numbersOf(source.records)).toEqual([1, 2]);
  });

  test.each([
    [{ protocol: '1', table: 'qualified' }],
    [{ protocol: '1', table: 'schema.orders' }],
    [{ table: 'orders' }],
  ])('goes on at offsets that Kafka Connect stored: %o', async (partition) => {
    const { from, qualified, sql, url } = await newDatabase();
    await sql(`CREATE TABLE orders (${id}, n INT)`);
    await sql('INSERT INTO orders (n) VALUES (1), (2), (3)');
    const schema = isPostgres ? 'public' : databaseOf(url);
    const table =
      partition.table === 'qualified'
        ? qualified('orders')
        : partition.table.replace('schema', schema);
    const source = from({ mode: 'incrementing' });
    source.offsets.set(textOf({ ...partition, table }), { incrementing: 2 });
    await using started = await source.start();
    expect(numbersOf(await started.until(1))).toEqual([3]);
  });

  test('timestamp: rows of one time are never divided by an offset', async () => {
    const { from, sql } = await newDatabase();
    await sql('CREATE TABLE orders (n INT, at TIMESTAMP(6) NOT NULL)');
    await sql(
      "INSERT INTO orders VALUES (1, '2026-01-01 00:00:00.000001'), (2, '2026-01-01 00:00:00.000002'), (3, '2026-01-01 00:00:00.000002'), (4, '2026-01-01 00:00:00.000002'), (5, '2026-01-01 00:00:00.000003')",
    );
    await using source = await from({
      mode: 'timestamp',
      'timestamp.column.name': 'at',
      'batch.max.rows': '2',
    }).start();
    const records = await source.until(5);
    expect(records.map(({ sourceOffset }) => sourceOffset)).toEqual(
      [1000, 1000, 1000, 2000, 3000].map((timestamp_nanos) => ({
        timestamp: Date.UTC(2026, 0, 1),
        timestamp_nanos,
      })),
    );
    const later = from({ mode: 'timestamp', 'timestamp.column.name': 'at' });
    const [, , third] = records;
    later.offsets.set(textOf(third?.sourcePartition ?? {}), third?.sourceOffset ?? {});
    await using again = await later.start();
    expect(new Set(numbersOf(await again.until(4)))).toEqual(new Set([2, 3, 4, 5]));
  });

  test('timestamp+incrementing: tells updated rows, of several columns by the first that is set', async () => {
    const { from, sql } = await newDatabase();
    const nothing = isPostgres ? 'TIMESTAMP(6)' : 'DATETIME(6)';
    await sql(
      `CREATE TABLE orders (${id}, n INT, changed ${nothing}, created ${nothing} NOT NULL)`,
    );
    const at = (seconds: number): string => `'2026-01-01 00:00:0${seconds}'`;
    await sql(`INSERT INTO orders (n, created) VALUES (1, ${at(1)}), (2, ${at(1)}), (3, ${at(2)})`);
    await using source = await from({
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'changed, created',
      'db.timezone': 'Asia/Kolkata',
    }).start();
    await source.until(3);
    await sql(`UPDATE orders SET changed = ${at(3)}, n = 20 WHERE n = 2`);
    const records = await source.until(4);
    expect(numbersOf(records)).toEqual([1, 2, 3, 20]);
    expect(records.at(-1)?.sourceOffset).toEqual({
      incrementing: 2,
      timestamp: Date.parse('2026-01-01T00:00:03+05:30'),
      timestamp_nanos: 0,
    });
  });

  test('rows are left alone until they are as old as timestamp.delay.interval.ms', async () => {
    const { from, sql } = await newDatabase();
    await sql(
      `CREATE TABLE orders (${id}, n INT, at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))`,
    );
    await sql("INSERT INTO orders (n, at) VALUES (1, '2026-01-01')");
    // Of before: how long the client takes to end after its row is there is nobody's promise.
    const insertedMs = performance.now();
    await sql('INSERT INTO orders (n) VALUES (2)');
    await using source = await from({
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'at',
      'timestamp.delay.interval.ms': '1500',
    }).start();
    expect(numbersOf(await source.until(2))).toEqual([1, 2]);
    expect(performance.now() - insertedMs).toBeGreaterThan(1_400);
    await using initial = await from({
      mode: 'timestamp+incrementing',
      'timestamp.column.name': 'at',
      'timestamp.initial': String(Date.UTC(2026, 5, 1)),
    }).start();
    expect(numbersOf(await initial.until(1))).toEqual([2]);
  });

  test('bulk tells all rows at each poll; a query makes one topic', async () => {
    const { from, sql } = await newDatabase();
    await sql('CREATE TABLE orders (n INT, name VARCHAR(20))');
    await sql("INSERT INTO orders VALUES (1, 'a'), (2, 'b'), (3, 'c')");
    await using bulk = await from({ mode: 'bulk', 'table.whitelist': 'orders' }).start();
    const records = await bulk.until(6);
    expect(numbersOf(records.slice(0, 6))).toEqual([1, 2, 3, 1, 2, 3]);
    expect(records[0]).not.toHaveProperty('sourceOffset');
    await using query = await from({
      mode: 'incrementing',
      'incrementing.column.name': 'n',
      'query.masked': 'SELECT * FROM (SELECT n, upper(name) AS big FROM orders) o',
      'query.suffix': 'LIMIT 2',
      'topic.prefix': 'big-orders',
    }).start();
    expect((await query.until(3)).map(({ topic, value }) => [topic, value])).toEqual([
      ['big-orders', { n: 1, big: 'A' }],
      ['big-orders', { n: 2, big: 'B' }],
      ['big-orders', { n: 3, big: 'C' }],
    ]);
    expect(query.records[2]).toMatchObject({
      sourcePartition: { query: 'query' },
      sourceOffset: { incrementing: 3 },
    });
  });

  test('tables are divided over tasks, and those that come and go are noticed', async () => {
    const { from, sql } = await newDatabase();
    for (const table of ['a', 'b', 'c', 'd', 'e'])
      await sql(`CREATE TABLE ${table} (${id}, n INT); INSERT INTO ${table} (n) VALUES (1)`);
    await sql('CREATE VIEW v AS SELECT * FROM a');
    await using source = from({
      mode: 'incrementing',
      'table.blacklist': 'd',
      'table.poll.interval.ms': '100',
    });
    const tablesOf = (configs: readonly ConnectorConfig[]): string[] =>
      configs.map((config) =>
        [...(config['task.work'] ?? '').matchAll(/"table":"(\w)"/g)]
          .map(([, table]) => table)
          .join(''),
      );
    expect(tablesOf(await source.startConnector(3))).toEqual(['ab', 'c', 'e']);
    expect(tablesOf(await source.taskConfigs(9))).toEqual(['a', 'b', 'c', 'e']);
    await sql(`CREATE TABLE f (${id}, n INT)`);
    await waitFor(() => source.reconfigurations > 0, { what: 'the new table to be noticed' });
    expect(tablesOf(await source.taskConfigs(2))).toEqual(['abc', 'ef']);
    // Nothing more to divide.
    const before = source.reconfigurations;
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(source.reconfigurations).toBe(before);
  });

  test('a table that is dropped, or gets a column, harms no other', async () => {
    const { from, sql } = await newDatabase();
    for (const table of ['a', 'b'])
      await sql(`CREATE TABLE ${table} (${id}, n INT); INSERT INTO ${table} (n) VALUES (1)`);
    await using source = await from({ mode: 'incrementing' }).start();
    await source.until(2);
    await sql('DROP TABLE a');
    await sql("ALTER TABLE b ADD COLUMN more VARCHAR(5) DEFAULT 'x'");
    await sql('INSERT INTO b (n) VALUES (2)');
    const last = (await source.until(3)).at(-1);
    expect(last?.value).toEqual({ id: 2, n: 2, more: 'x' });
    expect(last?.valueSchema?.fields?.length).toBe(3);
  });

  test('a value that no type of Kafka Connect holds fails the task, which names the column', async () => {
    const { from, sql } = await newDatabase();
    await sql(`CREATE TABLE orders (${id}, n INT, day ${isPostgres ? 'DATE' : 'TIME'})`);
    await sql(
      `INSERT INTO orders (n, day) VALUES (1, ${isPostgres ? "'infinity'" : "'200:00:00'"})`,
    );
    await using source = await from({ mode: 'incrementing' }).start();
    expect(String(await source.failure())).toMatch(/Column day has .*"query" with CAST\(day AS/);
  });

  test('numeric.mapping makes integers and doubles of decimals that fit', async () => {
    const { from, sql } = await newDatabase();
    await sql(
      `CREATE TABLE orders (${id}, a DECIMAL(2, 0), b DECIMAL(9, 0), c DECIMAL(18, 0), d DECIMAL(19, 0), e DECIMAL(10, 2), f DECIMAL(30, 2))`,
    );
    await sql(
      'INSERT INTO orders (a, b, c, d, e, f) VALUES (1, 2, 999999999999999999, 4, 5.25, 6.5)',
    );
    const typesWith = async (mapping: string): Promise<string[]> => {
      await using source = await from({ mode: 'incrementing', 'numeric.mapping': mapping }).start();
      const [record] = await source.until(1);
      return (record?.valueSchema?.fields ?? []).slice(1).map(({ schema }) => schema.type);
    };
    expect(await typesWith('none')).toEqual(['bytes', 'bytes', 'bytes', 'bytes', 'bytes', 'bytes']);
    expect(await typesWith('precision_only')).toEqual([
      'int8',
      'int32',
      'int64',
      'bytes',
      'bytes',
      'bytes',
    ]);
    expect(await typesWith('best_fit')).toEqual([
      'int8',
      'int32',
      'int64',
      'bytes',
      'float64',
      'bytes',
    ]);
    expect(await typesWith('best_fit_eager_double')).toEqual([
      'int8',
      'int32',
      'int64',
      'bytes',
      'float64',
      'float64',
    ]);
  });
});
