/**
 * What one run of a task does with records that fail: tries again, gives them up, and tells of those it gave up.
 * The decisions are `decideFailure`'s. What is given up is logged and counted here and written to the dead letter
 * queue before its offset may be committed. Nothing here costs anything while nothing fails.
 */
import type { ConversionFailure, SourceRecord, TaskLogger } from '@sluice/connector-api';
import { assertNever, SluiceError, toError } from '@sluice/kernel';
import type { ProduceRecord } from '@sluice/record-log';

import type { CompiledRuntimeOptions } from '../options.ts';
import type { RunScope } from '../run-scope.ts';
import type { MutableCounters } from '../task-metrics.ts';
import { decideFailure, type Stage } from './decide-failure.ts';
import type { ErrorSettings } from './error-settings.ts';
import {
  type ConsumedRecord,
  contextHeaders,
  type Failure,
  logText,
  type Place,
  type TaskName,
} from './failed-record.ts';

/** An operation on a batch, of which some records failed. */
export interface StageOutcome {
  readonly stage: Stage;
  /** Full name of the plugin. */
  readonly class: string;
  readonly failures: readonly ConversionFailure[];
  /** The operation again, on these records; answers as the first time. */
  readonly redo: (indexes: readonly number[]) => Promise<readonly ConversionFailure[]>;
  /** The error of a task that must not go on. */
  readonly refusal: (failure: ConversionFailure) => SluiceError;
}

export interface FailedConsumed extends Failure {
  readonly consumed: ConsumedRecord;
}

export interface FailedPolled extends Failure {
  readonly polled: SourceRecord;
  /** The record as far as it was converted, with what was added to its headers because of that. */
  readonly converted: ProduceRecord;
  readonly place: Place;
}

export interface TaskErrorsContext extends TaskName {
  readonly options: CompiledRuntimeOptions;
  readonly scope: RunScope;
  readonly counters: MutableCounters;
  readonly logger: TaskLogger;
  /** Letters are stored: with references in place of what they stand for. */
  readonly hideSecrets: (text: string) => string;
}

export class TaskErrors {
  readonly settings: ErrorSettings;
  readonly #context: TaskErrorsContext;

  constructor(settings: ErrorSettings, context: TaskErrorsContext) {
    this.settings = settings;
    this.#context = context;
  }

  /**
   * Those of the failed records that are given up; the others were tried again until they succeeded.
   * @throws the refusal where nothing is tolerated; SluiceError `task.stopping` if the run ends meanwhile.
   */
  async settle(outcome: StageOutcome): Promise<readonly ConversionFailure[]> {
    const { counters, options, scope } = this.#context;
    const beganMs = options.clock.monotonicMs();
    const givenUp: ConversionFailure[] = [];
    let { failures } = outcome;
    for (let attempt = 1; failures.length > 0; attempt += 1) {
      const elapsedMs = options.clock.monotonicMs() - beganMs;
      const again: number[] = [];
      let waitMs = 0;
      counters.recordFailures += failures.length;
      for (const failure of failures) {
        const { error } = failure;
        const { stage } = outcome;
        const decision = decideFailure(
          { stage, error, attempt, elapsedMs },
          this.settings,
          options.random,
        );
        switch (decision.kind) {
          case 'retry':
            again.push(failure.index);
            waitMs = Math.max(waitMs, decision.afterMs);
            break;
          case 'tolerate':
            givenUp.push(failure);
            break;
          case 'fail':
            this.#noteFatal(outcome, failure);
            throw outcome.refusal(failure);
          default:
            assertNever(decision);
        }
      }
      if (again.length === 0) break;
      counters.retries += again.length;
      await this.#wait(waitMs, scope);
      failures = await outcome.redo(again);
    }
    return givenUp;
  }

  /** Whether a record of which this is the error may be left out. */
  tolerates(stage: Stage, error: unknown): boolean {
    const attempt = { stage, error, attempt: 1, elapsedMs: 0 };
    return decideFailure(attempt, this.settings, this.#context.options.random).kind === 'tolerate';
  }

  /** Of what fails outside of `settle`. */
  countFailures(count: number): void {
    this.#context.counters.recordFailures += count;
  }

  /** Logs and counts them. Returns their letters; none without a dead letter queue. */
  giveUpConsumed(failed: readonly FailedConsumed[]): ProduceRecord[] {
    return failed.flatMap((each) => {
      const { partition, record, topic } = each.consumed;
      this.#note(each, each.consumed);
      const { headers, key, timestampMs, value } = record;
      const place = { topic, partition, offset: record.offset };
      return this.#letter(each, place, { headers, key, timestampMs, value });
    });
  }

  /** As for what was consumed. */
  giveUpPolled(failed: readonly FailedPolled[]): ProduceRecord[] {
    return failed.flatMap((each) => {
      this.#note(each, each.polled);
      return this.#letter(each, each.place, each.converted);
    });
  }

  #letter(
    failure: Failure,
    place: Place,
    { headers = [], key, timestampMs, value }: ProduceRecord,
  ): ProduceRecord[] {
    const { deadLetters } = this.settings;
    if (!deadLetters) return [];
    const context = deadLetters.hasContextHeaders
      ? contextHeaders(failure, place, this.#context)
      : [];
    // The queue has partitions of its own.
    const letter = { key, value, headers: [...headers, ...context] };
    return [timestampMs === undefined ? letter : { ...letter, timestampMs }];
  }

  #note(failure: Failure, record: ConsumedRecord | SourceRecord): void {
    const { counters } = this.#context;
    counters.recordErrors += 1;
    counters.recordsSkipped += 1;
    this.#log(failure, record);
  }

  /** The task fails with the same error, which says more; here is what the definition asks to be logged. */
  #noteFatal({ class: className, stage }: StageOutcome, { error }: ConversionFailure): void {
    this.#context.counters.recordErrors += 1;
    this.#log({ stage, class: className, error: toError(error) });
  }

  #log(failure: Failure, record?: ConsumedRecord | SourceRecord): void {
    const { counters, logger, options } = this.#context;
    counters.lastErrorAtMs = options.clock.wallMs();
    if (!this.settings.isLogged) return;
    counters.errorsLogged += 1;
    logger.error(
      { error: failure.error.message },
      logText(failure, this.#context, this.settings.isRecordLogged ? record : undefined),
    );
  }

  async #wait(ms: number, scope: RunScope): Promise<void> {
    try {
      await this.#context.options.clock.sleep(ms, scope.closing);
    } catch (error) {
      if (!scope.isClosing) throw error;
      // Not given up: it was not committed, so it is read again.
      throw new SluiceError('task.stopping', 'the task stopped while it tried a record again', {
        cause: error,
      });
    }
  }
}
