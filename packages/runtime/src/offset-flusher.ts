/**
 * Stores the offsets of what was acknowledged, at intervals: where records are not written together with them. One commit
 * at a time; a failed one is due again. An offset that comes alone is stored sooner if the interval is long: a task that
 * yields one may wait for it before it goes on.
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

/** Longest that an offset alone is kept, and so how often a task can ask for a commit by it, ms. */
const aloneMaxMs = 1_000;

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
  /** With an offset that came alone. */
  #isAloneDue = false;
  #timer: Timer | undefined;
  #flushing: Promise<void> | undefined;

  constructor(options: OffsetFlusherOptions) {
    this.#options = options;
  }

  /** Something was acknowledged; `isAlone`: that ends with an offset alone. */
  soon(isAlone = false): void {
    this.#isDue = true;
    if (isAlone && !this.#isAloneDue) {
      this.#isAloneDue = true;
      this.#timer?.cancel();
      this.#timer = undefined;
    }
    this.#setTimer();
  }

  /** Stores what is due. One at a time; never rejects: what is fatal is told. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    if (this.#flushing || !this.#isDue) return this.#flushing ?? Promise.resolve();
    this.#flushing = this.#flushOnce().finally(() => {
      this.#flushing = undefined;
      if (this.#isDue && !this.#options.context.scope.isClosing) this.#setTimer();
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

  #setTimer(): void {
    const { clock, offsetFlushIntervalMs } = this.#options.context.options;
    const waitMs = this.#isAloneDue
      ? Math.min(offsetFlushIntervalMs, aloneMaxMs)
      : offsetFlushIntervalMs;
    this.#timer ??= clock.after(waitMs, () => void this.flush());
  }

  async #flushOnce(): Promise<void> {
    const { acknowledgements, calls, context, onFatal, submitted, tracing, writer } = this.#options;
    const { connector, counters, options, scope } = context;
    this.#isDue = false;
    const wasAloneDue = this.#isAloneDue;
    this.#isAloneDue = false;
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
      this.#isAloneDue ||= wasAloneDue;
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
