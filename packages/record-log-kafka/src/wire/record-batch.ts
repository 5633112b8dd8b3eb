import { assert } from '@sluice/kernel';
import {
  type Header,
  type HeadersFormat,
  HeadersWriter,
  type ProduceRecord,
} from '@sluice/record-log';

import type { Compression } from '../options.ts';
import { compress } from './compression.ts';
import { crc32c } from './crc32c.ts';
import { at, attribute, batchOverheadBytes, compressionCodes } from './record-batch-layout.ts';
import { lengthVarintBytes, varlongBytes, writeLengthVarint, writeVarlong } from './varint.ts';

export { batchOverheadBytes } from './record-batch-layout.ts';

/** Which records a batch is made of; nothing is copied to say so. */
export interface RecordSelection {
  readonly records: readonly ProduceRecord[];
  /** Indexes into `records`; without it, all in their order. */
  readonly order?: ArrayLike<number> | undefined;
  /** Places in `order`, or in `records` without it: from `start` up to, not including, `end`. */
  readonly start?: number;
  readonly end?: number;
}

export interface BatchOptions {
  /** For records without a timestamp. */
  readonly nowMs: number;
  readonly compression?: Compression;
  readonly isTransactional?: boolean;
  /** −1, with epoch and sequence −1, for a producer that is not idempotent. */
  readonly producerId?: number | bigint;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

/**
 * A batch that is to be written. It was measured (and compressed) when it was planned, and can be written
 * any number of times, always with the same bytes.
 */
export interface PlannedBatch {
  readonly count: number;
  /** Exactly, with the header. */
  readonly bytes: number;
  /** Of the header and the records before compression. */
  readonly rawBytes: number;
  /** Returns the place after it. */
  writeInto(target: Buffer, start: number): number;
}

/** Measures the records in one pass; the second pass writes each of them once, into its place in the request. */
export function planRecordBatch(selection: RecordSelection, options: BatchOptions): PlannedBatch {
  const batch = measure(selection, options.nowMs);
  const { count, recordsBytes } = batch;
  const rawBytes = batchOverheadBytes + recordsBytes;
  const { compression = 'none' } = options;
  if (compression === 'none') {
    return {
      count,
      bytes: rawBytes,
      rawBytes,
      writeInto: (target, start) => {
        const end = writeRecords(target, start + at.records, batch);
        return writeHeader(target, start, end, batch, options);
      },
    };
  }
  const raw = Buffer.allocUnsafe(recordsBytes);
  writeRecords(raw, 0, batch);
  const compressed = compress(compression, raw);
  return {
    count,
    bytes: batchOverheadBytes + compressed.length,
    rawBytes,
    writeInto: (target, start) => {
      target.set(compressed, start + at.records);
      return writeHeader(target, start, start + at.records + compressed.length, batch, options);
    },
  };
}

/** A batch by itself. */
export function encodeRecordBatch(selection: RecordSelection, options: BatchOptions): Buffer {
  const batch = planRecordBatch(selection, options);
  const target = Buffer.allocUnsafe(batch.bytes);
  batch.writeInto(target, 0);
  return target;
}

/** Exact size of the batch before compression. */
export function recordBatchSize(selection: RecordSelection, nowMs: number): number {
  return batchOverheadBytes + measure(selection, nowMs).recordsBytes;
}

/** At most so much does a record add to any batch before compression. */
export function recordSizeUpperBound({ key, value, headers }: ProduceRecord): number {
  // Length 5, attributes 1, timestamp 8 (2^52), offset 5, key and value 5 each, headers 5.
  let bytes = 34 + (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  if (headers === undefined) return bytes;
  for (const [name, content] of headers) {
    bytes += 10 + Buffer.byteLength(name) + (content === null ? 0 : content.length);
  }
  return bytes;
}

interface MeasuredBatch {
  readonly selection: RecordSelection;
  readonly start: number;
  readonly count: number;
  readonly nowMs: number;
  readonly baseTimestampMs: number;
  readonly maxTimestampMs: number;
  /** Of each record, without the varint that tells it. */
  readonly bodyBytes: Uint32Array;
  readonly recordsBytes: number;
}

const timestampMaxMs = 2 ** 50; // Differences of two stay exact as numbers.
const batchBytesMax = 2 ** 30; // Lengths stay within 31 bits; brokers allow far less.
const noHeaders: readonly Header[] = [];

function measure(selection: RecordSelection, nowMs: number): MeasuredBatch {
  const { records, order, start = 0, end = (order ?? records).length } = selection;
  const count = end - start;
  assert(count > 0, 'a batch has at least one record');
  const baseTimestampMs = timestampOf(recordAt(records, order, start), nowMs);
  let maxTimestampMs = baseTimestampMs;
  const bodyBytes = new Uint32Array(count);
  const headersWriter = new HeadersWriter(headersFormat);
  let recordsBytes = 0;
  for (let index = 0; index < count; index += 1) {
    const record = recordAt(records, order, start + index);
    const { key, value, headers = noHeaders } = record;
    const timestampMs = timestampOf(record, nowMs);
    if (timestampMs > maxTimestampMs) maxTimestampMs = timestampMs;
    let bytes =
      1 +
      (timestampMs === baseTimestampMs ? 1 : varlongBytes(timestampMs - baseTimestampMs)) +
      lengthVarintBytes(index) +
      (key === null ? 1 : lengthVarintBytes(key.length) + key.length) +
      (value === null ? 1 : lengthVarintBytes(value.length) + value.length);
    bytes += headersWriter.size(headers);
    bodyBytes[index] = bytes;
    recordsBytes += lengthVarintBytes(bytes) + bytes;
  }
  assert(recordsBytes < batchBytesMax, `a batch of ${recordsBytes} bytes is too large for Kafka`);
  return {
    selection,
    start,
    count,
    nowMs,
    baseTimestampMs,
    maxTimestampMs,
    bodyBytes,
    recordsBytes,
  };
}

function headersBytes(headers: readonly Header[]): number {
  let bytes = lengthVarintBytes(headers.length);
  for (const [name, content] of headers) {
    const nameBytes = Buffer.byteLength(name);
    bytes += lengthVarintBytes(nameBytes) + nameBytes;
    bytes += content === null ? 1 : lengthVarintBytes(content.length) + content.length;
  }
  return bytes;
}

function writeRecords(target: Buffer, start: number, batch: MeasuredBatch): number {
  const { records, order } = batch.selection;
  const { count, nowMs, baseTimestampMs, bodyBytes } = batch;
  // One for each time: what was written before may be gone from a target that is used again.
  const headersWriter = new HeadersWriter(headersFormat);
  let place = start;
  for (let index = 0; index < count; index += 1) {
    const record = recordAt(records, order, batch.start + index);
    const timestampMs = record.timestampMs ?? nowMs;
    place = writeLengthVarint(target, place, bodyBytes[index] ?? 0);
    target[place++] = 0; // Attributes.
    if (timestampMs === baseTimestampMs) target[place++] = 0;
    else place = writeVarlong(target, place, timestampMs - baseTimestampMs);
    place = writeLengthVarint(target, place, index);
    place = writeNullable(target, place, record.key);
    place = writeNullable(target, place, record.value);
    const { headers = noHeaders } = record;
    if (headers.length === 0) target[place++] = 0;
    else place = headersWriter.write(target, place, headers);
  }
  return place;
}

const headersFormat: HeadersFormat = { size: headersBytes, write: writeHeaders };

function writeHeaders(target: Buffer, start: number, headers: readonly Header[]): number {
  let place = writeLengthVarint(target, start, headers.length);
  for (const [name, content] of headers) {
    place = writeLengthVarint(target, place, Buffer.byteLength(name));
    place += target.write(name, place);
    place = writeNullable(target, place, content);
  }
  return place;
}

function writeHeader(
  target: Buffer,
  start: number,
  end: number,
  batch: MeasuredBatch,
  options: BatchOptions,
): number {
  const { compression = 'none', isTransactional = false } = options;
  const { producerId = -1, producerEpoch = -1, baseSequence = -1 } = options;
  writeInt64(target, start + at.baseOffset, 0);
  target.writeInt32BE(end - start - at.leaderEpoch, start + at.length);
  target.writeInt32BE(0, start + at.leaderEpoch);
  target[start + at.magic] = 2;
  target.writeInt16BE(
    compressionCodes[compression] | (isTransactional ? attribute.transactional : 0),
    start + at.attributes,
  );
  target.writeInt32BE(batch.count - 1, start + at.lastOffsetDelta);
  writeInt64(target, start + at.baseTimestamp, batch.baseTimestampMs);
  writeInt64(target, start + at.maxTimestamp, batch.maxTimestampMs);
  target.writeBigInt64BE(BigInt(producerId), start + at.producerId);
  target.writeInt16BE(producerEpoch, start + at.producerEpoch);
  target.writeInt32BE(baseSequence, start + at.baseSequence);
  target.writeInt32BE(batch.count, start + at.count);
  target.writeUInt32BE(crc32c(target, start + at.attributes, end), start + at.crc);
  return end;
}

function writeNullable(target: Buffer, start: number, bytes: Uint8Array | null): number {
  if (bytes === null) {
    target[start] = 1; // −1 in zigzag.
    return start + 1;
  }
  const place = writeLengthVarint(target, start, bytes.length);
  target.set(bytes, place);
  return place + bytes.length;
}

function writeInt64(target: Buffer, start: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  target.writeInt32BE(high, start);
  target.writeUInt32BE(value - high * 2 ** 32, start + 4);
}

function recordAt(
  records: readonly ProduceRecord[],
  order: ArrayLike<number> | undefined,
  index: number,
): ProduceRecord {
  const record = records[order === undefined ? index : (order[index] ?? -1)];
  assert(record, 'a selection names records that exist');
  return record;
}

function timestampOf({ timestampMs }: ProduceRecord, nowMs: number): number {
  if (timestampMs === undefined) return nowMs;
  assert(
    Number.isInteger(timestampMs) && Math.abs(timestampMs) <= timestampMaxMs,
    `timestampMs must be whole milliseconds, not ${timestampMs}`,
  );
  return timestampMs;
}
