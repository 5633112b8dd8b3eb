import { expect, test } from 'vitest';

import { FairTurns } from '../src/fair-turns.ts';

test('a loop whose every await is settled lets timers run', async () => {
  const turns = new FairTurns(() => performance.now());
  const beganMs = performance.now();
  const firedAtMs: number[] = [];
  const timer = setInterval(() => firedAtMs.push(performance.now()), 5);
  while (firedAtMs.length < 3 && performance.now() - beganMs < 5_000) {
    await turns.take();
  }
  clearInterval(timer);
  expect(firedAtMs).toHaveLength(3);
});

test('loops that share a slice are all let on by the same turn', async () => {
  let nowMs = 0;
  const turns = new FairTurns(() => nowMs);
  nowMs = 20;
  const first = turns.take();
  expect(first).toBeInstanceOf(Promise);
  expect(turns.take()).toBe(first);
  await first;
  expect(turns.take()).toBeUndefined();
});
