import type { FetchedBatch, FetchedRecord } from '@sluice/record-log';

import type { FetchTarget } from './fetcher.ts';
import { endOffsetOf } from './wire/end-offset.ts';
import { errorCodes } from './wire/error-codes.ts';
import type { FetchedPartition } from './wire/fetch.ts';
import { RecordBatchCursor } from './wire/record-batch-cursor.ts';
import type { Isolation } from './wire/request.ts';

/** What a reader gives its partitions. */
export interface PartitionOwner {
  readonly isolation: Isolation;
  /** How many bytes the partition may have fetched now; 0: none. */
  readonly room: (partition: AssignedPartition) => number;
  /** Something can be polled, or the position changed. */
  readonly onChange: () => void;
  /** The log does not hold the position; the reader answers with `seek`. */
  readonly onOutOfRange: (partition: AssignedPartition) => void;
  /** It cannot be read: the next poll says so. */
  readonly onFailure: (partition: AssignedPartition, errorCode: number) => void;
}

/**
 * One partition of a reader: its position, and what was fetched ahead of it.
 *
 * `position` is the next offset to be polled, `#fetchFrom` the next to be fetched. What arrives for another
 * offset than that was asked for before a seek, and is dropped.
 */
export class AssignedPartition implements FetchTarget {
  readonly topic: string;
  readonly partition: number;
  readonly #owner: PartitionOwner;
  #position: number;
  #fetchFrom: number;
  #cursors: RecordBatchCursor[] = [];
  #bytes = 0;
  #highWatermark = 0;
  #isStuck = false;
  isPaused = false;

  constructor(
    { topic, partition }: { readonly topic: string; readonly partition: number },
    position: number,
    owner: PartitionOwner,
  ) {
    this.topic = topic;
    this.partition = partition;
    this.#position = position;
    this.#fetchFrom = position;
    this.#owner = owner;
  }

  get isolation(): Isolation {
    return this.#owner.isolation;
  }

  get position(): number {
    return this.#position;
  }

  /** Fetched and not polled yet. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Where to go on is being found out. */
  get isStuck(): boolean {
    return this.#isStuck;
  }

  get hasRecords(): boolean {
    return this.#cursors.length > 0;
  }

  seek(offset: number): void {
    this.#position = offset;
    this.#fetchFrom = offset;
    this.#cursors = [];
    this.#bytes = 0;
    this.#isStuck = false;
  }

  /** Fetches on from there. What was fetched before is polled first. */
  fetchFrom(offset: number): void {
    if (!this.hasRecords) this.#position = offset;
    this.#fetchFrom = offset;
    this.#isStuck = false;
  }

  wanted(): { offset: number; bytesMax: number } | undefined {
    if (this.isPaused || this.#isStuck) return undefined;
    const bytesMax = this.#owner.room(this);
    return bytesMax > 0 ? { offset: this.#fetchFrom, bytesMax } : undefined;
  }

  received(fetched: FetchedPartition, offset: number): void {
    if (offset !== this.#fetchFrom) return;
    this.#highWatermark = fetched.highWatermark;
    const endOffset = endOffsetOf(fetched.records);
    if (endOffset === undefined || endOffset <= offset) return;
    const { topic, partition, isolation } = this;
    const cursor = new RecordBatchCursor(fetched.records, {
      fromOffset: offset,
      topicPartition: { topic, partition },
      ...(isolation === 'read_committed'
        ? { abortedTransactions: fetched.abortedTransactions }
        : {}),
    });
    this.#fetchFrom = endOffset;
    this.#cursors.push(cursor);
    this.#bytes += cursor.bytes;
    this.#owner.onChange();
  }

  refused(errorCode: number, offset: number): void {
    if (offset !== this.#fetchFrom) return;
    // Until it is known where to go on, asking again would be refused again.
    this.#isStuck = true;
    if (errorCode === errorCodes.OFFSET_OUT_OF_RANGE) this.#owner.onOutOfRange(this);
    else this.#owner.onFailure(this, errorCode);
  }

  /**
   * At most `recordsMax` records that were fetched, or nothing. A batch without records tells that the position
   * went past records that nobody is to see. @throws what `RecordBatchCursor.next` throws.
   */
  take(recordsMax: number): FetchedBatch | undefined {
    let records: FetchedRecord[] = [];
    const before = this.#position;
    while (records.length < recordsMax) {
      const cursor = this.#cursors[0];
      if (!cursor) break;
      const next = cursor.next(recordsMax - records.length);
      records = records.length === 0 ? next : records.concat(next);
      this.#position = cursor.nextOffset;
      if (!cursor.isDone) break;
      this.#cursors.shift();
      this.#bytes -= cursor.bytes;
    }
    if (this.#position === before) return undefined;
    const { topic, partition, position: nextOffset } = this;
    return {
      topic,
      partition,
      records,
      nextOffset,
      highWatermark: Math.max(this.#highWatermark, nextOffset),
    };
  }
}
