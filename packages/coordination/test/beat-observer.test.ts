import { describe, expect, test } from 'vitest';

import { BeatObserver } from '../src/beat-observer.ts';
import type { Beat } from '../src/store.ts';

const limitMs = 1_000;

function beat(worker: string, number: number, ackedBeat = number - 1): Beat {
  return { worker, beat: number, ackedBeat, ageMs: 0 };
}

function silentAt(observer: BeatObserver, nowMs: number): string[] {
  return observer.silentFor(limitMs, nowMs).map(({ worker }) => worker);
}

describe('silence', () => {
  test('a worker is silent once its beat has stood still for the limit', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 1), beat('b', 2)], 0);
    observer.observe([beat('a', 1), beat('b', 4)], 500);
    observer.observe([beat('a', 1), beat('b', 6)], 999);
    expect(silentAt(observer, 999)).toEqual([]);
    observer.observe([beat('a', 1), beat('b', 8)], 1_000);
    expect(observer.silentFor(limitMs, 1_000)).toEqual([{ worker: 'a', beat: 1, silentMs: 1_000 }]);
  });

  test('the first sight of a worker starts its window, however old its beat is', () => {
    const observer = new BeatObserver();
    observer.observe([{ worker: 'a', beat: 1, ackedBeat: 0, ageMs: 60_000 }], 10_000);
    expect(silentAt(observer, 10_999)).toEqual([]);
    expect(silentAt(observer, 11_000)).toEqual(['a']);
  });

  test('beats whose acknowledgements stand still are silence: the answers do not arrive', () => {
    const observer = new BeatObserver();
    for (const [index, nowMs] of [0, 400, 800, 1_200].entries()) {
      observer.observe([beat('a', 10 + index, 7)], nowMs);
    }
    expect(observer.silentFor(limitMs, 1_200)).toEqual([
      { worker: 'a', beat: 13, silentMs: 1_200 },
    ]);
  });

  test('a beat may have come just before the answer: the window starts there, not at the question', () => {
    const observer = new BeatObserver();
    // Asked at 0, answered at 600.
    observer.observe([beat('a', 1)], 600);
    // Asked at 1 500, answered later.
    observer.observe([beat('a', 1)], 1_700);
    expect(silentAt(observer, 1_500)).toEqual([]);
    expect(silentAt(observer, 1_600)).toEqual(['a']);
  });

  test('a beat number that went back is another life: a fresh window', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 10, 9)], 0);
    observer.observe([beat('a', 3, 9)], 900);
    expect(silentAt(observer, 1_800)).toEqual([]);
    expect(silentAt(observer, 1_900)).toEqual(['a']);
  });

  test('a worker that has no beat any more is forgotten', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 1), beat('b', 1)], 0);
    observer.observe([beat('b', 1)], 500);
    expect(silentAt(observer, 5_000)).toEqual(['b']);
    observer.observe([beat('a', 1), beat('b', 1)], 5_000);
    expect(silentAt(observer, 5_500)).toEqual(['b']);
  });
});

describe('silence that nobody listened to', () => {
  test('a restart begins every window anew', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 1), beat('b', 1)], 0);
    observer.restart(900);
    expect(silentAt(observer, 1_899)).toEqual([]);
    expect(silentAt(observer, 1_900)).toEqual(['a', 'b']);
    expect(observer.beatStoodStill('a', limitMs, 1_899)).toBe(false);
  });

  test('time left out counts for nobody, but what was watched before it does', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 1)], 0);
    observer.leaveOut(5_000, 5_400);
    expect(silentAt(observer, 5_999)).toEqual([]);
    expect(silentAt(observer, 6_000)).toEqual(['a']);
  });

  test('an observer that is slow at every look still comes to a verdict', () => {
    const observer = new BeatObserver();
    let nowMs = 0;
    observer.observe([beat('a', 1)], nowMs);
    for (let look = 0; look < 5; look++) {
      nowMs += 2_000;
      observer.observe([beat('a', 1)], nowMs);
      observer.leaveOut(1_750, nowMs);
    }
    expect(silentAt(observer, nowMs)).toEqual(['a']);
  });

  test('no window ever ends in the future', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 1)], 1_000);
    observer.leaveOut(5_000, 1_100);
    expect(silentAt(observer, 2_100)).toEqual(['a']);
  });
});

describe('the last beat', () => {
  test('it stands still from when it was seen first, whatever it acknowledges', () => {
    const observer = new BeatObserver();
    observer.observe([beat('a', 1, 0)], 0);
    observer.observe([beat('a', 2, 0)], 900);
    // Silent, since nothing is acknowledged; but the answer to beat 2 may have reached it.
    expect(silentAt(observer, 1_000)).toEqual(['a']);
    expect(observer.beatStoodStill('a', limitMs, 1_000)).toBe(false);
    expect(observer.beatStoodStill('a', limitMs, 1_899)).toBe(false);
    expect(observer.beatStoodStill('a', limitMs, 1_900)).toBe(true);
  });

  test('who has none is not waited for', () => {
    expect(new BeatObserver().beatStoodStill('a', limitMs, 0)).toBe(true);
  });
});
