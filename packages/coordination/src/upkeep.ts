/**
 * How often a cluster at rest looks for losses that nobody noticed: a store that lost too little (a failover to a
 * replica that lagged a little) gives out the same revisions again, for other changes. The larger the cluster the less
 * often, since at rest this would be most of what the store has to do.
 */

const review = { msMin: 10_000, msPerUnit: 300, msMax: 60_000 };
const wholeRead = { pauseMsMin: 30_000, pauseFactor: 50 };

/** Between two times that a worker compares itself with the store as a whole, and says again what it said. */
export function reviewEveryMs(units: number): number {
  return Math.min(Math.max(review.msMin, units * review.msPerUnit), review.msMax);
}

/** From the end of one reading of everything to the beginning of the next. */
export function wholeReadPauseMs(tookMs: number): number {
  return Math.max(wholeRead.pauseMsMin, wholeRead.pauseFactor * tookMs);
}
