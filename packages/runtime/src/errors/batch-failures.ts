/** The records of one batch that were given up, by their index. Of a record the first failure counts. */
import type { ConversionFailure } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';

import type { Failure } from './failed-record.ts';
import type { StageOutcome, TaskErrors } from './task-errors.ts';

export interface BatchOutcome extends StageOutcome {
  /** Index in the batch of what has this index in `failures`; absent: the same. */
  readonly at?: (index: number) => number;
}

export class BatchFailures {
  readonly #errors: TaskErrors | undefined;
  readonly #failed = new Map<number, Failure>();

  /** Without `errors` nothing is tried again, and nothing tolerated. */
  constructor(errors?: TaskErrors) {
    this.#errors = errors;
  }

  get size(): number {
    return this.#failed.size;
  }

  has(index: number): boolean {
    return this.#failed.has(index);
  }

  /** In the order of the batch. */
  entries(): readonly (readonly [index: number, failure: Failure])[] {
    return [...this.#failed].sort(([one], [other]) => one - other);
  }

  /** Those that are given up now. @throws as `TaskErrors.settle`. */
  async settle(outcome: BatchOutcome): Promise<readonly ConversionFailure[]> {
    const { at = (index) => index } = outcome;
    const failures = outcome.failures
      .filter(({ index }) => !this.#failed.has(at(index)))
      .toSorted((one, other) => one.index - other.index);
    const [first] = failures;
    if (!first) return [];
    if (!this.#errors) throw outcome.refusal(first);
    const givenUp = await this.#errors.settle({ ...outcome, failures });
    for (const { error, index } of givenUp) {
      const failure = { stage: outcome.stage, class: outcome.class, error: toError(error) };
      if (!this.#failed.has(at(index))) this.#failed.set(at(index), failure);
    }
    return givenUp;
  }
}
