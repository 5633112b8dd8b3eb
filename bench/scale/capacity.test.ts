import { expect, test } from 'vitest';

import {
  connectionsOf,
  type Intervals,
  type MeasuredCosts,
  utilisation,
  workersAt,
  workersForConnections,
} from './capacity.ts';

const costs: MeasuredCosts = {
  beatMs: 0.05,
  lookMs: 0.2,
  lookMsPerWorker: 0.001,
  reviewMsPerUnit: 0.01,
  readAllMsPerUnit: 0.005,
  idleQueueMsPerSecond: 0.1,
};
const intervals: Intervals = {
  heartbeatIntervalMs: 500,
  tickMs: 100,
};
const size = { unitsPerWorker: 100, coordinators: 2 };

test('each part is its cost times how often it comes', () => {
  const parts = utilisation(costs, { ...size, workers: 1_000 }, intervals);
  expect(parts.beats).toBeCloseTo(1_000 * 2 * 0.000_05);
  expect(parts.looks).toBeCloseTo(2 * 10 * 0.001_2);
  expect(parts.reviews).toBeCloseTo((100_000 * 0.000_01) / 30);
  expect(parts.readAll).toBeCloseTo((4 * 0.5) / 30.5);
  expect(parts.queues).toBeCloseTo(0.1);
  const { total, ...all } = parts;
  expect(total).toBeCloseTo(Object.values(all).reduce((sum, part) => sum + part, 0));
});

test('reading everything never takes more than a fiftieth for each reader', () => {
  const { readAll } = utilisation(costs, { ...size, workers: 1_000_000 }, intervals);
  expect(readAll).toBeLessThan(4 / 50);
});

test('the number of workers at a share is the most that does not exceed it', () => {
  for (const share of [0.1, 0.5, 1]) {
    const workers = workersAt(share, costs, size, intervals);
    const totalOf = (count: number) =>
      utilisation(costs, { ...size, workers: count }, intervals).total;
    expect(totalOf(workers)).toBeLessThanOrEqual(share + 1e-9);
    expect(totalOf(workers + 1)).toBeGreaterThan(share);
  }
});

test('beats four times as slow leave room for more workers, but not for four times as many', () => {
  const usual = workersAt(0.5, costs, size, intervals);
  const slow = workersAt(0.5, costs, size, { ...intervals, heartbeatIntervalMs: 2_000 });
  expect(slow).toBeGreaterThan(usual);
  expect(slow).toBeLessThan(4 * usual);
});

test('connections are counted for workers and coordinators, and some are left for tools', () => {
  const each = { perWorker: 5, perCoordinator: 4 };
  expect(connectionsOf({ workers: 1_000, coordinators: 2 }, each)).toBe(5_008);
  const most = workersForConnections(10_000, 2, each);
  expect(connectionsOf({ workers: most, coordinators: 2 }, each)).toBeLessThanOrEqual(10_000 - 20);
  expect(connectionsOf({ workers: most + 1, coordinators: 2 }, each)).toBeGreaterThan(10_000 - 20);
});
