/**
 * Reads everything now and then, and not only what changed: a store that lost too little to be noticed (a failover to
 * a replica that lagged a little) gives out the same revisions again, for other changes.
 *
 * In the background, since with 100 000 units it takes a second or more, in which a leader must go on watching beats;
 * and the less often the longer it takes, so that at rest it is not most of what the store has to do. What changed
 * meanwhile is read again by the delta that follows: see `ClusterView.replace`.
 *
 * Failures: one that fails, or that finds another data set, is forgotten; the next is due as usual.
 */
import type { Clock } from '@sluice/kernel';

import type { Changes, ClusterStore } from './store.ts';

export interface WholeReadsOptions {
  readonly store: Pick<ClusterStore, 'changes'>;
  readonly clock: Clock;
}

/** From the end of one to the beginning of the next, at least. */
const pauseMsMin = 30_000;
/** … and so many times as long as it took. */
const pauseFactor = 50;

export class WholeReads {
  readonly #options: WholeReadsOptions;
  #dueMs: number | undefined;
  #isReading = false;
  #ended: Changes | undefined;

  constructor(options: WholeReadsOptions) {
    this.#options = options;
  }

  /** Begins one if it is time. Returns the one that has ended since, once. */
  take(nowMs: number): Changes | undefined {
    this.#dueMs ??= nowMs + pauseMsMin;
    if (nowMs >= this.#dueMs && !this.#isReading) void this.#read(nowMs);
    const ended = this.#ended;
    this.#ended = undefined;
    return ended;
  }

  async #read(beganMs: number): Promise<void> {
    const { store, clock } = this.#options;
    this.#isReading = true;
    try {
      this.#ended = await store.changes(0, undefined);
    } catch {
      // Whoever reads changes is told, too.
    }
    const nowMs = clock.monotonicMs();
    this.#dueMs = nowMs + Math.max(pauseMsMin, pauseFactor * (nowMs - beganMs));
    this.#isReading = false;
  }
}
