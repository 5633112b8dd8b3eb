/** Exponential back-off with full jitter. */
export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor?: number;
}

/**
 * The delay before retry number `attempt` (1 = first retry): a random point in the upper half of the
 * exponential step, so that retries spread but never come at once.
 */
export function backoffMs(
  attempt: number,
  { initialMs, maxMs, factor = 2 }: BackoffOptions,
  random: () => number = Math.random,
): number {
  const ceiling = Math.min(maxMs, initialMs * factor ** Math.max(0, attempt - 1));
  return ceiling / 2 + (ceiling / 2) * random();
}
