import { assert, SluiceError } from '@sluice/kernel';
import {
  type FetchedRecord,
  type Header,
  HeadersReader,
  HeadersWriter,
  type ProduceRecord,
} from '@sluice/record-log';

import { readVarint, varintBytes, writeVarint, zigzag, zigzagDecode } from './varint.ts';

/**
 * How a batch of records is stored: one stream entry each. Version 1, all numbers are unsigned varints
 * (7 bits a byte, lowest first):
 *
 *     version      1 byte, 1
 *     count        records in the batch, at least 1
 *     timestamp    of the first record, ms since 1970, zigzag
 *     for each record:
 *       timestamp  minus that of the first, zigzag
 *       key        0 = null, else length + 1 and the bytes
 *       value      likewise
 *       headers    count, and for each: length of the name, name in UTF-8, value as above
 *
 * Offsets are not in it: the id of the entry says where the batch ends. What was once written must be
 * read for ever: a change is a new version, and `test/batch-format.test.ts` keeps bytes of each.
 */
const version = 1;

const timestampMaxMs = 2 ** 50;
const noHeaders: readonly Header[] = [];

export interface EncodedBatch {
  readonly payload: Buffer;
  /** Place of its first record in `order`. */
  readonly first: number;
  readonly count: number;
}

/**
 * Encodes `records[order[0]]`, `records[order[1]]`, … (all of them without `order`) into batches of at
 * most `bytesMax` bytes, or of one record that is larger.
 */
export function encodeBatches(
  records: readonly ProduceRecord[],
  order: readonly number[] | undefined,
  { nowMs, bytesMax }: { nowMs: number; bytesMax: number },
): EncodedBatch[] {
  const batches: EncodedBatch[] = [];
  const length = order?.length ?? records.length;
  const headersWriter = new HeadersWriter({ size: headersBytes, write: writeHeaders });
  let first = 0;
  while (first < length) {
    const baseMs = timestampOf(recordAt(records, order, first), nowMs);
    let bytes = 0;
    let end = first;
    for (; end < length; end += 1) {
      const size = encodedBytes(recordAt(records, order, end), baseMs, nowMs, headersWriter);
      if (end > first && bytes + size > bytesMax) break;
      bytes += size;
    }
    const count = end - first;
    const headBytes = 1 + varintBytes(count) + varintBytes(zigzag(baseMs));
    const payload = Buffer.allocUnsafe(headBytes + bytes);
    payload[0] = version;
    let at = writeVarint(payload, 1, count);
    at = writeVarint(payload, at, zigzag(baseMs));
    for (let index = first; index < end; index += 1) {
      at = encodeRecord(payload, at, recordAt(records, order, index), baseMs, nowMs, headersWriter);
    }
    batches.push({ payload, first, count });
    first = end;
  }
  return batches;
}

/** A stored batch that is being read, some records at a time. */
export class BatchCursor {
  readonly #payload: Buffer;
  readonly #baseMs: number;
  /** Offset after the last record. */
  readonly endOffset: number;
  #offset: number;
  #at: number;
  readonly #lastHeaders = new HeadersReader();
  constructor(payload: Buffer, endOffset: number) {
    if (payload[0] !== version) {
      throw new SluiceError(
        'log.unknown_format',
        `the batch that ends before offset ${endOffset} has format version ${payload[0]}, this Sluice reads up to ${version}: update this worker`,
        { details: { endOffset, version: payload[0] } },
      );
    }
    const count = readVarint(payload, 1);
    const baseMs = readVarint(payload, count.next);
    this.#payload = payload;
    this.#baseMs = zigzagDecode(baseMs.value);
    this.#at = baseMs.next;
    this.endOffset = endOffset;
    this.#offset = endOffset - count.value;
  }

  get bytes(): number {
    return this.#payload.length;
  }

  get firstOffset(): number {
    return this.#offset;
  }

  /** Reads up to `max` records at or after `fromOffset` into `records`; returns how many. */
  read(fromOffset: number, max: number, records: FetchedRecord[]): number {
    let taken = 0;
    while (this.#offset < this.endOffset && taken < max) {
      const record = this.#next();
      if (record.offset < fromOffset) continue;
      records.push(record);
      taken += 1;
    }
    return taken;
  }

  #next(): FetchedRecord {
    const payload = this.#payload;
    const timestampMs = this.#baseMs + zigzagDecode(this.#varint());
    const key = this.#bytes(payload);
    const value = this.#bytes(payload);
    const headers = this.#nextHeaders(payload);
    if (this.#at > payload.length) throw new RangeError('a stored batch ends within a record');
    const offset = this.#offset;
    this.#offset += 1;
    return { offset, timestampMs, key, value, headers };
  }

  #nextHeaders(payload: Buffer): readonly Header[] {
    const start = this.#at;
    if (payload[start] === 0) {
      this.#at += 1;
      return noHeaders;
    }
    if (this.#lastHeaders.areAt(payload, start)) {
      this.#at += this.#lastHeaders.size;
      return this.#lastHeaders.headers;
    }
    const count = this.#varint();
    const headers: Header[] = [];
    for (let index = 0; index < count; index += 1) {
      const nameBytes = this.#varint();
      const name = payload.toString('utf8', this.#at, this.#at + nameBytes);
      this.#at += nameBytes;
      headers.push([name, this.#bytes(payload)]);
    }
    this.#lastHeaders.keep(headers, payload, start, this.#at);
    return headers;
  }

  #bytes(payload: Buffer): Buffer | null {
    const length = this.#varint() - 1;
    if (length < 0) return null;
    const start = this.#at;
    this.#at = start + length;
    return payload.subarray(start, this.#at);
  }

  #varint(): number {
    const first = this.#payload[this.#at] ?? 0;
    if (first < 0x80) {
      this.#at += 1;
      return first;
    }
    const { value, next } = readVarint(this.#payload, this.#at);
    this.#at = next;
    return value;
  }
}

function recordAt(
  records: readonly ProduceRecord[],
  order: readonly number[] | undefined,
  index: number,
): ProduceRecord {
  const record = records[order === undefined ? index : (order[index] ?? -1)];
  assert(record, 'order must name records that exist');
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

function encodedBytes(
  record: ProduceRecord,
  baseMs: number,
  nowMs: number,
  headersWriter: HeadersWriter,
): number {
  const { key, value, headers = noHeaders } = record;
  return (
    varintBytes(zigzag(timestampOf(record, nowMs) - baseMs)) +
    nullableBytes(key) +
    nullableBytes(value) +
    headersWriter.size(headers)
  );
}

function headersBytes(headers: readonly Header[]): number {
  let bytes = varintBytes(headers.length);
  for (const [name, content] of headers) {
    const nameBytes = Buffer.byteLength(name);
    bytes += varintBytes(nameBytes) + nameBytes + nullableBytes(content);
  }
  return bytes;
}

function nullableBytes(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintBytes(bytes.length + 1) + bytes.length;
}

function encodeRecord(
  payload: Buffer,
  start: number,
  record: ProduceRecord,
  baseMs: number,
  nowMs: number,
  headersWriter: HeadersWriter,
): number {
  const { key, value, headers = noHeaders } = record;
  let at = writeVarint(payload, start, zigzag(timestampOf(record, nowMs) - baseMs));
  at = writeNullable(payload, at, key);
  at = writeNullable(payload, at, value);
  if (headers.length === 0) return writeVarint(payload, at, 0);
  return headersWriter.write(payload, at, headers);
}

function writeHeaders(payload: Buffer, start: number, headers: readonly Header[]): number {
  let at = writeVarint(payload, start, headers.length);
  for (const [name, content] of headers) {
    at = writeVarint(payload, at, Buffer.byteLength(name));
    at += payload.write(name, at);
    at = writeNullable(payload, at, content);
  }
  return at;
}

function writeNullable(payload: Buffer, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(payload, at, 0);
  const start = writeVarint(payload, at, bytes.length + 1);
  payload.set(bytes, start);
  return start + bytes.length;
}
