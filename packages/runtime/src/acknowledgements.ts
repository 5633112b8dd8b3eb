/**
 * What the plugin's task is still to be told: `commitRecord` for each acknowledged record, and `commit`
 * once the offsets of everything told before it are stored. A queue, because only the task's own loop may
 * call the task; the order in it is the order of the calls.
 */
import type { RecordMetadata, SourceRecord, SourceTask, TaskLogger } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import type { ProduceAck } from '@sluice/record-log';

import type { ProcessedBatch } from './process-source-batch.ts';
import type { RunScope } from './run-scope.ts';
import type { MutableCounters } from './task-metrics.ts';

interface AcknowledgedBatch {
  readonly kind: 'acknowledged';
  readonly batch: ProcessedBatch;
  readonly acks: readonly ProduceAck[];
}

/** Stands where a flush of the offsets began: what was acknowledged later is told after its outcome. */
export interface FlushMark {
  readonly kind: 'flush';
  outcome: 'pending' | 'stored' | 'dropped';
}

export interface AcknowledgementsOptions {
  readonly task: SourceTask;
  readonly scope: RunScope;
  readonly counters: MutableCounters;
  readonly logger: TaskLogger;
}

export class Acknowledgements {
  readonly #options: AcknowledgementsOptions;
  readonly #queue: (AcknowledgedBatch | FlushMark)[] = [];
  #records = 0;

  constructor(options: AcknowledgementsOptions) {
    this.#options = options;
  }

  /** Records that the task was not told of yet. */
  get records(): number {
    return this.#records;
  }

  add(batch: ProcessedBatch, acks: readonly ProduceAck[]): void {
    if (!this.#options.task.commitRecord) return;
    this.#queue.push({ kind: 'acknowledged', batch, acks });
    this.#records += batch.records.length;
  }

  markFlush(): FlushMark {
    const mark: FlushMark = { kind: 'flush', outcome: 'pending' };
    if (this.#options.task.commit) this.#queue.push(mark);
    return mark;
  }

  /** Tells the task what can be told now. To be called by the task's own loop only. */
  async tell(): Promise<void> {
    const { scope } = this.#options;
    for (;;) {
      const next = this.#queue[0];
      if (!next || (next.kind === 'flush' && next.outcome === 'pending')) return;
      if (!scope.mayAct()) return;
      this.#queue.shift();
      if (next.kind === 'acknowledged') {
        this.#records -= next.batch.records.length;
        await this.#commitRecords(next);
      } else if (next.outcome === 'stored') {
        await this.#commit();
      }
    }
  }

  async #commitRecords({ batch, acks }: AcknowledgedBatch): Promise<void> {
    for (const [group, { topic, records }] of batch.topics.entries()) {
      const ack = acks[group];
      const positions = batch.positions[group];
      for (let index = 0; index < records.length; index += 1) {
        const record = batch.records[positions?.[index] ?? index];
        if (!record) continue;
        const partition = ack?.partitions[index] ?? 0;
        const offset = ack?.offsets[index] ?? 0;
        // Below 0: the log refused it for good, and that was tolerated.
        const metadata = offset < 0 ? undefined : { topic, partition, offset };
        const telling = this.#commitRecord(record, metadata);
        if (telling) await telling;
      }
    }
    if (batch.droppedCount > 0) await this.#commitDropped(batch);
  }

  /** Told with the records around them: a source that releases up to a record must not release those before it. */
  async #commitDropped({ records, transformed }: ProcessedBatch): Promise<void> {
    for (const [index, record] of records.entries()) {
      if (transformed[index] !== null) continue;
      const telling = this.#commitRecord(record, undefined);
      if (telling) await telling;
    }
  }

  #commitRecord(
    record: SourceRecord,
    metadata: RecordMetadata | undefined,
  ): Promise<void> | undefined {
    try {
      const result = this.#options.task.commitRecord?.(record, metadata);
      if (!(result instanceof Promise)) return undefined;
      return result.catch((error: unknown) => this.#note('commitRecord', error));
    } catch (error) {
      this.#note('commitRecord', error);
      return undefined;
    }
  }

  async #commit(): Promise<void> {
    try {
      await this.#options.task.commit?.();
    } catch (error) {
      this.#note('commit', error);
    }
  }

  /** As in Kafka Connect: the records are safe in the log, so the task goes on. */
  #note(method: string, error: unknown): void {
    const { counters, logger } = this.#options;
    counters.errors += 1;
    logger.warn({ error: toError(error).message }, `${method} of the task threw; the task goes on`);
  }
}
