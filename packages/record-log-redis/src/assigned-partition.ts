import type { FetchedBatch, FetchedRecord, TopicPartition } from '@sluice/record-log';

import { BatchCursor } from './batch-format.ts';

/** One partition of the reply of the fetch script. */
export interface FetchReply {
  readonly low: number;
  readonly high: number;
  readonly isLost: boolean;
  /** Alternating id and payload. */
  readonly entries: readonly Buffer[];
}

/** Where a group goes on, and the id of the batch that ends there if that is the end of the partition. */
export interface Place {
  readonly position: number;
  readonly lastId: string;
}

/**
 * A partition that a reader is assigned: where it is, and what is fetched ahead.
 * `position` is the next offset to be polled, `fetchFrom` the next to be fetched; between them lies what
 * is prefetched. Both jump on a seek, whose `epoch` makes replies of fetches under way worthless.
 */
export class AssignedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  position: number;
  fetchFrom: number;
  highWatermark = 0;
  isPaused = false;
  /** Nothing more was there when last looked, and nobody has told of anything new since. */
  isAtEnd = false;
  epoch = 0;
  /** Counts wakes, so that one that comes during a fetch is not lost. */
  wakes = 0;
  /**
   * Id of the batch before `fetchFrom`, or that it is in, if known; and the session of the connection in
   * which it was seen to exist.
   */
  lastId: string;
  seenInSession = 0;
  /** Id of the batch from which the last record was taken. */
  takenId = '';
  #queue: FetchedEntry[] = [];
  #bytes = 0;

  constructor({ topic, partition }: TopicPartition, { position, lastId }: Place) {
    this.topic = topic;
    this.partition = partition;
    this.position = position;
    this.fetchFrom = position;
    this.lastId = lastId;
    this.takenId = lastId;
  }

  get prefetchedBytes(): number {
    return this.#bytes;
  }

  /** Something may be there. */
  wake(nextOffset: number | undefined): void {
    this.wakes += 1;
    this.isAtEnd = false;
    if (nextOffset !== undefined && nextOffset > this.highWatermark)
      this.highWatermark = nextOffset;
  }

  /** Goes to an offset and forgets what is fetched ahead. `lastId`: a batch that must exist then. */
  moveTo(offset: number, lastId = ''): void {
    this.position = offset;
    this.fetchFrom = offset;
    this.lastId = lastId;
    this.takenId = lastId;
    this.isAtEnd = false;
    this.epoch += 1;
    this.#queue = [];
    this.#bytes = 0;
  }

  accept({ high, entries }: FetchReply): void {
    this.highWatermark = high;
    for (let index = 0; index + 1 < entries.length; index += 2) {
      const id = entries[index]?.toString('latin1') ?? '';
      const payload = entries[index + 1];
      if (payload === undefined) break;
      const cursor = new BatchCursor(payload, Number(id.slice(0, id.indexOf('-'))));
      this.lastId = id;
      this.fetchFrom = cursor.endOffset;
      this.#queue.push({ id, cursor });
      this.#bytes += cursor.bytes;
    }
  }

  /** At most `recordsMax` prefetched records, or nothing. */
  take(recordsMax: number): FetchedBatch | undefined {
    const records: FetchedRecord[] = [];
    while (records.length < recordsMax) {
      const entry = this.#queue[0];
      if (!entry) break;
      const { id, cursor } = entry;
      this.takenId = id;
      cursor.read(this.position, recordsMax - records.length, records);
      if (cursor.firstOffset < cursor.endOffset) break;
      this.#queue.shift();
      this.#bytes -= cursor.bytes;
    }
    const last = records.at(-1);
    if (!last) return undefined;
    this.position = last.offset + 1;
    const { topic, partition, position: nextOffset, highWatermark } = this;
    return { topic, partition, records, nextOffset, highWatermark };
  }
}

interface FetchedEntry {
  readonly id: string;
  readonly cursor: BatchCursor;
}
