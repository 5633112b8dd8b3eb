import { isRetriable } from '@sluice/kernel';
import type { LogReader, LogWriter } from '@sluice/record-log';
import { expect } from 'vitest';

export interface SequenceOptions {
  readonly topic: string;
  /** Numbers to be written, from 0. */
  readonly length: number;
  /** Calls in flight at a time; each call writes `recordsEach` numbers. */
  readonly callsAtOnce?: number;
  readonly recordsEach?: number;
  /** Called with the numbers acknowledged so far. */
  readonly onProgress?: (acknowledged: number) => void;
}

/**
 * Writes 0, 1, 2, … into partition 0, repeating in order whatever fails as retriable, as a source task
 * does. Checks that no call succeeds after one that failed. Returns how often some had to be repeated.
 */
export async function writeSequence(writer: LogWriter, options: SequenceOptions): Promise<number> {
  const { topic, length, callsAtOnce = 8, recordsEach = 20, onProgress } = options;
  let acknowledged = 0;
  let failures = 0;
  while (acknowledged < length) {
    const calls: Promise<unknown>[] = [];
    for (let call = 0; call < callsAtOnce; call += 1) {
      const first = acknowledged + call * recordsEach;
      const count = Math.min(recordsEach, length - first);
      if (count <= 0) break;
      const records = Array.from({ length: count }, (_, index) => ({
        key: null,
        value: Buffer.from(`${first + index}`.padEnd(100)),
        partition: 0,
      }));
      calls.push(writer.produce([{ topic, records }]));
    }
    const outcomes = await Promise.allSettled(calls);
    const failed = outcomes.findIndex(({ status }) => status === 'rejected');
    if (failed >= 0) failures += 1;
    const good = failed < 0 ? outcomes.length : failed;
    for (const outcome of outcomes.slice(good)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { retriable: true } });
      if (outcome.status === 'rejected' && !isRetriable(outcome.reason)) throw outcome.reason;
    }
    acknowledged = Math.min(length, acknowledged + good * recordsEach);
    onProgress?.(acknowledged);
  }
  return failures;
}

/** Reads until the number `last` has come. */
export async function readSequence(
  reader: LogReader,
  last: number,
  limitMs = 30_000,
): Promise<{ numbers: number[]; offsets: number[] }> {
  const numbers: number[] = [];
  const offsets: number[] = [];
  const deadlineMs = performance.now() + limitMs;
  while (numbers.at(-1) !== last) {
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw new Error(`after ${limitMs} ms at number ${numbers.at(-1)} of ${last}`);
    for (const batch of await reader.poll(leftMs)) {
      for (const { value, offset } of batch.records) {
        numbers.push(Number(value));
        offsets.push(offset);
      }
    }
  }
  return { numbers, offsets };
}

/** Every number once when repetitions are left out, and in order then; returns the repetitions. */
export function expectInOrder(numbers: readonly number[], length: number): number {
  const firsts = [...new Set(numbers)];
  expect(firsts).toHaveLength(length);
  expect(firsts.every((number, index) => number === index)).toBe(true);
  return numbers.length - firsts.length;
}
