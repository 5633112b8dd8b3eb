import { expect, test } from 'vitest';

import { growthOf, type Sample } from './growth.ts';

const runMs = 600_000;

/** One every 2 s. */
function samplesOf(valueAt: (minute: number) => number): Sample[] {
  return Array.from({ length: 300 }, (_, index) => {
    const ms = (index + 1) * 2_000;
    return { ms, value: valueAt(ms / 60_000) };
  });
}

test('what grows steadily is compared at minutes 3 and 10', () => {
  const { early, late, max, ratio } = growthOf(
    samplesOf((minute) => 100 + minute),
    runMs,
  );
  expect(early).toBeCloseTo(102.75, 1);
  expect(late).toBeCloseTo(109.75, 1);
  expect(max).toBe(110);
  expect(ratio).toBeCloseTo(109.75 / 102.75, 2);
});

test('what is there for a moment only is no growth', () => {
  const spikes = samplesOf((minute) => (minute === 3 || minute === 10 ? 500 : 100));
  expect(growthOf(spikes, runMs)).toEqual({ early: 100, late: 100, max: 500, ratio: 1 });
});

test('what ended, or began, within the run has no growth to tell', () => {
  const ended = samplesOf(() => 100).filter(({ ms }) => ms < 500_000);
  expect(() => growthOf(ended, runMs)).toThrow('there is no sample up to 600 s');
  const begun = samplesOf(() => 100).filter(({ ms }) => ms > 200_000);
  expect(() => growthOf(begun, runMs)).toThrow('there is no sample up to 180 s');
});
