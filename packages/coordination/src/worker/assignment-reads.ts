/**
 * When a worker reads its assignments: if a heartbeat says that they changed, if a job or an answer calls for it, and
 * now and then as a review, in which the store is not trusted to have said all (see `upkeep.ts`). One reading at a time;
 * what calls for one meanwhile makes another follow. One that fails is made up for with the next beat.
 */
import { type Clock, hasCode, type Logger, toError } from '@sluice/kernel';

import { reviewEveryMs } from '../upkeep.ts';

export interface ReadingKind {
  /** After a loss of data: the store may have gone back, and what it says holds. */
  readonly isConfirming: boolean;
  /** A review: the store is asked again for what seems to be known. */
  readonly readsAgain: boolean;
}

export interface AssignmentReadsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Does what they say, and calls `read` as soon as it has them. */
  readonly reconcile: (kind: ReadingKind) => Promise<void>;
}

export class AssignmentReads {
  readonly #options: AssignmentReadsOptions;
  #revision = -1;
  #isReviewDue = false;
  #reviewedMs: number | undefined;
  #reading: Promise<void> | undefined;
  #isCalledFor = false;

  constructor(options: AssignmentReadsOptions) {
    this.#options = options;
  }

  /** A beat was acknowledged, with the revision that there is. */
  beat(revision: number): void {
    if (revision !== this.#revision) this.now();
  }

  read(revision: number): void {
    this.#revision = revision;
  }

  /** Nothing that was read holds: the next beat calls for another reading. */
  forget(): void {
    this.#revision = -1;
  }

  /** Whether it is time for a review of so many units; then the next reading is one. */
  reviews(units: number): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - (this.#reviewedMs ??= nowMs) < reviewEveryMs(units)) return false;
    this.#reviewedMs = nowMs;
    this.#isReviewDue = true;
    this.forget();
    return true;
  }

  now(): void {
    this.#isCalledFor = true;
    this.#reading ??= this.#loop().finally(() => {
      this.#reading = undefined;
    });
  }

  /** After a loss of data. @throws what `reconcile` throws. */
  async confirm(): Promise<void> {
    this.forget();
    // One that is under way may have asked before there was an answer.
    await this.#reading;
    await this.#reconcile(true);
  }

  async #loop(): Promise<void> {
    while (this.#isCalledFor) {
      this.#isCalledFor = false;
      try {
        await this.#reconcile(false);
      } catch (error) {
        this.forget(); // The next beat tries again.
        if (!hasCode(error, 'store.unreachable') && !hasCode(error, 'store.data_lost')) {
          this.#options.logger.error({ error: toError(error).stack }, 'reconciliation failed');
        }
        return;
      }
    }
  }

  async #reconcile(isConfirming: boolean): Promise<void> {
    const readsAgain = isConfirming || this.#isReviewDue;
    this.#isReviewDue = false;
    await this.#options.reconcile({ isConfirming, readsAgain });
  }
}
