/** When everything is read, and not only what changed. */
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { Changes } from '../src/store.ts';
import { WholeReads } from '../src/whole-reads.ts';

const minuteMs = 60_000;
const everything = { kind: 'full', revision: 1 } as Changes;

/** Each read takes as long as is said; returns when each begins, ms. */
async function begunIn(forMs: number, tookMs: (read: number) => number): Promise<number[]> {
  const clock = new FakeClock();
  const begun: number[] = [];
  const reads = new WholeReads({
    clock,
    store: {
      changes: async () => {
        begun.push(clock.monotonicMs() - startMs);
        await clock.sleep(tookMs(begun.length));
        return everything;
      },
    },
  });
  const startMs = clock.monotonicMs();
  for (let passed = 0; passed < forMs; passed += 500) {
    reads.take(clock.monotonicMs());
    await clock.advance(500);
  }
  return begun;
}

test('a small cluster is read every half a minute', async () => {
  const begun = await begunIn(2 * minuteMs, () => 100);
  expect(begun).toEqual([30_000, 60_500, 91_000]);
});

test('a large one as seldom as takes a fiftieth of the time', async () => {
  const begun = await begunIn(10 * minuteMs, () => 2_000);
  expect(begun).toEqual([30_000, 132_000, 234_000, 336_000, 438_000, 540_000]);
});

test('one read that waited for a store that stood still puts off no other one', async () => {
  const begun = await begunIn(3 * minuteMs, (read) => (read === 2 ? 12_000 : 100));
  expect(begun).toEqual([30_000, 60_500, 102_500, 133_000, 163_500]);
});

test('what was read is told once', async () => {
  const clock = new FakeClock();
  const reads = new WholeReads({ clock, store: { changes: async () => everything } });
  expect(reads.take(clock.monotonicMs())).toBeUndefined();
  await clock.advance(30_000);
  expect(reads.take(clock.monotonicMs())).toBeUndefined();
  await clock.advance(1);
  expect(reads.take(clock.monotonicMs())).toBe(everything);
  expect(reads.take(clock.monotonicMs())).toBeUndefined();
});
