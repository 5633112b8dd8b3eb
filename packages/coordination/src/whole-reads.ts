/**
 * Reads everything now and then, and not only what changed: why and how often, see `upkeep.ts`.
 *
 * In the background, since with 100 000 units it takes a second or more, in which a leader must go on watching beats.
 * What changed meanwhile is read again by the delta that follows: see `ClusterView.replace`.
 *
 * Failures: one that fails, or that finds another data set, is forgotten; the next is due as usual.
 */
import type { Clock } from '@sluice/kernel';

import type { Changes, ClusterStore } from './store.ts';
import { wholeReadPauseMs } from './upkeep.ts';

export interface WholeReadsOptions {
  readonly store: Pick<ClusterStore, 'changes'>;
  readonly clock: Clock;
}

export class WholeReads {
  readonly #options: WholeReadsOptions;
  #dueMs: number | undefined;
  #isReading = false;
  /** How long the last one took. */
  #tookMs: number | undefined;
  #ended: Changes | undefined;

  constructor(options: WholeReadsOptions) {
    this.#options = options;
  }

  /** Begins one if it is time. Returns the one that has ended since, once. */
  take(nowMs: number): Changes | undefined {
    this.#dueMs ??= nowMs + wholeReadPauseMs(0);
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
    const tookMs = nowMs - beganMs;
    // A single one that took long may have waited for a store that stood still.
    this.#dueMs = nowMs + wholeReadPauseMs(Math.min(tookMs, this.#tookMs ?? tookMs));
    this.#tookMs = tookMs;
    this.#isReading = false;
  }
}
