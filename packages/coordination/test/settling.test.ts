import { describe, expect, test } from 'vitest';

import { Settling } from '../src/settling.ts';

const options = { quietMs: 3_000, maxMs: 15_000, roundShare: 0.1, penaltyHalfLifeMs: 60_000 };

describe('when to balance', () => {
  test('nothing happened: at once', () => {
    expect(new Settling(options).isSettled(0)).toBe(true);
  });

  test('after a change, once membership has been quiet', () => {
    const settling = new Settling(options);
    settling.membershipChanged(1_000);
    settling.membershipChanged(2_500);
    expect(settling.isSettled(5_499)).toBe(false);
    expect(settling.isSettled(5_500)).toBe(true);
    expect(settling.isSettled(5_600)).toBe(true);
  });

  test('a restless membership is waited for only so long', () => {
    const settling = new Settling(options);
    for (let nowMs = 0; nowMs < 15_000; nowMs += 1_000) {
      settling.membershipChanged(nowMs);
      expect(settling.isSettled(nowMs + 500)).toBe(false);
    }
    settling.membershipChanged(14_900);
    expect(settling.isSettled(15_000)).toBe(true);
    expect(settling.isSettled(15_001)).toBe(true);
    // The next change is waited for anew.
    settling.membershipChanged(15_100);
    expect(settling.isSettled(16_000)).toBe(false);
    expect(settling.isSettled(18_100)).toBe(true);
  });
});

describe('how much may move at a time', () => {
  const settling = new Settling(options);

  test.each([
    ['a share of the tasks', 1_000, 0, 100],
    ['rounded up', 61, 0, 7],
    ['two, however few there are', 3, 0, 2],
    ['less what is on its way', 1_000, 30, 70],
    ['nothing while a round is under way', 1_000, 100, 0],
    ['nothing while a failover is under way', 1_000, 300, 0],
    ['something though one is stuck', 3, 1, 1],
  ])('%s', (_what, tasks, moving, expected) => {
    expect(settling.balanceMovesMax(0, tasks, moving)).toBe(expected);
  });

  test('nothing before membership has settled', () => {
    const restless = new Settling(options);
    restless.membershipChanged(0);
    expect(restless.balanceMovesMax(1_000, 1_000, 0)).toBe(0);
    expect(restless.balanceMovesMax(3_000, 1_000, 0)).toBe(100);
  });
});

describe('workers that keep dying', () => {
  test('one death is forgiven, a second one is not until the first has faded', () => {
    const settling = new Settling(options);
    settling.died('w1', 0);
    settling.died('w2', 0);
    expect([...settling.penalties(0).keys()]).toEqual([]);
    settling.died('w1', 30_000);
    expect([...settling.penalties(30_000).keys()]).toEqual(['w1']);
    expect([...settling.penalties(90_000).keys()]).toEqual([]);
    settling.died('w2', 600_000);
    expect([...settling.penalties(600_000).keys()]).toEqual([]);
  });

  test('the more deaths, the higher', () => {
    const settling = new Settling(options);
    for (const worker of ['w1', 'w1', 'w2', 'w2', 'w2']) settling.died(worker, 0);
    const penalties = settling.penalties(0);
    expect(penalties.get('w2')).toBeGreaterThan(penalties.get('w1') ?? 0);
  });
});
