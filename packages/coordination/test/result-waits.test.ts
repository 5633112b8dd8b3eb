/** How soon who asked for something learns what became of it, and how often the store is asked. */
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { RequestResult } from '../src/requests.ts';
import { ResultWaits } from '../src/result-waits.ts';

const done: RequestResult = { kind: 'done', connectors: [] };

class PlayedResults {
  readonly clock = new FakeClock();
  readonly results = new Map<string, RequestResult>();
  /** When the store was asked, ms since the beginning. */
  readonly looks: number[] = [];
  beforeAnswer: (() => void) | undefined;
  readonly waits: ResultWaits;
  readonly #beganMs = this.clock.monotonicMs();

  constructor() {
    this.waits = new ResultWaits({
      store: {
        result: async (id) => {
          this.looks.push(this.clock.monotonicMs() - this.#beganMs);
          const result = this.results.get(id);
          this.beforeAnswer?.();
          return result;
        },
      },
      clock: this.clock,
    });
  }
}

test('what the leader here has applied is known at once, with one look', async () => {
  const played = new PlayedResults();
  const wait = played.waits.of('r1', 1_000);
  await played.clock.advance(1);
  played.results.set('r1', done);
  played.waits.applied('r1');
  expect(await wait).toBe(done);
  expect(played.looks).toEqual([1]);
});

test('what another one has applied calls for no look', async () => {
  const played = new PlayedResults();
  void played.waits.of('r1', 1_000);
  await played.clock.advance(1);
  played.waits.applied('r2');
  await played.clock.advance(1);
  expect(played.looks).toEqual([]);
});

test('two who asked for the same are both told', async () => {
  const played = new PlayedResults();
  const waits = [played.waits.of('r1', 1_000), played.waits.of('r1', 1_000)];
  played.results.set('r1', done);
  played.waits.applied('r1');
  expect(await Promise.all(waits)).toEqual([done, done]);
});

test('one that is applied while the store is being asked is looked for again at once', async () => {
  const played = new PlayedResults();
  const wait = played.waits.of('r1', 1_000);
  played.beforeAnswer = () => {
    played.results.set('r1', done);
    played.waits.applied('r1');
    played.beforeAnswer = undefined;
  };
  await played.clock.advance(5);
  expect(await wait).toBe(done);
  expect(played.looks).toEqual([5, 5]);
});

test('without a word the store is asked again, each time a half later, but at least ten times a second', async () => {
  const played = new PlayedResults();
  const wait = played.waits.of('r1', 1_000);
  await played.clock.advance(900);
  const gaps = played.looks.map((at, index) => at - (played.looks[index - 1] ?? 0));
  expect(gaps.slice(0, 4)).toEqual([5, 7.5, 11.25, 16.875]);
  expect(Math.max(...gaps)).toBe(100);
  played.results.set('r1', done);
  await played.clock.advance(100);
  expect(await wait).toBe(done);
});

test('no longer than it may, and with a last look at the end', async () => {
  const played = new PlayedResults();
  const wait = played.waits.of('r1', 130);
  await played.clock.advance(130);
  expect(await wait).toBeUndefined();
  expect(played.looks.at(-1)).toBe(130);
});

test('a store that fails fails the wait, and leaves nothing behind that waits', async () => {
  const clock = new FakeClock();
  const waits = new ResultWaits({
    store: {
      result: async () => {
        throw new Error('Redis is away');
      },
    },
    clock,
  });
  const failed = expect(waits.of('r1', 1_000)).rejects.toThrow('Redis is away');
  await clock.advance(5);
  await failed;
});
