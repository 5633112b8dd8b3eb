/** What grew: pure, from the samples of a run to its verdict. */
import { median } from '../comparison.ts';

/** At the end, times what it was after three tenths of the run: minute 10 and minute 3. */
export const growthMax = 1.1;

const fromShare = 0.3;
/** What is compared are medians of this part of the run, or so long if it is short, up to the two moments. */
const window = { share: 0.05, msMin: 5_000 };

export interface Sample {
  readonly ms: number;
  readonly value: number;
}

export interface Growth {
  readonly early: number;
  readonly late: number;
  readonly max: number;
  readonly ratio: number;
}

/** @throws RangeError where there is no sample of one of the two moments: it did not live all the time. */
export function growthOf(samples: readonly Sample[], runMs: number): Growth {
  const early = around(samples, fromShare * runMs, runMs);
  const late = around(samples, runMs, runMs);
  const max = Math.max(...samples.map(({ value }) => value));
  return { early, late, max, ratio: late / early };
}

function around(samples: readonly Sample[], atMs: number, runMs: number): number {
  const fromMs = atMs - Math.max(window.share * runMs, window.msMin);
  const seen = samples.filter(({ ms }) => ms > fromMs && ms <= atMs);
  if (seen.length === 0)
    throw new RangeError(`there is no sample up to ${(atMs / 1_000).toFixed(0)} s`);
  return median(seen.map(({ value }) => value));
}
