/** Distributions that are counted once a batch: numbers only, so that they cross to the control thread cheaply. */

/** How many values there were in each bucket, the last of which has no bound; not cumulative. */
export interface Histogram {
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface MutableHistogram {
  readonly counts: number[];
  sum: number;
}

/** Upper bounds of buckets: seconds of calls, records of batches. */
export const histogramBounds = {
  seconds: [0.001, 0.01, 0.1, 0.5, 1, 5, 30],
  records: [1, 10, 100, 500, 1_000, 5_000],
} as const;

export function newHistogram(bounds: readonly number[]): MutableHistogram {
  return { counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
}

export function observe(
  histogram: MutableHistogram,
  bounds: readonly number[],
  value: number,
): void {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + 1;
  histogram.sum += value;
}

export function copyOf({ counts, sum }: Histogram): Histogram {
  return { counts: [...counts], sum };
}
