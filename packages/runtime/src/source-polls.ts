/**
 * The polls of a source task, at the pace that it allows: after a failure that is worth another attempt, and after a
 * poll that found nothing and did not wait by itself, the next one comes later.
 */
import type { SourceRecord, SourceTask } from '@sluice/connector-api';
import { backoffMs, isRetriable } from '@sluice/kernel';

import type { LogCalls } from './log-calls.ts';
import { polledRecords } from './polled-records.ts';
import { countBatch } from './task-metrics.ts';
import type { TaskRunContext } from './task-run.ts';
import type { BatchTrace } from './tracing/batch-trace.ts';
import type { RunTracing } from './tracing/run-tracing.ts';

/** A poll that found nothing sooner than this did not wait by itself. */
const idlePollMs = 5;
/** Between polls that find nothing and do not wait: at most this long. */
const idleBackoff = { initialMs: 2, maxMs: 100 };

export interface PolledBatch {
  readonly records: readonly SourceRecord[];
  readonly trace: BatchTrace | undefined;
}

export class SourcePolls {
  readonly #context: TaskRunContext;
  readonly #calls: LogCalls;
  readonly #tracing: RunTracing;
  /** In a row. */
  #failed = 0;
  #empty = 0;

  constructor(context: TaskRunContext, calls: LogCalls, tracing: RunTracing) {
    this.#context = context;
    this.#calls = calls;
    this.#tracing = tracing;
  }

  /** Polls once. Undefined: it found nothing, and the next poll may come. @throws what is not retriable. */
  async next(task: SourceTask): Promise<PolledBatch | undefined> {
    const { counters, options, scope } = this.#context;
    const beganMs = options.clock.monotonicMs();
    let records: readonly SourceRecord[];
    try {
      records = polledRecords(await task.poll());
      this.#failed = 0;
      this.#calls.noteSuccess('poll');
    } catch (error) {
      // A poll that gave up because it was told to did not fail.
      if (scope.isClosing) return undefined;
      this.#tracing.failed('source', 'poll', beganMs, error);
      if (!isRetriable(error)) throw error;
      counters.retries += 1;
      this.#failed += 1;
      this.#calls.noteFailure('poll', error);
      await this.#sleep(backoffMs(this.#failed, options.taskBackoff, options.random));
      return undefined;
    }
    const tookMs = options.clock.monotonicMs() - beganMs;
    if (records.length > 0) {
      this.#empty = 0;
      countBatch(counters, records.length, tookMs);
      const trace = this.#tracing.begin('source', { beganMs, records: records.length });
      trace?.note('poll', beganMs, { records: records.length });
      return { records, trace };
    }
    // A poll should wait for data by itself; one that does not must not spin.
    this.#empty = tookMs < idlePollMs ? this.#empty + 1 : 0;
    if (this.#empty > 0) await this.#sleep(backoffMs(this.#empty, idleBackoff, options.random));
    return undefined;
  }

  async #sleep(ms: number): Promise<void> {
    const { options, scope } = this.#context;
    try {
      await options.clock.sleep(ms, scope.closing);
    } catch (error) {
      if (!scope.isClosing) throw error;
    }
  }
}
