/**
 * When a sink's offsets are committed, and which. Owned by the task's loop: nothing here runs beside a put.
 *
 * All offsets are committed again now and then, also while paused: Kafka forgets one that was not for a week, by
 * itself, however often those of other partitions are.
 *
 * The interval begins with the first record that is not committed, so that what comes after a quiet time is
 * not flushed by itself. A log that is away is tried again at the next interval. After a flush that failed
 * everything since the last commit is given again, as in Kafka Connect.
 */
import type { SinkOffsets, SinkTask } from '@sluice/connector-api';
import { isFenced, isRetriable, toError } from '@sluice/kernel';
import type { LogReader } from '@sluice/record-log';

import type { LogCalls } from './log-calls.ts';
import { type PartitionOffset, partitionKey, type SinkPositions } from './sink-positions.ts';
import { countCommit } from './task-metrics.ts';
import type { TaskRunContext } from './task-run.ts';
import { type BatchTrace, traced } from './tracing/batch-trace.ts';
import type { RunTracing } from './tracing/run-tracing.ts';

export interface SinkCommitsOptions {
  readonly context: TaskRunContext;
  readonly calls: LogCalls;
  readonly positions: SinkPositions;
  readonly reader: LogReader;
  readonly task: SinkTask;
  readonly tracing: RunTracing;
  /** Resolves when what the task reported as errant is durable; throws if that failed. */
  readonly untilReported: () => Promise<void>;
  /** The reader went back to the committed offsets. */
  readonly onRewind: () => void;
}

export class SinkCommits {
  readonly #options: SinkCommitsOptions;
  #isRequested = false;
  #dueAtMs = 0;
  /** When all offsets are committed, changed or not. */
  #repeatAtMs: number;

  constructor(options: SinkCommitsOptions) {
    this.#options = options;
    const { random, sinkFirstRecommitMs } = options.context.options;
    // How old they are that a run finds, nobody knows.
    this.#repeatAtMs = this.#nowMs + random() * sinkFirstRecommitMs;
  }

  /** By the task: at the next opportunity. */
  request(): void {
    this.#isRequested = true;
  }

  /** Monotonic ms; infinite if there is nothing to commit. */
  get dueAtMs(): number {
    return this.#options.positions.hasUncommitted ? this.#dueAtMs : Number.POSITIVE_INFINITY;
  }

  isDue(): boolean {
    if (this.#isRequested) return true;
    const nowMs = this.#nowMs;
    if (nowMs < this.#dueAtMs) return false;
    return this.#options.positions.hasUncommitted || nowMs >= this.#repeatAtMs;
  }

  /** Records were put that are not committed, and before there were none. */
  begin(): void {
    this.#dueAtMs = this.#nowMs + this.#options.context.options.offsetFlushIntervalMs;
  }

  /** @throws what the log refused for good. A failed flush or a log that is away is not thrown. */
  async commit(isLast = false): Promise<void> {
    const { calls, context, positions, reader } = this.#options;
    const { counters, logger, options, scope } = context;
    const nowMs = this.#nowMs;
    this.#isRequested = false;
    this.#dueAtMs = nowMs + options.offsetFlushIntervalMs;
    if (!scope.mayAct() || positions.assignment.length === 0) return;
    const trace = this.#options.tracing.beginCommit();
    const offered = await this.#preCommit(isLast, trace);
    if (!offered) return;
    await this.#options.untilReported();
    const { changed, refused } = positions.committable(offered);
    if (refused.length > 0)
      logger.warn(
        { refused },
        'preCommit returned offsets that were not put; they are not committed',
      );
    const isRepeat = nowMs >= this.#repeatAtMs;
    const offsets = isRepeat ? merged(positions.committed(), changed) : changed;
    if (offsets.length === 0 || !scope.mayAct()) {
      trace?.through();
      return;
    }
    try {
      await traced(trace, 'commit', {}, () => calls.attempt(() => reader.commit(offsets)));
      trace?.through();
    } catch (error) {
      trace?.fail(error);
      if (scope.isOver) return;
      counters.commitFailures += 1;
      if (isFenced(error) || !isRetriable(error)) throw error;
      calls.noteFailure('commit', error);
      return;
    }
    positions.commit(changed);
    calls.noteSuccess('commit');
    if (isRepeat) this.#repeatAtMs = nowMs + options.sinkRecommitMs;
    countCommit(counters, this.#nowMs - nowMs);
    counters.lastCommitAtMs = options.clock.wallMs();
  }

  /** Undefined if it failed: then what was put since the last commit comes again. */
  async #preCommit(
    isLast: boolean,
    trace: BatchTrace | undefined,
  ): Promise<SinkOffsets | undefined> {
    const { calls, context, positions, task } = this.#options;
    const delivered = positions.delivered();
    try {
      const safe = await traced(trace, 'flush', {}, () => flushed(task, delivered));
      calls.noteSuccess('flush');
      return safe;
    } catch (error) {
      trace?.fail(error);
      if (context.scope.isOver) return undefined;
      context.counters.commitFailures += 1;
      context.counters.errors += 1;
      context.logger.warn(
        { error: toError(error).message },
        isLast
          ? 'the last flush of the task failed; what it covers is read again by the next owner'
          : 'a flush of the task failed; going back to the committed offsets',
      );
      if (!isLast) {
        calls.noteFailure('flush', error);
        this.#rewind();
      }
      return undefined;
    }
  }

  #rewind(): void {
    const { onRewind, positions, reader } = this.#options;
    onRewind();
    for (const back of positions.rewind()) reader.seek(back, back.offset);
  }

  get #nowMs(): number {
    return this.#options.context.options.clock.monotonicMs();
  }
}

async function flushed(task: SinkTask, delivered: SinkOffsets): Promise<SinkOffsets> {
  if (task.preCommit) return task.preCommit(delivered);
  await task.flush?.(delivered);
  return delivered;
}

function merged(
  base: readonly PartitionOffset[],
  changes: readonly PartitionOffset[],
): PartitionOffset[] {
  const all = new Map(base.map((each) => [partitionKey(each), each]));
  for (const each of changes) all.set(partitionKey(each), each);
  return [...all.values()];
}
