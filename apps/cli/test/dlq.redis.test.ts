import type { Header, ProduceRecord } from '@sluice/record-log';
import { RedisLog } from '@sluice/record-log-redis';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

async function startLog(cluster: LiveCluster): Promise<RedisLog> {
  const log = new RedisLog({ url: redis.url, cluster: cluster.name, clientId: 'test' });
  onTestFinished(() => log.stop());
  await log.start();
  return log;
}

let fence = 0;

async function write(log: RedisLog, topic: string, records: ProduceRecord[]): Promise<void> {
  const writer = await log.openWriter({ id: `writer of ${topic}`, fence: (fence += 1) });
  await writer.produce([{ topic, records }]);
  await writer.close();
}

function letter(
  value: string,
  context: Readonly<Record<string, string>>,
  headers: Header[] = [],
): ProduceRecord {
  const told = Object.entries(context).map(([name, text]): Header => [name, Buffer.from(text)]);
  return { key: Buffer.from('k'), value: Buffer.from(value), headers: [...headers, ...told] };
}

function from(partition: number, offset: number): Readonly<Record<string, string>> {
  return {
    '__connect.errors.topic': 'orders',
    '__connect.errors.partition': String(partition),
    '__connect.errors.offset': String(offset),
    '__connect.errors.stage': 'VALUE_CONVERTER',
    '__connect.errors.exception.message': 'odd value',
  };
}

async function valuesOf(log: RedisLog, topic: string, partitions: number): Promise<string[][]> {
  const group = `test-${topic}-${String((fence += 1))}`;
  const reader = await log.openReader({ identity: { id: group, fence }, group });
  const places = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  await reader.assign(places);
  const ends = await log.topics.watermarks(places);
  const isLeft = (): boolean =>
    places.some((place, index) => (reader.position(place) ?? 0) < (ends[index]?.high ?? 0));
  const values: string[][] = places.map(() => []);
  while (isLeft())
    for (const { partition, records } of await reader.poll(1_000))
      values[partition]?.push(
        ...records.map((record) => {
          const names = record.headers.map(([name]) => name).join(',');
          return `${Buffer.from(record.key ?? []).toString()}=${Buffer.from(record.value ?? []).toString()} ${names}`;
        }),
      );
  await reader.close();
  return values;
}

describe('sluice dlq', () => {
  test('shows letters, with where they are from and why', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await write(log, 'dead', [letter('{"a":', from(1, 7)), letter('x', {})]);
    const shown = await cluster.cli(['dlq', 'show', 'dead']);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toMatch(/^0:0 +- +orders\/1:7 +VALUE_CONVERTER +k +\{"a": +odd value$/m);
    expect(shown.out).toMatch(/^0:1 +- +- +- +k +x +-$/m);
    const json = await cluster.cli(['dlq', 'show', 'dead', '--limit', '1', '--json']);
    expect(JSON.parse(json.out)).toMatchObject([{ partition: 0, offset: 1, key: 'k', value: 'x' }]);
    expect((await cluster.cli(['dlq', 'show', 'nowhere'])).code).toBe(4);
    // Looking leaves nothing behind that would hold records back.
    expect((await log.usage()).flatMap(({ groups }) => groups)).toEqual([]);
  });

  test('replays once, to where the records are from, as they were', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await log.topics.create('orders', { partitions: 3 });
    const own: Header = ['trace', Buffer.from('1')];
    await write(log, 'dead', [
      letter('a', from(1, 7), [own]),
      letter('b', { ...from(-1, -1), '__sluice.errors.value.encoding': 'json' }),
      letter('c', {}),
      letter('d', from(2, 8)),
    ]);
    const dry = await cluster.cli(['dlq', 'replay', 'dead', '--dry-run']);
    expect(dry.out).toMatch(/^2 records would be replayed to orders$/m);
    expect(await valuesOf(log, 'orders', 3)).toEqual([[], [], []]);

    const done = await cluster.cli(['dlq', 'replay', 'dead', '--json']);
    expect(JSON.parse(done.out)).toMatchObject({
      queue: 'dead',
      topics: { orders: 2 },
      passedOver: [{ letter: '0:1' }, { letter: '0:2' }],
      isDone: true,
    });
    expect(await valuesOf(log, 'orders', 3)).toEqual([[], ['k=a trace'], ['k=d ']]);

    const second = await cluster.cli(['dlq', 'replay', 'dead']);
    expect(second.out).toContain('nothing to replay');
    await write(log, 'dead', [letter('e', from(1, 9))]);
    await cluster.cli(['dlq', 'replay', 'dead']);
    expect(await valuesOf(log, 'orders', 3)).toEqual([[], ['k=a trace', 'k=e '], ['k=d ']]);

    const again = await cluster.cli(['dlq', 'replay', 'dead', '--again', '--to', 'retry']);
    // What could not be converted cannot be replayed anywhere.
    expect(again.out).toContain('4 records replayed to retry');
    // Dry runs and wrong ones are not kept.
    const kept = await cluster.cli(['audit', '--action', 'replay', '--json']);
    expect(JSON.parse(kept.out)).toHaveLength(4);
    expect((await cluster.cli(['dlq', 'replay', 'dead', '--to', 'dead'])).code).toBe(2);
  });

  test('a replay that fails is kept as failed', async () => {
    await using cluster = new LiveCluster(redis.url);
    const log = await startLog(cluster);
    await write(log, 'dead', [letter('a', from(1, 7))]);
    const failed = await cluster.cli(['dlq', 'replay', 'dead', '--to', 'no topic']);
    expect(failed.code).not.toBe(0);
    const kept = await cluster.cli(['audit', '--action', 'replay', '--json']);
    expect(JSON.parse(kept.out)).toMatchObject([{ targets: ['dead'], outcome: 'failed' }]);
  });
});
