import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { ConnectorOffsets } from '@sluice/runtime/offsets';
import { expect, test } from 'vitest';

const name = 'orders-sink';
const group = `connect-${name}`;

async function logWith(topics: Readonly<Record<string, readonly number[]>>): Promise<MemoryLog> {
  const log = new MemoryLog(new MemoryLogStore());
  const writer = await log.openWriter({ id: 'writer', fence: 1 });
  for (const [topic, counts] of Object.entries(topics)) {
    await log.topics.create(topic, { partitions: counts.length });
    for (const [partition, count] of counts.entries()) {
      const records = Array.from({ length: count }, () => ({ key: null, value: null, partition }));
      await writer.produce([{ topic, records }]);
    }
  }
  return log;
}

async function commit(log: MemoryLog, offsets: readonly [string, number, number][]) {
  const reader = await log.openReader({ identity: { id: 'reader', fence: 1 }, group });
  await reader.commit(offsets.map(([topic, partition, offset]) => ({ topic, partition, offset })));
  await reader.close();
}

function lagOf(log: MemoryLog, config: Readonly<Record<string, string>>) {
  return new ConnectorOffsets({ log, cluster: 'test' }).lag({ name, type: 'sink', config });
}

test('each partition has its lag, what is furthest behind first', async () => {
  const log = await logWith({ orders: [5, 8, 0], other: [3] });
  await commit(log, [
    ['orders', 0, 4],
    ['orders', 1, 2],
  ]);
  expect(await lagOf(log, { topics: 'orders' })).toEqual({
    group,
    partitions: [
      { topic: 'orders', partition: 1, committed: 2, end: 8, lag: 6 },
      { topic: 'orders', partition: 0, committed: 4, end: 5, lag: 1 },
      { topic: 'orders', partition: 2, committed: null, end: 0, lag: 0 },
    ],
  });
});

test('without an offset all of a partition is left, or nothing is known of one that begins at the end', async () => {
  const log = await logWith({ orders: [5] });
  const only = { topic: 'orders', partition: 0, committed: null, end: 5 };
  expect((await lagOf(log, { topics: 'orders' })).partitions).toEqual([{ ...only, lag: 5 }]);
  const config = { topics: 'orders', 'consumer.override.auto.offset.reset': 'latest' };
  expect((await lagOf(log, config)).partitions).toEqual([{ ...only, lag: null }]);
});

test('topics are those that its pattern matches, and those that its group knows', async () => {
  const log = await logWith({ 'shop.a': [1], 'shop.b': [2], other: [3], none: [9] });
  await commit(log, [
    ['other', 0, 3],
    ['gone', 0, 7],
  ]);
  expect((await lagOf(log, { 'topics.regex': 'shop\\..*' })).partitions).toEqual([
    { topic: 'shop.b', partition: 0, committed: null, end: 2, lag: 2 },
    { topic: 'shop.a', partition: 0, committed: null, end: 1, lag: 1 },
    { topic: 'other', partition: 0, committed: 3, end: 3, lag: 0 },
    { topic: 'gone', partition: 0, committed: 7, end: null, lag: null },
  ]);
});

test('a group of another name is the one that is looked at', async () => {
  const log = await logWith({ orders: [5] });
  const config = { topics: 'orders', 'consumer.override.group.id': 'mine' };
  expect((await lagOf(log, config)).group).toBe('mine');
});
