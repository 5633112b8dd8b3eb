import { newIdentity, readRecords, records } from '@sluice/record-log/conformance';
import { waitFor } from '@sluice/testkit';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { parsePlace } from '../src/place.ts';
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

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

test('a group that was not heard of for 7 days holds nothing back any more', async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const gone = await read(log, 'gone');
  const reader = await read(log, 'sink');
  await gone.commit([{ ...partition, offset: 5 }]);
  await fill(writer, 200 * kibibyte);
  await pass(admin, 7 * dayMs - hourMs);
  await commitEnd(log, reader);
  expect(await lowOf(log)).toBe(0);
  await expect(fill(writer, 200 * kibibyte)).rejects.toMatchObject({ details: { group: 'gone' } });

  await pass(admin, hourMs + 1);
  await commitEnd(log, reader);
  expect(await lowOf(log)).toBeGreaterThan(200);
  await fill(writer, 200 * kibibyte);
});

test('a partition whose groups have all expired lets its oldest records go, but only for room', async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  await fill(writer, 200 * kibibyte);
  await reader.close();
  await pass(admin, 8 * dayMs);
  await fill(writer, 20 * kibibyte);
  expect(await lowOf(log)).toBe(0);

  await fill(writer, 1_000 * kibibyte);
  expect(await lowOf(log)).toBeGreaterThan(900);
  expect(await bytesHeld(admin)).toBeLessThanOrEqual(quota);

  // It comes back: it goes on with the oldest that is left, and holds it.
  const back = await read(log, 'sink');
  const low = await lowOf(log);
  expect((await readRecords(back, 1))[0]?.offset).toBe(low);
  await expect(fill(writer, 400 * kibibyte)).rejects.toMatchObject({ details: { group: 'sink' } });
  expect(await lowOf(log)).toBe(low);
});

test('a group that comes back in time holds what it had not read, for another 7 days', async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const first = await read(log, 'sink');
  await first.commit([{ ...partition, offset: 0 }]);
  await first.close();
  await fill(writer, 200 * kibibyte);
  await pass(admin, 6 * dayMs);
  const back = await read(log, 'sink');
  await back.close();
  await pass(admin, 6 * dayMs);
  await expect(fill(writer, 200 * kibibyte)).rejects.toMatchObject(full);
  expect(await lowOf(log)).toBe(0);
});

test('a reader that never commits keeps its hold by touching its group', async () => {
  const { log, admin } = await setUp({
    partitionBytesMax: quota,
    fullWaitMs: 50,
    // Long enough for a machine that stands still meanwhile: the touches come from here.
    groupRetentionMs: 2_000,
  });
  const writer = await open(log);
  const paused = await read(log, 'paused');
  paused.pause([partition]);
  await fill(writer, 100 * kibibyte);
  const since = await heardOf(admin, 'paused');
  await waitFor(async () => (await heardOf(admin, 'paused')) > since + 2_000, {
    what: 'the group to be touched beyond its first retention',
    timeoutMs: 20_000,
  });
  await expect(fill(writer, 400 * kibibyte)).rejects.toMatchObject({
    details: { group: 'paused' },
  });
  expect(await admin.hget(keys.offsets(partition), 'paused')).toMatch(/^~0@/);

  // Once it is closed nobody touches, and what is in the way goes.
  await paused.close();
  await waitFor(
    () =>
      fill(writer, 100 * kibibyte).then(
        () => true,
        () => false,
      ),
    {
      what: 'room after the group has expired',
      timeoutMs: 20_000,
    },
  );
});

test('a touch does not bring back a group that was forgotten', async () => {
  const { log, admin } = await setUp({ groupRetentionMs: 400 });
  const identity = newIdentity();
  const reader = await log.openReader({ identity, group: 'sink' });
  await reader.assign([partition]);
  await log.forgetGroup('sink');
  const witness = await read(log, 'witness');
  const since = await heardOf(admin, 'witness');
  await waitFor(async () => (await heardOf(admin, 'witness')) > since + 100, {
    what: 'two touches of another reader',
    timeoutMs: 20_000,
  });
  expect(await log.usage()).toEqual([]); // Nothing was written yet: there is no such topic.
  expect(await admin.hkeys(keys.offsets(partition))).toEqual(['witness']);
  await witness.close();
});

test("a server's clock that is set days ahead makes no group expire", async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  await read(log, 'slow');
  const reader = await read(log, 'sink');
  await fill(writer, 200 * kibibyte);
  // As it looks when the clock was a month behind until now.
  await admin.hincrby(keys.time, 'at', -30 * dayMs);
  await commitEnd(log, reader);
  expect(await lowOf(log)).toBe(0);
  expect(await usageOf(log, 'slow')).toMatchObject({ isExpired: false });
  expect((await usageOf(log, 'slow')).idleMs).toBeGreaterThan(hourMs / 2);
  expect((await usageOf(log, 'slow')).idleMs).toBeLessThan(2 * hourMs);
});

test('when the whole log is full, what groups that are gone hold in other topics is reclaimed', async () => {
  const { log, admin } = await setUp({ logBytesMax: quota, fullWaitMs: 5_000 });
  const writer = await open(log);
  const gone = await log.openReader({ identity: newIdentity(), group: 'gone' });
  await gone.assign([{ topic: 'idle', partition: 0 }]);
  await writer.produce([
    { topic: 'idle', records: [{ key: null, value: Buffer.alloc(120 * kibibyte) }] },
  ]);
  await gone.close();
  await fill(writer, 100 * kibibyte);
  await pass(admin, 8 * dayMs);
  await fill(writer, 100 * kibibyte);
  expect(await bytesHeld(admin)).toBeLessThan(quota);
  expect(await log.topics.watermarks([{ topic: 'idle', partition: 0 }])).toEqual([
    { low: 1, high: 1 },
  ]);
});

test("when the server's memory is full, what groups that are gone hold is reclaimed", async () => {
  const { log, admin } = await setUp({ fullWaitMs: 20_000 });
  const writer = await open(log);
  const gone = await read(log, 'gone');
  await gone.close();
  await fill(writer, 400 * kibibyte);
  await pass(admin, 8 * dayMs);
  await admin.config('SET', 'maxmemory', '1mb'); // Less than an empty server takes.
  const filling = fill(writer, 10 * kibibyte);
  await waitFor(async () => (await bytesHeld(admin)) === 0, {
    what: 'what the group held to be trimmed',
    timeoutMs: 20_000,
  });
  await admin.config('SET', 'maxmemory', '0');
  await filling;
});

test('after its last group was forgotten, a partition keeps its records until room is needed', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  await fill(writer, 200 * kibibyte);
  await reader.commit([{ ...partition, offset: 100 }]);
  await reader.close();
  await log.forgetGroup('sink');
  const low = await lowOf(log);
  expect(low).toBeGreaterThan(50);
  expect(low).toBeLessThanOrEqual(100);
  const again = await read(log, 'sink');
  expect((await readRecords(again, 1))[0]?.offset).toBe(low);
  await again.close();
  await log.forgetGroup('sink');
  await fill(writer, 1_000 * kibibyte);
  expect(await lowOf(log)).toBeGreaterThan(900);
});

test('places that were stored without a time hold what they hold', async () => {
  const { log, admin } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  const reader = await read(log, 'sink');
  await admin.hset(keys.offsets(partition), { old: '7', older: '~3' });
  await fill(writer, 200 * kibibyte);
  await pass(admin, 30 * dayMs);
  await commitEnd(log, reader);
  expect(await lowOf(log)).toBe(0);
  expect(await usageOf(log, 'old')).toMatchObject({ committed: 7, idleMs: 0, isExpired: false });
  expect(await usageOf(log, 'older')).toMatchObject({ committed: undefined, position: 3 });
  const back = await read(log, 'old');
  expect(back.position(partition)).toBe(7);
  await expect(fill(writer, 200 * kibibyte)).rejects.toMatchObject({ details: { group: 'older' } });
});

test('the error of a full partition names the command that forgets the group', async () => {
  const { log } = await setUp({ partitionBytesMax: quota, fullWaitMs: 50 });
  const writer = await open(log);
  await read(log, 'connect-old');
  const error = await fill(writer, 400 * kibibyte).catch((thrown: unknown) => thrown);
  expect(String(error)).toContain("'sluice log forget-group connect-old'");
});

test('usage tells what each group holds and how long it has been quiet', async () => {
  const { log, admin } = await setUp({});
  const writer = await open(log);
  await log.topics.create('orders', { partitions: 2 });
  const [ahead, behind] = [await read(log, 'ahead'), await read(log, 'behind')];
  await writer.produce([
    { topic, records: records(10).map((record) => ({ ...record, partition: 0 })) },
  ]);
  await commitEnd(log, ahead);
  await behind.commit([{ ...partition, offset: 4 }]);
  await pass(admin, 8 * dayMs);
  await commitEnd(log, ahead);

  const usage = await log.usage();
  const bytes = await bytesHeld(admin);
  expect(usage).toMatchObject([
    {
      ...partition,
      low: 0,
      end: 10,
      bytes,
      groups: [
        { group: 'ahead', committed: 10, position: 10, lag: 0, bytesHeld: 0, isExpired: false },
        { group: 'behind', committed: 4, position: 4, lag: 6, bytesHeld: bytes, isExpired: true },
      ],
    },
    { topic, partition: 1, low: 0, end: 0, bytes: 0, groups: [] },
  ]);
  expect(usage[0]?.groups[1]?.idleMs).toBeGreaterThan(7 * dayMs);
});

test('readers that are there are counted, whichever process they are in', async () => {
  const { log, redis } = await setUp({});
  expect(await log.activeReaders('sink')).toBe(0);
  const other = client(redis, { clientId: 'other' });
  const reader = await read(other, 'sink');
  expect(await log.activeReaders('sink')).toBe(1);
  expect(await log.activeReaders('another')).toBe(0);
  await reader.close();
  await waitFor(async () => (await log.activeReaders('sink')) === 0, {
    what: 'the reader to leave',
  });

  await read(other, 'sink');
  expect(await log.activeReaders('sink')).toBe(1);
  await other.stop();
  await waitFor(async () => (await log.activeReaders('sink')) === 0, {
    what: 'the connection of the reader to end',
  });
});

/** Lets the log's own time pass. */
async function pass(admin: Redis, ms: number): Promise<void> {
  await admin.hincrby(keys.time, 'time', ms);
}

async function lowOf(log: Parameters<typeof commitEnd>[0]): Promise<number> {
  const [marks] = await log.topics.watermarks([partition]);
  return marks?.low ?? -1;
}

async function usageOf(
  log: Parameters<typeof commitEnd>[0],
  group: string,
): Promise<{ idleMs: number; isExpired: boolean }> {
  const found = (await log.usage())[0]?.groups.find((each) => each.group === group);
  if (!found) throw new Error(`no group ${group}`);
  return found;
}

async function heardOf(admin: Redis, group: string): Promise<number> {
  const stored = await admin.hget(keys.offsets(partition), group);
  if (stored === null) throw new Error(`no group ${group}`);
  return parsePlace(stored).heardOfMs;
}
