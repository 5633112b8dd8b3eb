/** Dead letter queues, looked into and replayed as the API does, on a real log. */
import { FakeClock } from '@sluice/kernel/testing';
import type { Header, ProduceRecord } from '@sluice/record-log';
import { RedisLog } from '@sluice/record-log-redis';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { DeadLetterQueues } from '../src/dead-letter-queues.ts';

const cluster = 'test';
let redis: RedisHandle;
let log: RedisLog;

beforeAll(async () => {
  redis = await startRedis();
  log = new RedisLog({ url: redis.url, cluster, clientId: 'test' });
  await log.start();
});

afterAll(async () => {
  await log.stop();
  await redis.stop();
});

/** One for all: whoever comes later has the higher fence. */
const clock = new FakeClock();
let fence = 0;

async function write(topic: string, values: readonly string[], from?: string): Promise<void> {
  const header: Header[] = from ? [['__connect.errors.topic', Buffer.from(from)]] : [];
  const records = values.map(
    (value): ProduceRecord => ({ key: null, value: Buffer.from(value), headers: header }),
  );
  const writer = await log.openWriter({ id: `writer of ${topic}`, fence: (fence += 1) });
  await writer.produce([{ topic, records }]);
  await writer.close();
}

async function valuesOf(topic: string): Promise<string[]> {
  const group = `reader-${(fence += 1)}`;
  const reader = await log.openReader({ identity: { id: group, fence }, group });
  const place = { topic, partition: 0 };
  await reader.assign([place]);
  const [end] = await log.topics.watermarks([place]);
  const values: string[] = [];
  while ((reader.position(place) ?? 0) < (end?.high ?? 0)) {
    for (const { records } of await reader.poll(1_000)) {
      values.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()));
    }
  }
  await reader.close();
  return values;
}

test('queues are counted, the newest letters are shown, and all that wait are replayed once', async () => {
  await clock.advance(1_000);
  const queues = new DeadLetterQueues({ log, cluster, clock });
  await write('orders', ['first']);
  await write('dead-1', ['a', 'b', 'c'], 'orders');
  const counts = async () => queues.queues(['dead-1', 'none']);
  const none = { topic: 'none', letters: 0, waiting: 0 };
  expect(await counts()).toEqual([{ topic: 'dead-1', letters: 3, waiting: 3 }, none]);
  const newest = await queues.newest({ topic: 'dead-1', limit: 2 });
  expect(newest).toMatchObject({
    letters: [
      { partition: 0, offset: 2, value: 'c', errors: { topic: 'orders' } },
      { partition: 0, offset: 1, value: 'b' },
    ],
    next: '0:1',
  });
  await clock.advance(1_000);
  const older = await queues.newest({ topic: 'dead-1', limit: 2, before: newest.next ?? '' });
  expect(older).toMatchObject({ letters: [{ offset: 0, value: 'a' }], next: null });
  await clock.advance(1_000);
  const replay = { topic: 'dead-1', isDryRun: false };
  expect(await queues.replay({ ...replay, isDryRun: true })).toEqual({
    topic: 'dead-1',
    topics: { orders: 3 },
    passed_over: [],
    is_done: false,
    is_whole: true,
  });
  expect(await valuesOf('orders')).toEqual(['first']);
  await clock.advance(1_000);
  expect(await queues.replay(replay)).toMatchObject({ topics: { orders: 3 }, is_done: true });
  await clock.advance(1_000);
  expect(await queues.replay(replay)).toMatchObject({ topics: {} });
  expect(await valuesOf('orders')).toEqual(['first', 'a', 'b', 'c']);
  expect(await counts()).toEqual([{ topic: 'dead-1', letters: 3, waiting: 0 }, none]);
});

test('letters are replayed one by one, and the others wait on', async () => {
  await clock.advance(1_000);
  const queues = new DeadLetterQueues({ log, cluster, clock });
  await write('payments', ['first']);
  await write('dead-2', ['a', 'b', 'c', 'd'], 'payments');
  await write('dead-2', ['e']);
  const letters = [1, 3, 4, 99].map((offset) => ({ partition: 0, offset }));
  expect(await queues.replay({ topic: 'dead-2', letters, isDryRun: false })).toMatchObject({
    topics: { payments: 2 },
    passed_over: [{ letter: '0:4', reason: expect.stringContaining('--to') as string }],
  });
  expect(await valuesOf('payments')).toEqual(['first', 'b', 'd']);
  expect(await queues.queues(['dead-2'])).toMatchObject([{ waiting: 3 }]);
});

test('a second replay waits for the first', async () => {
  await clock.advance(1_000);
  const queues = new DeadLetterQueues({ log, cluster, clock });
  await write('refunds', ['first']);
  await write('dead-3', ['a'], 'refunds');
  const replay = { topic: 'dead-3', isDryRun: false };
  const first = queues.replay(replay);
  await expect(queues.replay(replay)).rejects.toMatchObject({ status: 503 });
  expect(await first).toMatchObject({ topics: { refunds: 1 } });
});
