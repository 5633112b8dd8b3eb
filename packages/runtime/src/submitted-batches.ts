/**
 * Which offsets of a source may be stored: per source partition, only past a contiguous prefix of
 * acknowledged batches. After Kafka Connect's SubmittedRecords, but counted by batch: a batch is
 * acknowledged as a whole, so only its last offset of each partition is kept. Pure: no I/O, no time.
 *
 *     submit ──▶ in flight ── acknowledge, and everything before it in its partition ──▶ due ──take──▶ stored
 *                                                                                        ◀─giveBack─┘ (not stored)
 */
import type { SourceOffsetValue, SourcePartition, SourceRecord } from '@sluice/connector-api';

import { assertStorable } from './polled-records.ts';

export interface SubmittedBatch {
  isAcknowledged: boolean;
  readonly queues: PartitionQueue[];
}

export interface DueOffset {
  readonly name: string;
  readonly partition: SourcePartition;
  readonly offset: SourceOffsetValue;
}

interface Entry {
  readonly batch: SubmittedBatch;
  /** Undefined: records of this partition without an offset, which hold up later ones all the same. */
  offset: SourceOffsetValue | undefined;
}

interface PartitionQueue {
  readonly name: string;
  readonly partition: SourcePartition;
  readonly entries: Entry[];
}

/** Partitions whose stored offset is remembered, so that storing the same again is skipped. */
const rememberedMax = 1_000;

export class SubmittedBatches {
  readonly #queues = new Map<string, PartitionQueue>();
  readonly #due = new Map<string, DueOffset>();
  readonly #stored = new Map<string, string>();

  /** In the order of polling. @throws DataError for an offset or a partition that cannot be stored. */
  submit(records: readonly SourceRecord[]): SubmittedBatch {
    const batch: SubmittedBatch = { isAcknowledged: false, queues: [] };
    let last: { partition: SourcePartition; entry: Entry } | undefined;
    for (const record of records) {
      const partition = record.sourcePartition;
      if (partition === undefined) continue;
      // Most records carry the same partition object as the one before: no name has to be made then.
      if (last?.partition !== partition) {
        last = { partition, entry: this.#entryOf(batch, partition) };
      }
      if (record.sourceOffset !== undefined) last.entry.offset = record.sourceOffset;
    }
    for (const { entries } of batch.queues) {
      const newest = entries.at(-1);
      if (!newest?.offset) continue;
      assertStorable(newest.offset);
      // The plugin may go on changing its own.
      newest.offset = { ...newest.offset };
    }
    return batch;
  }

  acknowledge(batch: SubmittedBatch): void {
    batch.isAcknowledged = true;
    for (const queue of batch.queues) this.#advance(queue);
  }

  /** True if `take` would return something. */
  get hasDue(): boolean {
    return this.#due.size > 0;
  }

  /** Offsets to store now. Each is returned once; `giveBack` makes those due again that were not stored. */
  take(): DueOffset[] {
    const taken = [...this.#due.values()].filter(
      ({ name, offset }) => this.#stored.get(name) !== canonicalText(offset),
    );
    this.#due.clear();
    return taken;
  }

  markStored(taken: readonly DueOffset[]): void {
    for (const { name, offset } of taken) {
      this.#stored.delete(name);
      this.#stored.set(name, canonicalText(offset));
    }
    for (const name of this.#stored.keys()) {
      if (this.#stored.size <= rememberedMax) break;
      this.#stored.delete(name);
    }
  }

  giveBack(taken: readonly DueOffset[]): void {
    for (const due of taken) if (!this.#due.has(due.name)) this.#due.set(due.name, due);
  }

  #entryOf(batch: SubmittedBatch, partition: SourcePartition): Entry {
    assertStorable(partition);
    const name = canonicalText(partition);
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = { name, partition: { ...partition }, entries: [] };
      this.#queues.set(name, queue);
    }
    const newest = queue.entries.at(-1);
    if (newest?.batch === batch) return newest;
    const entry: Entry = { batch, offset: undefined };
    queue.entries.push(entry);
    batch.queues.push(queue);
    return entry;
  }

  #advance(queue: PartitionQueue): void {
    let acknowledged = 0;
    for (const entry of queue.entries) {
      if (!entry.batch.isAcknowledged) break;
      acknowledged += 1;
      if (entry.offset !== undefined) {
        const { name, partition } = queue;
        this.#due.set(name, { name, partition, offset: entry.offset });
      }
    }
    queue.entries.splice(0, acknowledged);
    // An empty queue would be kept for every partition ever seen.
    if (queue.entries.length === 0 && this.#queues.get(queue.name) === queue)
      this.#queues.delete(queue.name);
  }
}

/** One text for equal objects, whatever the order of their fields; bigint and number stay different. */
function canonicalText(value: SourcePartition | SourceOffsetValue): string {
  const names = Object.keys(value);
  if (names.length > 1) names.sort();
  let text = '';
  for (const name of names) {
    const field = value[name];
    const encoded = typeof field === 'bigint' ? `${String(field)}n` : JSON.stringify(field ?? null);
    text += `${JSON.stringify(name)}:${encoded},`;
  }
  return text;
}
