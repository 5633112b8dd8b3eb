/**
 * The calls of a sink's `put`, one after the other. Owned by the task's loop.
 *
 *     nothing held ── put refused retriably ──▶ held: the same records again, later
 *        ▲   │                                    ▲
 *        │   └── refused for good, and searched ──┤ held: halves of the batch, in their order
 *        └── all put, or given up and their letters durable: the batch is delivered
 *
 * A batch is delivered as a whole. Until then its offsets are not committed, so whatever ends the run makes it come
 * again.
 */
import type { SinkRecord, SinkTask, TopicPartition } from '@sluice/connector-api';
import { backoffMs, isFenced, isRetriable, SluiceError, toError } from '@sluice/kernel';

import type { ErrantRecords } from './errors/errant-records.ts';
import type { ErrorSettings } from './errors/error-settings.ts';
import { PutSearch } from './errors/put-search.ts';
import type { LogCalls } from './log-calls.ts';
import { type PartitionOffset, partitionKey } from './sink-positions.ts';
import { countBatch } from './task-metrics.ts';
import type { TaskRunContext } from './task-run.ts';
import { type BatchTrace, traced } from './tracing/batch-trace.ts';

export interface SinkBatch {
  readonly records: readonly SinkRecord[];
  /** The offset after each partition's part of the batch. */
  readonly ends: readonly PartitionOffset[];
  readonly trace: BatchTrace | undefined;
}

export const emptyBatch: SinkBatch = { records: [], ends: [], trace: undefined };

export interface SinkPutsOptions {
  readonly context: TaskRunContext;
  readonly calls: LogCalls;
  readonly task: SinkTask;
  readonly settings: ErrorSettings;
  readonly errant: ErrantRecords;
  /** With the records that `put` took. */
  readonly onDelivered: (batch: SinkBatch) => void;
}

interface Held {
  readonly batch: SinkBatch;
  /** Of what is put next, since it was put last. */
  readonly attempts: number;
  readonly search: PutSearch | undefined;
}

export class SinkPuts {
  readonly #options: SinkPutsOptions;
  #held: Held | undefined;
  /** Asked for by `context.timeout`, once. */
  #timeoutMs: number | undefined;
  #dueAtMs = 0;

  constructor(options: SinkPutsOptions) {
    this.#options = options;
  }

  /** A batch that was not delivered comes before anything else. */
  get isHolding(): boolean {
    return this.#held !== undefined;
  }

  /** Monotonic ms: when what is held, or else an empty batch, is to be put. */
  get dueAtMs(): number {
    return this.#dueAtMs;
  }

  isDue(): boolean {
    return this.#nowMs >= this.#dueAtMs;
  }

  /** `context.timeout` */
  timeout(ms: number): void {
    this.#timeoutMs = ms;
    this.#dueAtMs = Math.min(this.#dueAtMs, this.#nowMs + ms);
  }

  /** Puts what is held, else `batch`. @throws what the task threw for good, or what a dead letter queue did. */
  async put(batch: SinkBatch): Promise<void> {
    const { context, errant, onDelivered, task } = this.#options;
    await errant.untilFew();
    const held = this.#held ?? { batch, attempts: 0, search: undefined };
    const { search } = held;
    const records = search ? search.next : held.batch.records;
    this.#timeoutMs = undefined;
    context.scope.assertMayAct();
    const beganMs = this.#nowMs;
    if (records) {
      try {
        const facts = { records: records.length };
        await traced(held.batch.trace, 'put', facts, async () => task.put(records));
      } catch (error) {
        this.#refused(held, records, error);
        return;
      }
      search?.accept();
    }
    this.#options.calls.noteSuccess('put');
    errant.throwIfFailed();
    if (search?.next) {
      this.#hold({ ...held, attempts: 0 }, 0);
      return;
    }
    const { length } = held.batch.records;
    if (length > 0) countBatch(context.counters, length, this.#nowMs - beganMs);
    if (search) await this.#giveUp(search);
    this.#held = undefined;
    this.#dueAtMs =
      this.#nowMs + Math.min(this.#timeoutMs ?? Infinity, context.options.sinkIdlePutMs);
    onDelivered(search ? { ...held.batch, records: search.accepted } : held.batch);
  }

  /** What is held of these is not put: it is read again, or does not exist any more. */
  drop(partitions: readonly TopicPartition[]): void {
    if (!this.#held || partitions.length === 0) return;
    this.#held.search?.retain(outside(partitions));
    this.#held = { ...this.#held, batch: withoutPartitions(this.#held.batch, partitions) };
  }

  /** Everything is read again. */
  dropAll(): void {
    this.#held?.batch.trace?.fail(rewound);
    this.#held = undefined;
  }

  /** @throws the error unless the same records, or parts of them, are to be put later. */
  #refused(held: Held, records: readonly SinkRecord[], error: unknown): void {
    const { calls, context, settings } = this.#options;
    const { counters, options, scope } = context;
    if (scope.isClosing || isFenced(error)) throw error;
    if (isRetriable(error)) {
      counters.retries += 1;
      calls.noteFailure('put', error);
      const attempts = held.attempts + 1;
      const backoff = backoffMs(attempts, options.taskBackoff, options.random);
      this.#hold({ ...held, attempts }, this.#timeoutMs ?? backoff);
      return;
    }
    const isSearched = settings.isPutSearched && settings.tolerance === 'all';
    if (!isSearched || records.length === 0) throw error;
    const search = held.search ?? new PutSearch(records, error);
    if (held.search) search.refuse(error);
    if (search.refused.length > settings.refusedByPutMax) throw tooMany(search, error);
    this.#hold({ ...held, attempts: 0, search }, 0);
  }

  async #giveUp(search: PutSearch): Promise<void> {
    const { errant } = this.#options;
    for (const { error, record } of search.refused) void errant.report(record, error);
    await errant.settled();
  }

  #hold(held: Held, waitMs: number): void {
    this.#held = held;
    this.#dueAtMs = this.#nowMs + waitMs;
  }

  get #nowMs(): number {
    return this.#options.context.options.clock.monotonicMs();
  }
}

export function withoutPartitions(
  batch: SinkBatch,
  partitions: readonly TopicPartition[],
): SinkBatch {
  const names = new Set(partitions.map(partitionKey));
  return {
    ...batch,
    records: batch.records.filter(outside(partitions)),
    ends: batch.ends.filter((end) => !names.has(partitionKey(end))),
  };
}

function outside(partitions: readonly TopicPartition[]): (record: SinkRecord) => boolean {
  const names = new Set(partitions.map(partitionKey));
  return (record) => !names.has(partitionKey(record.original ?? record));
}

const rewound = new SluiceError(
  'task.rewound',
  'a flush of the task failed: what was read since the last commit comes again',
);

function tooMany({ refused }: PutSearch, error: unknown): SluiceError {
  return new SluiceError(
    'task.put_refuses_too_much',
    `put refused ${String(refused.length)} records of one batch, more than errors.deadletterqueue.put.records.max: ` +
      `it is probably not the records. Nothing of the batch was committed. The last error: ${toError(error).message}`,
    { cause: error, details: { refused: refused.length } },
  );
}
