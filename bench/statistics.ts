/** Summaries of samples. */
export interface Summary {
  readonly samples: number;
  readonly min: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function summarize(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    samples: sorted.length,
    min: sorted[0] ?? Number.NaN,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  };
}

/** Nearest rank: a value that was measured. */
function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export function formatMs({ samples, min, p50, p99, max }: Summary): string {
  const ms = (value: number): string => `${value.toFixed(0).padStart(6)} ms`;
  return `min ${ms(min)}   p50 ${ms(p50)}   p99 ${ms(p99)}   max ${ms(max)}   (${samples} samples)`;
}
