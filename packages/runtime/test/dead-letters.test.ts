/** Replays of a dead letter queue: what is remembered of them. */
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import {
  lettersPage,
  newestLetters,
  queuePartitions,
  type ReplayOptions,
  replayLetters,
  waitingIn,
} from '@sluice/runtime/dead-letters';
import { expect, test } from 'vitest';

import { numbersMax, parseRanges, rangesText } from '../src/dead-letters/ranges.ts';

/** Letters from topic t, whose values are their numbers. */
async function queueOf(letters: number) {
  const store = new MemoryLogStore();
  store.createTopic('t', 1);
  store.createTopic('dead', 1);
  const log = new MemoryLog(store);
  const writer = await log.openWriter({ id: 'sink', fence: 1 });
  const letterOf = (number: number) => ({
    key: null,
    value: Buffer.from(String(number)),
    headers: [['__connect.errors.topic', Buffer.from('t')]] as const,
    timestampMs: number,
  });
  const records = Array.from({ length: letters }, (_, number) => letterOf(number));
  await writer.produce([{ topic: 'dead', records }]);
  let fence = 1;
  const replay = async (options: Partial<ReplayOptions> = {}) => {
    fence += 1;
    const outcome = await replayLetters({ log, cluster: 'c', topic: 'dead', fence, ...options });
    return outcome.topics['t'] ?? 0;
  };
  return {
    replay,
    /** One more is written when the replay knows already how many there are. */
    replayWhileWritten: async () => {
      const peek = log.peek.bind(log);
      log.peek = async (...args) => {
        log.peek = peek;
        await writer.produce([{ topic: 'dead', records: [letterOf(letters)] }]);
        return await peek(...args);
      };
      return await replay();
    },
    singly: async (...offsets: number[]) =>
      await replay({ letters: offsets.map((offset) => ({ partition: 0, offset })) }),
    replayed: async () => {
      const found = await newestLetters(log, { topic: 'dead', limit: 100 });
      return found.flatMap(({ offset, isReplayed }) => (isReplayed ? [offset] : []));
    },
    waiting: async () =>
      (await queuePartitions(log, 'dead'))?.reduce((sum, each) => sum + waitingIn(each), 0),
  };
}

test('pages go from the newest to the oldest, and what is written meanwhile is on none of them', async () => {
  const store = new MemoryLogStore();
  store.createTopic('dead', 2);
  const log = new MemoryLog(store);
  const writer = await log.openWriter({ id: 'sink', fence: 1 });
  let written = 0;
  const write = async (partition: number, times: readonly number[]): Promise<void> => {
    const records = times.map((timestampMs) => {
      written += 1;
      return { key: null, value: Buffer.from(String(written)), partition, timestampMs };
    });
    await writer.produce([{ topic: 'dead', records }]);
  };
  // The clocks of those who wrote to partition 1 differ.
  await write(0, [10, 20, 30, 40]);
  await write(1, [35, 5, 50]);
  const page = async (before?: string) => {
    const options = { topic: 'dead', limit: 2, ...(before && { before }) };
    const { letters, next } = await lettersPage(log, options);
    return { shown: letters.map(({ partition, offset }) => `${partition}:${offset}`), next };
  };
  expect(await page()).toEqual({ shown: ['1:2', '0:3'], next: '0:3,1:2' });
  await write(1, [60]);
  expect(await page('0:3,1:2')).toEqual({ shown: ['0:2', '0:1'], next: '0:1,1:2' });
  expect(await page('0:1,1:2')).toEqual({ shown: ['0:0', '1:1'], next: '1:1' });
  expect(await page('1:1')).toEqual({ shown: ['1:0'], next: undefined });
});

test('letters that are replayed one by one are marked, and passed over when the rest is', async () => {
  const queue = await queueOf(6);
  expect(await queue.waiting()).toBe(6);
  expect(await queue.singly(4, 1)).toBe(2);
  expect(await queue.singly(5)).toBe(1);
  expect(await queue.replayed()).toEqual([1, 4, 5]);
  expect(await queue.waiting()).toBe(3);
  expect(await queue.replay()).toBe(3);
  expect(await queue.replayed()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(await queue.waiting()).toBe(0);
  expect(await queue.replay()).toBe(0);
});

test('a letter that was replayed is replayed again by whoever chooses it, or all with again', async () => {
  const queue = await queueOf(3);
  await queue.singly(1);
  expect(await queue.singly(1)).toBe(1);
  expect(await queue.waiting()).toBe(2);
  expect(await queue.replay({ again: true })).toBe(3);
  expect(await queue.singly(0)).toBe(1);
  expect(await queue.waiting()).toBe(0);
});

test('a letter that comes during a replay waits for the next one', async () => {
  const queue = await queueOf(3);
  expect(await queue.replayWhileWritten()).toBe(3);
  expect(await queue.replayed()).toEqual([0, 1, 2]);
  expect(await queue.waiting()).toBe(1);
  expect(await queue.replay()).toBe(1);
  expect(await queue.waiting()).toBe(0);
});

test('a dry run marks nothing', async () => {
  const queue = await queueOf(3);
  expect(await queue.replay({ isDryRun: true, letters: [{ partition: 0, offset: 1 }] })).toBe(1);
  expect(await queue.replayed()).toEqual([]);
});

test('numbers are written as ranges, the greatest of too many, and read again', () => {
  expect(rangesText([9, 7, 3, 8, 12])).toBe('3,7-9,12');
  expect(rangesText([])).toBe('');
  expect(parseRanges('3,7-9,12')).toEqual([3, 7, 8, 9, 12]);
  expect(parseRanges('x,-,4-2,5,,1e3')).toEqual([5]);
  expect(parseRanges('0-999999999999')).toHaveLength(numbersMax);
  const many = Array.from({ length: numbersMax + 5 }, (_, number) => number * 2);
  expect(parseRanges(rangesText(many))[0]).toBe(10);
});
