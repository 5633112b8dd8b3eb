import {
  type AlteredSinkOffset,
  type ConnectorConfig,
  type SinkRecord,
  schemas,
  structSchema,
} from '@sluice/connector-api';
import { type DatabaseHandle, startMariadb } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jdbcSink } from '../src/index.ts';
import {
  connectionOf,
  databaseOf,
  databases,
  SinkHarness,
  silent,
  type TestServer,
} from './databases.ts';

const valueSchema = structSchema({ n: schemas.int32, text: schemas.optionalString });

function record(offset: number, partition = 0, text = 'ok'): SinkRecord {
  return { topic: 'orders', partition, offset, value: { n: offset, text }, valueSchema };
}

function records(from: number, to: number): SinkRecord[] {
  return Array.from({ length: to - from }, (_, at) => record(from + at));
}

describe.each(databases)('exactly once into $name', ({ start }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  async function newTarget() {
    const url = await server.createDatabase('once');
    const config: ConnectorConfig = {
      name: 'test',
      topics: 'orders',
      ...connectionOf(url),
      'auto.create': 'true',
      'exactly.once.offsets.table': 'sluice_offsets',
    };
    const owner = (): Promise<SinkHarness> =>
      new SinkHarness(jdbcSink.createTask(), config).start([{ topic: 'orders', partition: 0 }]);
    const sql = (text: string): Promise<string> => server.sql(text, databaseOf(url));
    const numbers = async (): Promise<number[]> =>
      (await sql('SELECT n FROM orders ORDER BY n')).split('\n').map(Number);
    const alter = async (offsets: readonly AlteredSinkOffset[], more: ConnectorConfig = {}) =>
      await jdbcSink.alterOffsets?.({ ...config, ...more }, offsets, {
        logger: silent,
        signal: AbortSignal.timeout(10_000),
      });
    return { config, owner, sql, numbers, alter };
  }

  const upTo = (end: number): number[] => Array.from({ length: end }, (_, at) => at);

  test('what was written is not written again, by whoever gets it', async () => {
    const { numbers, owner } = await newTarget();
    await using first = await owner();
    await first.put(records(0, 10));
    await first.put(records(5, 12));
    // Its group's offset was not committed any more.
    await using second = await owner();
    await second.put(records(0, 15));
    expect(await numbers()).toEqual(upTo(15));
    expect(second.seeks).toEqual([]);
    // Who set the group back is not left to wonder.
    expect(second.warnings).toMatchObject([{ fields: { offsets: { 'orders-0': '0 to 11' } } }]);
    await second.put(records(3, 16));
    expect(second.warnings).toHaveLength(1);
    expect(first.warnings).toEqual([]);
  });

  test('offsets that are set are those of the target, and a task of before is refused', async () => {
    const { alter, numbers, owner } = await newTarget();
    await using first = await owner();
    await first.put(records(0, 6));
    expect(await alter([{ topic: 'orders', partition: 0, offset: 3 }])).toBe(true);
    await expect(first.put(records(6, 7))).rejects.toThrow(/has another owner since/);
    await using second = await owner();
    await second.put(records(3, 7));
    expect(await numbers()).toEqual([0, 1, 2, 3, 3, 4, 4, 5, 5, 6]);
    expect(second.warnings).toEqual([]);
    // Forward, and of a partition that nothing was written of.
    await alter([
      { topic: 'orders', partition: 0, offset: 9 },
      { topic: 'orders', partition: 5, offset: 2 },
    ]);
    await using third = await owner();
    await third.put([...records(7, 10), record(1, 5), record(2, 5)]);
    expect(await numbers()).toEqual([0, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 9]);
  });

  test.each([
    ['of a partition', [{ topic: 'orders', partition: 0, offset: null }]],
    // As a group that has none any more gives it.
    ['of all', []],
  ])('a reset %s begins anew where the group does', async (_, offsets) => {
    const { alter, numbers, owner } = await newTarget();
    // Nothing was ever written.
    expect(await alter(offsets)).toBe(true);
    await using first = await owner();
    await first.put(records(0, 3));
    expect(await alter(offsets)).toBe(true);
    await expect(first.put(records(3, 4))).rejects.toThrow(/has another owner since/);
    await using second = await owner();
    await second.put(records(0, 2));
    expect(await numbers()).toEqual([0, 0, 1, 1, 2]);
    expect([second.warnings, second.seeks]).toEqual([[], []]);
  });

  test('a target that is away refuses to have offsets changed, with why', async () => {
    const { alter, config } = await newTarget();
    const url = String(config['connection.url']).replace(/:\d+\//, ':1/');
    const changing = alter([], { 'connection.url': url });
    await expect(changing).rejects.toThrow(/sluice_offsets of the target.*cannot be changed/);
    // Without a table of offsets there is nothing to change there.
    expect(await alter([], { 'connection.url': url, 'exactly.once.offsets.table': '' })).toBe(true);
  });

  test('a former owner is refused, also when it comes late', async () => {
    const { numbers, owner } = await newTarget();
    await using zombie = await owner();
    await zombie.put(records(0, 5));
    await using next = await owner();
    await next.put(records(5, 8));
    await expect(zombie.put(records(5, 10))).rejects.toThrow(/has another owner since/);
    await next.put(records(8, 12));
    expect(await numbers()).toEqual(upTo(12));
  });

  test('a group that is ahead of the database is read again from where the database is', async () => {
    const { numbers, owner, sql } = await newTarget();
    await using first = await owner();
    await first.put(records(0, 5));
    await using second = await owner();
    await second.put([...records(8, 10), record(0, 1)]);
    expect(second.seeks).toEqual([{ topic: 'orders', partition: 0, offset: 5 }]);
    expect(await sql('SELECT count(*) FROM orders')).toBe('6');
    // 6 is no record, but a marker of a transaction.
    await second.put([...records(5, 6), ...records(7, 10)]);
    await second.put(records(10, 11));
    expect(await numbers()).toEqual([0, 0, 1, 2, 3, 4, 5, 7, 8, 9, 10]);
  });

  test('poison records are passed, and reported once', async () => {
    const { owner, sql } = await newTarget();
    await sql('CREATE TABLE orders (n INT PRIMARY KEY, text VARCHAR(5))');
    await using first = await owner();
    const batch = [
      ...records(0, 4),
      record(4, 0, 'too long'),
      ...records(5, 9),
      record(9, 0, 'too long'),
    ];
    await first.put(batch);
    await first.put(batch);
    await using second = await owner();
    await second.put(batch);
    expect(await sql('SELECT count(*) FROM orders')).toBe('8');
    expect(first.reported.map((each) => each.record.offset)).toEqual([4, 9]);
    expect(second.reported).toEqual([]);
    expect(await sql('SELECT next_offset FROM sluice_offsets')).toBe('10');
  });

  test('a row of offsets that is taken away while the task runs is told', async () => {
    const { owner, sql } = await newTarget();
    await using first = await owner();
    await first.put(records(0, 2));
    await sql('DELETE FROM sluice_offsets');
    await expect(first.put(records(2, 3))).rejects.toThrow(/restart the task/);
  });
});

describe('tables of MariaDB that know no transactions', () => {
  let server: DatabaseHandle;
  beforeAll(async () => {
    server = await startMariadb();
  });
  afterAll(async () => {
    await server.stop();
  });

  async function newTarget(tables: string) {
    const url = await server.createDatabase('engine');
    await server.sql(tables, databaseOf(url));
    const config: ConnectorConfig = {
      name: 'test',
      topics: 'orders',
      ...connectionOf(url),
      'auto.create': 'true',
      'auto.evolve': 'true',
      'exactly.once.offsets.table': 'sluice_offsets',
    };
    const put = async (): Promise<SinkHarness> => {
      await using owner = await new SinkHarness(jdbcSink.createTask(), config).start();
      await owner.put(records(0, 3));
      return owner;
    };
    const problems = async () =>
      await jdbcSink.validate?.(config, { logger: silent, signal: AbortSignal.timeout(10_000) });
    return { put, problems, sql: (text: string) => server.sql(text, databaseOf(url)) };
  }

  test.each([
    ['the target', 'CREATE TABLE orders (n INT) ENGINE=MyISAM', 'orders', 'MyISAM'],
    [
      'the target, to which a column is added',
      'CREATE TABLE orders (n INT, text TEXT) ENGINE=Aria',
      'orders',
      'Aria',
    ],
    [
      'that of the offsets',
      'CREATE TABLE sluice_offsets (connector_name INT) ENGINE=MyISAM',
      'sluice_offsets',
      'MyISAM',
    ],
  ])(
    '%s is refused at a validation and by the task, and nothing is written',
    async (_, tables, table, engine) => {
      const { problems, put, sql } = await newTarget(tables);
      const message = expect.stringMatching(
        new RegExp(`Table .${table}. is of the engine ${engine}.*ENGINE=InnoDB`),
      );
      expect(await problems()).toEqual([{ key: 'exactly.once.offsets.table', message }]);
      // Not a record's fault: none is given up.
      await expect(put()).rejects.toMatchObject({ message, retriable: false });
      expect(await sql(`SELECT count(*) FROM ${table}`)).toBe('0');
    },
  );

  test('a table that is created is of InnoDB, whatever the server makes by itself', async () => {
    const { problems, put, sql } = await newTarget('SET GLOBAL default_storage_engine = MyISAM');
    try {
      expect(await problems()).toEqual([]);
      await put();
      expect(
        await sql(
          'SELECT DISTINCT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = database()',
        ),
      ).toBe('InnoDB');
    } finally {
      await sql('SET GLOBAL default_storage_engine = InnoDB');
    }
  });
});
