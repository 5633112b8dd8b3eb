/**
 * What a sink task reads: fetched batches become the records of its next put. Records that are left out are in the dead
 * letter queue before the batch is handed on. Owned by the task's loop, one read at a time; a wait can be ended from
 * outside of it.
 */
import type { TopicPartition } from '@sluice/connector-api';
import { type FetchedBatch, type LogReader, recordBytes } from '@sluice/record-log';

import type { DeadLetterQueue } from './errors/dead-letter-queue.ts';
import type { ErrantRecords } from './errors/errant-records.ts';
import type { TaskErrors } from './errors/task-errors.ts';
import type { LogCalls } from './log-calls.ts';
import { processSinkBatches } from './process-sink-batches.ts';
import type { Processing } from './processing.ts';
import { partitionKey } from './sink-positions.ts';
import { emptyBatch, type SinkBatch } from './sink-puts.ts';
import type { TaskRunContext } from './task-run.ts';
import type { BatchTrace } from './tracing/batch-trace.ts';
import { producersOf } from './tracing/producers.ts';
import type { RunTracing } from './tracing/run-tracing.ts';

export interface SinkReadsOptions {
  readonly context: TaskRunContext;
  readonly calls: LogCalls;
  readonly reader: LogReader;
  readonly processing: Processing;
  readonly errors: TaskErrors;
  readonly errant: ErrantRecords;
  readonly deadLetters: DeadLetterQueue | undefined;
  readonly tracing: RunTracing;
}

export class SinkReads {
  readonly #options: SinkReadsOptions;
  /** Ends a wait of the reader; replaced when used up. */
  #interrupt = new AbortController();

  constructor(options: SinkReadsOptions) {
    this.#options = options;
  }

  /** Something else may be due before the log has anything. */
  interrupt(): void {
    this.#interrupt.abort();
  }

  /** Waits so long for records. `emptyBatch`: nothing was read. */
  async next(waitMs: number): Promise<SinkBatch> {
    const { calls, context, deadLetters, errant, errors, processing, reader } = this.#options;
    const { counters, options, scope } = context;
    if (this.#interrupt.signal.aborted) {
      this.#interrupt = new AbortController();
      // Woken between two waits: look at what changed first.
      return emptyBatch;
    }
    const { signal } = this.#interrupt;
    const beganMs = options.clock.monotonicMs();
    const fetched = await calls.untilAccepted('read', () => reader.poll(waitMs, signal));
    if (fetched.length === 0 || scope.isClosing) return emptyBatch;
    const trace = this.#traceOf(fetched, beganMs);
    const { failed, positions, records } = await processSinkBatches(
      fetched,
      processing.converters,
      processing.chain,
      errors,
      { stages: processing.stages, trace },
    ).catch((error: unknown) => {
      trace?.fail(error);
      throw error;
    });
    // Durable before anything of the batch counts as delivered.
    if (failed.length > 0) {
      // Counted and told also where there is no queue.
      const letters = errors.giveUpConsumed(failed);
      await deadLetters?.write(letters);
    }
    errant.remember(records, positions, fetched);
    counters.recordsActive = records.length;
    for (const batch of fetched) this.#count(batch);
    const ends = fetched.map(({ topic, partition, nextOffset }) => ({
      topic,
      partition,
      offset: nextOffset,
    }));
    return { records, ends, trace };
  }

  /** Partitions that do not exist any more have no lag. */
  forget(removed: readonly TopicPartition[]): void {
    const { counters } = this.#options.context;
    for (const partition of removed) {
      counters.lag -= counters.lags.get(partitionKey(partition)) ?? 0;
      counters.lags.delete(partitionKey(partition));
    }
  }

  #traceOf(fetched: readonly FetchedBatch[], beganMs: number): BatchTrace | undefined {
    const { tracing } = this.#options;
    if (!tracing.isOn) return undefined;
    const records = fetched.reduce((sum, batch) => sum + batch.records.length, 0);
    if (records === 0) return undefined;
    const links = tracing.hasLinks ? producersOf(fetched) : [];
    const trace = tracing.begin('sink', { beganMs, records, links });
    const topics = [...new Set(fetched.map(({ topic }) => topic))];
    trace?.note('fetch', beganMs, { records, topics });
    return trace;
  }

  #count(batch: FetchedBatch): void {
    const { counters, usedTopics } = this.#options.context;
    if (batch.records.length > 0) usedTopics.add(batch.topic);
    counters.recordsIn += batch.records.length;
    for (const record of batch.records) counters.bytes += recordBytes(record);
    const name = partitionKey(batch);
    const lag = Math.max(0, batch.highWatermark - batch.nextOffset);
    counters.lag += lag - (counters.lags.get(name) ?? 0);
    counters.lags.set(name, lag);
  }
}
