import {
  type ConnectorConfig,
  type SinkRecord,
  schemas,
  structSchema,
} from '@sluice/connector-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jdbcSink } from '../src/index.ts';
import { connectionOf, databaseOf, databases, SinkHarness, type TestServer } from './databases.ts';

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
    return { owner, sql, numbers };
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
