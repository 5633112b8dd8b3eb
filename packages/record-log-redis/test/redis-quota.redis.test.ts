import { eventually, readRecords } from '@sluice/record-log/conformance';
import { expect, test } from 'vitest';

import {
  bytesHeld,
  client,
  commitEnd,
  fill,
  full,
  keys,
  kibibyte,
  open,
  partition,
  quota,
  read,
  setUp,
  topic,
} from './filled-log.ts';
import { expectInOrder, readSequence, writeSequence } from './sequence.ts';

test('what all known groups have committed past is trimmed, and the quota is never reached', async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota });
  const [writer, fast, slow] = [await open(log), await read(log, 'fast'), await read(log, 'slow')];
  for (let round = 0; round < 10; round += 1) {
    await fill(writer, 100 * kibibyte);
    await commitEnd(log, fast);
    const before = (await log.topics.watermarks([partition]))[0];
    // The one that has not committed holds everything back.
    if (round === 0) expect(before?.low).toBe(0);
    await commitEnd(log, slow);
  }
  const [marks] = await log.topics.watermarks([partition]);
  expect(marks?.high).toBe(1_000);
  expect(marks?.low).toBeGreaterThan(900);
  expect(await bytesHeld(admin)).toBeLessThan(quota / 2);
  expect(await admin.xlen(keys.stream(partition))).toBeLessThan(50);
});

test('a partition that is full makes produce wait, then fail with the group that lags', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 200 });
  const writer = await open(log);
  const reader = await read(log, 'lagging');
  const ahead = await read(log, 'ahead');
  await fill(writer, 100 * kibibyte);
  await commitEnd(log, ahead);
  await reader.commit([{ ...partition, offset: 10 }]);
  const startMs = performance.now();
  const error = await fill(writer, 400 * kibibyte).catch((thrown: unknown) => thrown);
  expect(performance.now() - startMs).toBeGreaterThan(150);
  expect(error).toMatchObject({ ...full, details: { topic, partition: 0, group: 'lagging' } });
  expect(String(error)).toMatch(/topic 'orders'.*quota of 262144 bytes.*'lagging'.*offset 10/);

  await commitEnd(log, reader);
  await commitEnd(log, ahead);
  await fill(writer, 100 * kibibyte);
});

test('produce that waits for room goes on, in order, when a group commits', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 20_000 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  const length = 12_000; // About 1.3 MB, five times what fits.
  const writing = writeSequence(writer, { topic, length, callsAtOnce: 16 });
  const numbers: number[] = [];
  while (numbers.at(-1) !== length - 1) {
    for (const batch of await reader.poll(5_000)) {
      numbers.push(...batch.records.map(({ value }) => Number(value)));
      await reader.commit([{ ...partition, offset: batch.nextOffset }]);
    }
  }
  expect(await writing).toBe(0);
  expect(expectInOrder(numbers, length)).toBe(0);
});

test('a call that would fit does not overtake one that waits for room', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 20_000 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  await fill(writer, 200 * kibibyte);
  const sizes = [100 * kibibyte, 10, 10, 90 * kibibyte, 10];
  const calls = sizes.map((size) =>
    writer.produce([{ topic, records: [{ key: null, value: Buffer.alloc(size) }] }]),
  );
  const acknowledged: number[] = [];
  for (const [index, call] of calls.entries()) void call.then(() => acknowledged.push(index));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(acknowledged).toEqual([]);
  await commitEnd(log, reader);
  const offsets = (await Promise.all(calls)).map(([ack]) => ack?.offsets[0]);
  expect(offsets).toEqual([200, 201, 202, 203, 204]);
  expect(acknowledged).toEqual([0, 1, 2, 3, 4]);
});

test('a partition that nobody reads is full for good, and the error says so', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const error = await fill(writer, 400 * kibibyte).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ ...full, details: { group: '' } });
  expect(String(error)).toContain('no consumer group reads it');
});

test('a group that is forgotten holds nothing back any more', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const gone = await read(log, 'gone');
  const reader = await read(log, 'sink');
  await gone.close();
  await fill(writer, 200 * kibibyte);
  await commitEnd(log, reader);
  await expect(fill(writer, 200 * kibibyte)).rejects.toMatchObject({ details: { group: 'gone' } });
  await log.forgetGroup('gone');
  await commitEnd(log, reader);
  await fill(writer, 100 * kibibyte);
});

test('one call that is larger than a partition may be is appended as room comes', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 20_000 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  const records = Array.from({ length: 1_000 }, (_, index) => ({
    key: null,
    value: Buffer.from(`${index}`.padEnd(1_000)),
  }));
  const writing = writer.produce([{ topic, records }]);
  const numbers: number[] = [];
  while (numbers.length < 1_000) {
    for (const batch of await reader.poll(5_000)) {
      numbers.push(...batch.records.map(({ value }) => Number(value)));
      await reader.commit([{ ...partition, offset: batch.nextOffset }]);
    }
  }
  const [ack] = await writing;
  expect(Array.from(ack?.offsets ?? [])).toEqual(numbers);
  expect(expectInOrder(numbers, 1_000)).toBe(0);
});

test("with retention 'delete' the oldest records go, and a reader goes on with the oldest that is left", async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota, retention: 'delete' });
  const writer = await open(log);
  const reader = await read(log, 'slow', { prefetchBytesMax: 1_000 });
  await fill(writer, 1_000 * kibibyte);
  const [marks] = await log.topics.watermarks([partition]);
  expect(marks?.high).toBe(1_000);
  expect(marks?.low).toBeGreaterThan(700);
  expect(await bytesHeld(admin)).toBeLessThanOrEqual(quota);
  const offsets: number[] = [];
  while (offsets.at(-1) !== 999) {
    for (const { offset } of await readRecords(reader, 1)) offsets.push(offset);
  }
  // What was prefetched before it was deleted, then everything that is left.
  const rest = offsets.slice(offsets.indexOf(marks?.low ?? -1));
  expect(rest).toEqual(
    Array.from({ length: rest.length }, (_, index) => (marks?.low ?? 0) + index),
  );
  expect(rest.length).toBe(1_000 - (marks?.low ?? 0));
});

test('the quota of the whole log covers all partitions', async () => {
  const { log } = await setUp({ logBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  await writer.produce([
    { topic: 'other', records: [{ key: null, value: Buffer.alloc(120 * kibibyte) }] },
  ]);
  await fill(writer, 100 * kibibyte);
  const error = await fill(writer, 100 * kibibyte).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(full);
  expect(String(error)).toContain('record log has reached its quota');
  await log.topics.delete('other');
  await fill(writer, 100 * kibibyte);
});

test('deleted topics give their bytes back', async () => {
  const { log, admin } = await setUp({});
  const writer = await open(log);
  await log.topics.create('wide', { partitions: 5 });
  for (let index = 0; index < 5; index += 1) {
    await writer.produce([
      { topic: 'wide', records: [{ key: null, value: Buffer.alloc(1_000), partition: index }] },
    ]);
  }
  expect(await bytesHeld(admin)).toBeGreaterThan(5_000);
  await log.topics.delete('wide');
  expect(await bytesHeld(admin)).toBe(0);
  expect(await admin.keys('*wide*')).toEqual([]);
});

test('a Redis without memory refuses records as retriable, lets offsets through, and recovers', async () => {
  const { log, admin, redis } = await setUp({ fullWaitMs: 100 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  await fill(writer, 200 * kibibyte);
  await admin.config('SET', 'maxmemory', '1mb'); // Less than an empty server takes.
  const error = await fill(writer, 100 * kibibyte).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject(full);
  expect(String(error)).toContain('maxmemory');

  // A new client can take over, read and commit.
  const other = client(redis, {});
  await other.start();
  const next = await open(other);
  await next.commitSourceOffsets('source', [{ partition: { a: 1 }, offset: { b: 2 } }]);
  expect(await other.listSourceOffsets('source')).toHaveLength(1);
  expect(await readRecords(reader, 200)).toHaveLength(200);
  await reader.commit([{ ...partition, offset: 200 }]);

  await admin.config('SET', 'maxmemory', '0');
  await fill(writer, 100 * kibibyte);
});

test('calls that wait for memory are appended in order when there is some again', async () => {
  const { log, admin } = await setUp({ fullWaitMs: 20_000 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  let squeezes = 0;
  const onProgress = (acknowledged: number): void => {
    if (acknowledged < (squeezes + 1) * 1_000 || squeezes >= 5) return;
    squeezes += 1;
    void admin.config('SET', 'maxmemory', '1mb').then(() => admin.config('SET', 'maxmemory', '0'));
  };
  const [{ numbers }, failures] = await Promise.all([
    readSequence(reader, 7_999),
    writeSequence(writer, { topic, length: 8_000, onProgress }),
  ]);
  expect(squeezes).toBe(5);
  expect(failures).toBe(0);
  expect(expectInOrder(numbers, 8_000)).toBe(0);
});

test('destroy ends calls that wait for room', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 60_000 });
  const writer = await open(log);
  const filling = fill(writer, 400 * kibibyte);
  const outcome = filling.catch((thrown: unknown) => thrown);
  await eventually(async () => {
    const [marks] = await log.topics.watermarks([partition]).catch(() => []);
    return marks && marks.high > 200 ? true : undefined;
  });
  const startMs = performance.now();
  log.destroy();
  expect(await outcome).toMatchObject({ code: 'log.unreachable' });
  // Else they would wait for a minute.
  expect(performance.now() - startMs).toBeLessThan(10_000);
});
