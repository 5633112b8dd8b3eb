/**
 * Stores the offsets of what was acknowledged, at intervals: where records are not written together with them. One commit
 * at a time; a failed one is due again.
 */

import type { Timer } from '@sluice/kernel';
import { isRetriable } from '@sluice/kernel';
import type { LogWriter } from '@sluice/record-log';

import type { Acknowledgements } from './acknowledgements.ts';
import type { LogCalls } from './log-calls.ts';
import type { DueOffset, SubmittedBatches } from './submitted-batches.ts';
import { countCommit } from './task-metrics.ts';
import type { TaskRunContext } from './task-run.ts';
import { traced } from './tracing/batch-trace.ts';
import type { RunTracing } from './tracing/run-tracing.ts';

export interface OffsetFlusherOptions {
  readonly context: TaskRunContext;
  readonly calls: LogCalls;
  readonly submitted: SubmittedBatches;
  readonly acknowledgements: Acknowledgements;
  readonly tracing: RunTracing;
  readonly writer: LogWriter;
  /** What does not pass by itself. */
  readonly onFatal: (error: unknown) => void;
  readonly onChange: () => void;
}

export class OffsetFlusher {
  readonly #options: OffsetFlusherOptions;
  /** Something was acknowledged since the last flush began. */
  #isDue = false;
  #timer: Timer | undefined;
  #flushing: Promise<void> | undefined;

  constructor(options: OffsetFlusherOptions) {
    this.#options = options;
  }

  /** Something was acknowledged. */
  soon(): void {
    this.#isDue = true;
    const { clock, offsetFlushIntervalMs } = this.#options.context.options;
    this.#timer ??= clock.after(offsetFlushIntervalMs, () => void this.flush());
  }

  /** Stores what is due. One at a time; never rejects: what is fatal is told. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#flushing || !this.#isDue) return this.#flushing ?? Promise.resolve();
    this.#flushing = this.#flushOnce().finally(() => {
      this.#flushing = undefined;
      const { clock, offsetFlushIntervalMs } = this.#options.context.options;
      if (this.#isDue && !this.#options.context.scope.isClosing)
        this.#timer ??= clock.after(offsetFlushIntervalMs, () => void this.flush());
      this.#options.onChange();
    });
    return this.#flushing;
  }

  /** The one that runs, and what has become due meanwhile. */
  async last(): Promise<void> {
    await this.#flushing;
    if (this.#options.context.scope.mayAct()) await this.flush();
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.#flushing;
  }

  async #flushOnce(): Promise<void> {
    const { acknowledgements, calls, context, onFatal, submitted, tracing, writer } = this.#options;
    const { connector, counters, options, scope } = context;
    this.#isDue = false;
    const mark = acknowledgements.markFlush();
    let due: DueOffset[] = [];
    try {
      due = submitted.take();
      if (due.length > 0) {
        const beganMs = options.clock.monotonicMs();
        await tracedCommit(tracing, () =>
          calls.attempt(async () => writer.commitSourceOffsets(connector, due)),
        );
        submitted.markStored(due);
        calls.noteSuccess('commit');
        countCommit(counters, options.clock.monotonicMs() - beganMs);
        counters.lastCommitAtMs = options.clock.wallMs();
      }
      mark.outcome = 'stored';
    } catch (error) {
      mark.outcome = 'dropped';
      submitted.giveBack(due);
      this.#isDue = true;
      if (scope.isOver) return;
      counters.commitFailures += 1;
      if (isRetriable(error)) calls.noteFailure('commit', error);
      else onFatal(error);
    }
  }
}

async function tracedCommit(tracing: RunTracing, work: () => Promise<void>): Promise<void> {
  const trace = tracing.beginCommit();
  try {
    await traced(trace, 'commit', {}, work);
    trace?.through();
  } catch (error) {
    trace?.fail(error);
    throw error;
  }
}
