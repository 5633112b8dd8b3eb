import { SluiceError, toError } from '@sluice/kernel';
import {
  type FetchedRecord,
  type Header,
  HeadersReader,
  type TopicPartition,
} from '@sluice/record-log';

import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts';
import { decompress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { at, attribute, batchOverheadBytes } from './record-batch-layout.ts';
import { unzigzag } from './varint.ts';

export interface DecodeOptions {
  /** Records below are skipped: a fetch answers with whole batches. */
  readonly fromOffset: number;
  /** As the fetch response has them, with READ_COMMITTED: their records are skipped. */
  readonly abortedTransactions?: readonly AbortedTransaction[];
  /** Default true. */
  readonly verifyCrc?: boolean;
  /** What the records of one batch may become when they are decompressed. Default 128 MiB. */
  readonly batchBytesMax?: number;
  /** For messages. */
  readonly topicPartition?: TopicPartition;
}

const batchBytesMaxDefault = 128 * 1024 * 1024;
const noHeaders: readonly Header[] = [];
const noBytes = Buffer.alloc(0);

/**
 * The record batches of one partition in a fetch response, read some records at a time. Keys, values and
 * header values are views of the response, or of what a batch was decompressed to: copy what is kept.
 *
 * Control batches and those of aborted transactions are passed over, and so is what compaction has
 * removed; `nextOffset` counts them. The broker may cut the last batch off: it is ignored.
 *
 * A batch that cannot be read is told by the call of `next` that would have to begin with it, each
 * time; what comes before it was given. The cursor does not go past it.
 */
export class RecordBatchCursor {
  /** Of the response, for whoever limits what is held in memory. */
  readonly bytes: number;
  readonly #buffer: Buffer;
  readonly #options: DecodeOptions;
  readonly #aborted: AbortedTransactions;
  /** Start of the batch after the one that is being read. */
  #batchAt = 0;
  #isDone = false;
  #nextOffset: number;

  // The batch that is being read; none when #left is 0.
  #left = 0;
  #records: Buffer = noBytes;
  #at = 0;
  #baseOffset = 0;
  #endOffset = 0;
  #baseTimestampMs = 0;
  /** With `LogAppendTime`, the time of all its records. */
  #appendTimeMs: number | undefined;
  readonly #lastHeaders = new HeadersReader();

  constructor(buffer: Buffer, options: DecodeOptions) {
    this.bytes = buffer.length;
    this.#buffer = buffer;
    this.#options = options;
    this.#aborted = new AbortedTransactions(options.abortedTransactions ?? []);
    this.#nextOffset = options.fromOffset;
  }

  /** Where to go on after what `next` has given, and after all that is passed over behind it. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** No more records will come. Known after the first `next`. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** @throws SluiceError `log.corrupt`, `log.unknown_format`, `log.batch_too_large`. */
  next(max: number): FetchedRecord[] {
    const records: FetchedRecord[] = [];
    try {
      while (this.#left > 0 || this.#openBatch()) {
        if (records.length >= max) break;
        this.#readRecords(max, records);
      }
    } catch (error) {
      if (records.length === 0) throw error;
    }
    return records;
  }

  #readRecords(max: number, records: FetchedRecord[]): void {
    const { fromOffset } = this.#options;
    while (this.#left > 0 && records.length < max) {
      const record = this.#record(fromOffset);
      this.#left -= 1;
      if (record === undefined) continue;
      records.push(record);
      this.#nextOffset = record.offset + 1;
    }
    if (this.#left === 0) this.#closeBatch();
  }

  /** Goes to the next batch with records that are wanted. */
  #openBatch(): boolean {
    for (;;) {
      const start = this.#batchAt;
      const buffer = this.#buffer;
      const left = buffer.length - start;
      const end =
        left < at.magic
          ? Number.POSITIVE_INFINITY
          : start + at.leaderEpoch + buffer.readInt32BE(start + at.length);
      if (left <= at.magic || (end > buffer.length && buffer[start + at.magic] === 2)) {
        this.#endOfBuffer(start);
        return false;
      }
      this.#checkFormat(start, end);
      const { verifyCrc = true } = this.#options;
      if (
        verifyCrc &&
        crc32c(buffer, start + at.attributes, end) !== buffer.readUInt32BE(start + at.crc)
      ) {
        throw this.#corrupt(start, 'its checksum is wrong');
      }
      if (this.#enterBatch(start, end)) return true;
    }
  }

  /** Returns whether it has records that are wanted; if not, it is passed over. */
  #enterBatch(start: number, end: number): boolean {
    const buffer = this.#buffer;
    const attributes = buffer.readInt16BE(start + at.attributes);
    const baseOffset = readInt64(buffer, start + at.baseOffset);
    const lastOffset = baseOffset + buffer.readInt32BE(start + at.lastOffsetDelta);
    if (lastOffset < baseOffset) throw this.#corrupt(start, 'it ends before it begins');
    const producerId = readInt64(buffer, start + at.producerId);
    const isControl = (attributes & attribute.control) !== 0;
    const isAborted =
      (attributes & attribute.transactional) !== 0 &&
      this.#aborted.has(producerId, lastOffset, isControl);
    const count = buffer.readInt32BE(start + at.count);
    this.#endOffset = lastOffset + 1;
    if (isControl || isAborted || count === 0 || lastOffset < this.#options.fromOffset) {
      this.#batchAt = end;
      this.#closeBatch();
      return false;
    }
    const records = this.#inflate(start, end, attributes & attribute.compressionMask);
    // A record has at least 7 bytes: a wild count must not become a long loop.
    if (count < 0 || count * 7 > records.length)
      throw this.#corrupt(start, `it claims ${count} records`);
    this.#batchAt = end;
    this.#records = records;
    this.#at = 0;
    this.#left = count;
    this.#baseOffset = baseOffset;
    this.#baseTimestampMs = readInt64(buffer, start + at.baseTimestamp);
    this.#appendTimeMs =
      (attributes & attribute.logAppendTime) === 0
        ? undefined
        : readInt64(buffer, start + at.maxTimestamp);
    return true;
  }

  #closeBatch(): void {
    this.#nextOffset = Math.max(this.#nextOffset, this.#endOffset);
    this.#records = noBytes;
    this.#left = 0;
  }

  #endOfBuffer(start: number): void {
    // Brokers since Kafka 0.10.1 answer with one whole batch at least, whatever the limits.
    if (start === 0 && this.bytes > 0) {
      throw this.#corrupt(start, `a response of ${this.bytes} bytes has not one whole batch`);
    }
    this.#isDone = true;
  }

  #checkFormat(start: number, end: number): void {
    const magic = this.#buffer[start + at.magic];
    if (magic !== 2) {
      throw new SluiceError(
        'log.unknown_format',
        `${this.#place(start)} is in message format v${magic}, which Kafka before 0.11 wrote: Sluice reads v2; copy the topic with a client that reads both`,
        { details: { ...this.#options.topicPartition, magic } },
      );
    }
    if (end - start < batchOverheadBytes)
      throw this.#corrupt(start, 'it is shorter than its header');
  }

  #inflate(start: number, end: number, compression: number): Buffer {
    const stored = this.#buffer.subarray(start + at.records, end);
    if (compression === 0) return stored;
    try {
      return decompress(compression, stored, this.#options.batchBytesMax ?? batchBytesMaxDefault);
    } catch (thrown) {
      const cause = toError(thrown);
      throw new SluiceError(
        cause instanceof SluiceError ? cause.code : 'log.corrupt',
        `${this.#place(start)} cannot be decompressed: ${cause.message}`,
        { cause, details: { ...this.#options.topicPartition } },
      );
    }
  }

  /** undefined: it is below `fromOffset`. Leaves everything as it was when it cannot be read. */
  #record(fromOffset: number): FetchedRecord | undefined {
    const start = this.#at;
    const records = this.#records;
    const length = this.#varint();
    const end = this.#at + length;
    if (length < 0 || end > records.length) throw this.#corruptRecord(start);
    this.#at += 1; // Attributes.
    const timestampDelta = this.#varint();
    const offset = this.#baseOffset + this.#varint();
    if (offset < fromOffset) {
      this.#at = end;
      return undefined;
    }
    const key = this.#bytes(records, end);
    const value = this.#bytes(records, end);
    const headers = this.#headers(records, end);
    if (this.#at !== end) throw this.#corruptRecord(start);
    const timestampMs = this.#appendTimeMs ?? this.#baseTimestampMs + timestampDelta;
    return { offset, timestampMs, key, value, headers };
  }

  #headers(records: Buffer, end: number): readonly Header[] {
    const start = this.#at;
    const count = this.#varint();
    if (count === 0) return noHeaders;
    if (this.#lastHeaders.areAt(records, start)) {
      this.#at = start + this.#lastHeaders.size;
      return this.#lastHeaders.headers;
    }
    const headers: Header[] = [];
    for (let index = 0; index < count && this.#at < end; index += 1) {
      const name = this.#bytes(records, end) ?? noBytes;
      headers.push([name.toString('utf8'), this.#bytes(records, end)]);
    }
    if (headers.length !== count) this.#at = Number.NaN; // Told as a corrupt record.
    // Those that end elsewhere are refused.
    if (this.#at === end) this.#lastHeaders.keep(headers, records, start, end);
    return headers;
  }

  #bytes(records: Buffer, end: number): Buffer | null {
    const length = this.#varint();
    if (length === -1) return null;
    const start = this.#at;
    this.#at = length < 0 || length > end - start ? Number.NaN : start + length;
    return records.subarray(start, start + length);
  }

  #varint(): number {
    const byte = this.#records[this.#at];
    if (byte !== undefined && byte < 0x80) {
      this.#at += 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
    return this.#longVarint();
  }

  #longVarint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 0x80) {
      const byte = this.#records[this.#at];
      if (byte === undefined) break;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return unzigzag(value);
    }
    this.#at = Number.NaN; // Told as a corrupt record.
    return 0;
  }

  #corruptRecord(start: number): SluiceError {
    this.#at = start;
    return this.#corruptError(
      `the record after offset ${this.#nextOffset - 1} in the batch that begins at ${this.#baseOffset}`,
      'it is not what its length says',
      this.#nextOffset,
    );
  }

  #corrupt(start: number, what: string): SluiceError {
    return this.#corruptError(this.#place(start), what, this.#offsetAt(start));
  }

  #corruptError(place: string, what: string, offset: number): SluiceError {
    return new SluiceError(
      'log.corrupt',
      `${place} is corrupt: ${what}. Check the broker's disk and the network between; a replica may have it whole. To give it up, move the group's offset past it`,
      { details: { ...this.#options.topicPartition, offset } },
    );
  }

  #place(start: number): string {
    const { topicPartition } = this.#options;
    const where = topicPartition
      ? ` of partition ${topicPartition.partition} of topic '${topicPartition.topic}'`
      : '';
    return `the record batch at offset ${this.#offsetAt(start)}${where}`;
  }

  #offsetAt(start: number): number {
    return this.#buffer.length - start >= 8
      ? readInt64(this.#buffer, start + at.baseOffset)
      : this.#nextOffset;
  }
}

/** All records at once. */
export function decodeRecordBatches(
  buffer: Buffer,
  options: DecodeOptions,
): { records: FetchedRecord[]; nextOffset: number } {
  const cursor = new RecordBatchCursor(buffer, options);
  const records = cursor.next(Number.POSITIVE_INFINITY);
  if (!cursor.isDone) cursor.next(1); // Throws what has stopped it.
  return { records, nextOffset: cursor.nextOffset };
}

function readInt64(buffer: Buffer, start: number): number {
  return buffer.readInt32BE(start) * 2 ** 32 + buffer.readUInt32BE(start + 4);
}
