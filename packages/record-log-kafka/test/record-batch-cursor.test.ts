import { SluiceError } from '@sluice/kernel';
import type { FetchedRecord, Header } from '@sluice/record-log';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { encodeRecordBatch } from '../src/wire/record-batch.ts';
import {
  type DecodeOptions,
  decodeRecordBatches,
  RecordBatchCursor,
} from '../src/wire/record-batch-cursor.ts';
import { at, attribute } from '../src/wire/record-batch-layout.ts';
import { anyRecords, kafkajsRecords, toFetched } from './any-records.ts';
import { batchTimeMs, marker, resealed, storedBatch } from './batches.ts';
import { stockBatch } from './stock-kafkajs.ts';

function read(
  batches: readonly Buffer[],
  options: Partial<DecodeOptions> = {},
): { values: string[]; nextOffset: number } {
  const { records, nextOffset } = decodeRecordBatches(Buffer.concat(batches), {
    fromOffset: 0,
    ...options,
  });
  return { values: valuesOf(records), nextOffset };
}

function valuesOf(records: readonly FetchedRecord[]): string[] {
  return records.map(({ offset, value }) => `${offset}:${String(value)}`);
}

const ab = storedBatch({ baseOffset: 10, values: ['a', 'b'] });
const cde = storedBatch({ baseOffset: 12, values: ['c', 'd', 'e'] });

test('what kafkajs encodes is decoded', async () => {
  await fc.assert(
    fc.asyncProperty(kafkajsRecords, async (records) => {
      const batch = await stockBatch(records);
      expect(decodeRecordBatches(batch, { fromOffset: 0 }).records).toEqual(toFetched(records, 0));
    }),
  );
});

test('what kafkajs compresses with gzip is decoded', async () => {
  const records = [{ key: null, value: Buffer.alloc(100_000, 'x'), timestampMs: 5 }];
  const batch = await stockBatch(records, { compression: 1 });
  expect(batch.length).toBeLessThan(1_000);
  expect(decodeRecordBatches(batch, { fromOffset: 0 }).records).toEqual(toFetched(records, 0));
});

test('records below the offset that was asked for are skipped', () => {
  expect(read([ab, cde], { fromOffset: 13 })).toEqual({ values: ['13:d', '14:e'], nextOffset: 15 });
  expect(read([ab], { fromOffset: 12 })).toEqual({ values: [], nextOffset: 12 });
  expect(read([], { fromOffset: 7 })).toEqual({ values: [], nextOffset: 7 });
});

test('the next offset counts what compaction has removed', () => {
  const compacted = storedBatch({ baseOffset: 20, values: ['x'], lastOffsetDelta: 9 });
  const emptied = storedBatch({ baseOffset: 30, values: ['y'], lastOffsetDelta: 4 });
  const empty = resealed(emptied.subarray(0, at.records), (batch) => {
    batch.writeInt32BE(at.records - at.leaderEpoch, at.length);
    batch.writeInt32BE(0, at.count);
  });
  expect(read([compacted])).toEqual({ values: ['20:x'], nextOffset: 30 });
  expect(read([compacted, empty])).toEqual({ values: ['20:x'], nextOffset: 35 });
  expect(read([empty])).toEqual({ values: [], nextOffset: 35 });
});

test('control batches are no records, but count', () => {
  expect(read([ab, marker(12, 5, 'commit')])).toEqual({ values: ['10:a', '11:b'], nextOffset: 13 });
  expect(read([marker(12, 5, 'abort')])).toEqual({ values: [], nextOffset: 13 });
});

function inTransaction(baseOffset: number, producerId: number, ...values: string[]): Buffer {
  return storedBatch({ baseOffset, values, producerId, isTransactional: true });
}

test('of two aborted transactions of one producer neither is seen', () => {
  const batches = [
    inTransaction(0, 7, 'aborted'),
    marker(1, 7, 'abort'),
    inTransaction(2, 7, 'good'),
    marker(3, 7, 'commit'),
    inTransaction(4, 7, 'aborted too'),
    marker(5, 7, 'abort'),
    inTransaction(6, 7, 'good again'),
  ];
  const abortedTransactions = [
    { producerId: 7, firstOffset: 4 },
    { producerId: 7, firstOffset: 0 },
  ];
  expect(read(batches, { abortedTransactions })).toEqual({
    values: ['2:good', '6:good again'],
    nextOffset: 7,
  });
  // Without the list it is READ_UNCOMMITTED.
  expect(read(batches).values).toHaveLength(4);
});

test('an aborted transaction is not seen when its marker comes in a later response', () => {
  const abortedTransactions = [{ producerId: 7, firstOffset: 0 }];
  const first = [inTransaction(0, 7, 'aborted'), inTransaction(1, 8, 'good')];
  expect(read(first, { abortedTransactions })).toEqual({ values: ['1:good'], nextOffset: 2 });
  const second = [
    inTransaction(2, 7, 'aborted'),
    marker(3, 7, 'abort'),
    inTransaction(4, 7, 'new'),
  ];
  expect(read(second, { fromOffset: 2, abortedTransactions })).toEqual({
    values: ['4:new'],
    nextOffset: 5,
  });
});

test('a fetch may begin at the marker, or in the middle of an aborted transaction', () => {
  const abortedTransactions = [{ producerId: 7, firstOffset: 0 }];
  const batches = [marker(3, 7, 'abort'), inTransaction(4, 7, 'new')];
  expect(read(batches, { fromOffset: 3, abortedTransactions }).values).toEqual(['4:new']);
  const middle = [inTransaction(1, 7, 'aborted', 'aborted'), marker(3, 7, 'abort')];
  expect(read(middle, { fromOffset: 2, abortedTransactions })).toEqual({
    values: [],
    nextOffset: 4,
  });
});

test('transactions of several producers that overlap are told apart', () => {
  const batches = [
    inTransaction(0, 1, 'aborted'),
    inTransaction(1, 2, 'good'),
    storedBatch({ baseOffset: 2, values: ['without'], producerId: 1 }),
    inTransaction(3, 1, 'aborted'),
    marker(4, 2, 'commit'),
    marker(5, 1, 'abort'),
    inTransaction(6, 2, 'aborted'),
    inTransaction(7, 1, 'open and good'),
    marker(8, 2, 'abort'),
  ];
  const abortedTransactions = [
    { producerId: 1, firstOffset: 0 },
    { producerId: 2, firstOffset: 6 },
  ];
  expect(read(batches, { abortedTransactions })).toEqual({
    values: ['1:good', '2:without', '7:open and good'],
    nextOffset: 9,
  });
});

test('a last batch that was cut off is ignored, wherever it was cut', () => {
  for (let length = 1; length < cde.length; length += 1) {
    const { values, nextOffset } = read([ab, cde.subarray(0, length)]);
    expect([values, nextOffset]).toEqual([['10:a', '11:b'], 12]);
  }
});

test('a response without one whole batch is told, for it would be fetched for ever', () => {
  for (const length of [1, 20, ab.length - 1]) {
    expect(() => read([ab.subarray(0, length)])).toThrow(
      expect.objectContaining({ code: 'log.corrupt' }),
    );
  }
});

test('a wrong checksum is told with offset, topic and partition, after what comes before it', () => {
  const damaged = Buffer.from(cde);
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 2) ^ 1, damaged.length - 2);
  const topicPartition = { topic: 'orders', partition: 3 };
  const cursor = new RecordBatchCursor(Buffer.concat([ab, damaged, ab]), {
    fromOffset: 0,
    topicPartition,
  });
  expect(valuesOf(cursor.next(100))).toEqual(['10:a', '11:b']);
  expect([cursor.nextOffset, cursor.isDone]).toEqual([12, false]);
  for (let again = 0; again < 2; again += 1) {
    expect(() => cursor.next(100)).toThrow(
      expect.objectContaining({
        code: 'log.corrupt',
        details: { ...topicPartition, offset: 12 },
        message: expect.stringMatching(
          /offset 12 of partition 3 of topic 'orders' is corrupt: its checksum is wrong/,
        ),
      }),
    );
  }
  expect(cursor.nextOffset).toBe(12);
  expect(read([damaged], { verifyCrc: false }).values).toHaveLength(3);
});

test('message formats before v2 are named', () => {
  const old = Buffer.from(ab);
  old[at.magic] = 1;
  expect(() => read([old])).toThrow(
    expect.objectContaining({
      code: 'log.unknown_format',
      message: expect.stringContaining('message format v1'),
    }),
  );
});

test('with LogAppendTime all records have the time of the batch', () => {
  const batch = resealed(storedBatch({ baseOffset: 0, values: ['a', 'b'] }), (bytes) => {
    bytes.writeInt16BE(attribute.logAppendTime, at.attributes);
    bytes.writeBigInt64BE(BigInt(batchTimeMs + 99), at.maxTimestamp);
  });
  const { records } = decodeRecordBatches(batch, { fromOffset: 0 });
  expect(records.map(({ timestampMs }) => timestampMs)).toEqual([
    batchTimeMs + 99,
    batchTimeMs + 99,
  ]);
});

test('records are given in slices of any size, and the place in between is right', () => {
  const gap = storedBatch({ baseOffset: 15, values: ['f'], lastOffsetDelta: 4 });
  const batches = Buffer.concat([ab, marker(9, 1, 'abort'), cde, gap, marker(20, 1, 'commit')]);
  const cursor = new RecordBatchCursor(batches, { fromOffset: 11 });
  expect([cursor.bytes, cursor.isDone, cursor.nextOffset]).toEqual([batches.length, false, 11]);
  const seen: [string[], number, boolean][] = [];
  while (!cursor.isDone) seen.push([valuesOf(cursor.next(2)), cursor.nextOffset, cursor.isDone]);
  expect(seen).toEqual([
    [['11:b', '12:c'], 13, false],
    [['13:d', '14:e'], 15, false],
    [['15:f'], 21, true],
  ]);
  expect(cursor.next(2)).toEqual([]);
});

test('the cursor is done with the last record that is wanted, not one call later', () => {
  const cursor = new RecordBatchCursor(Buffer.concat([ab, marker(12, 1, 'commit')]), {
    fromOffset: 0,
  });
  expect(valuesOf(cursor.next(2))).toEqual(['10:a', '11:b']);
  expect([cursor.isDone, cursor.nextOffset]).toEqual([true, 13]);
});

test('slices of any size give the same as all at once', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecords, { maxLength: 5 }),
      fc.integer({ min: 1, max: 20 }),
      (all, max) => {
        let offset = 0;
        const batches = all.map((records) => {
          const batch = encodeRecordBatch({ records }, { nowMs: batchTimeMs, compression: 'zstd' });
          batch.writeBigInt64BE(BigInt(offset));
          offset += records.length;
          return batch;
        });
        const buffer = Buffer.concat(batches);
        const whole = decodeRecordBatches(buffer, { fromOffset: 0 });
        expect(whole.nextOffset).toBe(offset);
        const cursor = new RecordBatchCursor(buffer, { fromOffset: 0 });
        const sliced: FetchedRecord[] = [];
        while (!cursor.isDone) {
          const slice = cursor.next(max);
          expect(slice.length).toBeLessThanOrEqual(max);
          sliced.push(...slice);
        }
        expect(sliced).toEqual(whole.records);
        expect(cursor.nextOffset).toBe(offset);
      },
    ),
    { numRuns: 50 },
  );
});

test('keys and values are views, not copies', () => {
  const { records } = decodeRecordBatches(ab, { fromOffset: 0 });
  expect(records[0]?.value?.buffer).toBe(ab.buffer);
});

test('records in a row with the same headers share them, whatever array they were written from', () => {
  const headers = (value: string): Header[] => [['n', Buffer.from(value)]];
  const [a, b] = [headers('a'), headers('b')];
  const records = [a, a, headers('a'), b, [], b].map((each, index) => ({
    key: null,
    value: Buffer.of(index),
    headers: each,
  }));
  const stored = encodeRecordBatch({ records }, { nowMs: batchTimeMs });
  const shared = decodeRecordBatches(stored, { fromOffset: 0 }).records.map((each) => each.headers);
  expect(shared).toEqual([a, a, a, b, [], b]);
  const [first, ...others] = shared;
  expect(others.map((each) => each === first)).toEqual([true, true, false, false, false]);
});

test('a batch that inflates beyond the limit is refused', () => {
  const records = [{ key: null, value: Buffer.alloc(5_000_000) }];
  const batch = encodeRecordBatch({ records }, { nowMs: 0, compression: 'gzip' });
  expect(() => read([batch], { batchBytesMax: 1_000_000 })).toThrow(
    expect.objectContaining({ code: 'log.batch_too_large' }),
  );
  expect(read([batch], { batchBytesMax: 5_000_100 }).nextOffset).toBe(1);
});

test.each([
  { what: 'a value longer than its record', place: at.records + 5, byte: 0x7e },
  { what: 'a value shorter than its record', place: at.records + 5, byte: 0x00 },
  { what: 'a record longer than the batch', place: at.records, byte: 0x7e },
  { what: 'a negative length of a record', place: at.records, byte: 0x01 },
  { what: 'a key with a negative length', place: at.records + 4, byte: 0x05 },
  { what: 'a wild number of headers', place: at.records + 7, byte: 0x7e },
  { what: 'a negative number of records', place: at.count, byte: 0xff },
  { what: 'a wild number of records', place: at.count, byte: 0x7f },
  { what: 'an end before its beginning', place: at.lastOffsetDelta, byte: 0xff },
])('$what is corrupt, though the checksum is right', ({ place, byte }) => {
  const damaged = resealed(ab, (batch) => batch.writeUInt8(byte, place));
  expect(() => read([damaged])).toThrow(
    expect.objectContaining({
      code: 'log.corrupt',
      details: expect.objectContaining({ offset: expect.any(Number) }),
    }),
  );
});

test('damaged bytes are an error of ours or records, and never a hang', () => {
  const records = Array.from({ length: 5 }, (_, index) => ({
    key: Buffer.from(`key ${index}`),
    value: null,
    headers: [['name', Buffer.from('content')]] as const,
  }));
  const good = [
    encodeRecordBatch({ records }, { nowMs: 1 }),
    encodeRecordBatch({ records }, { nowMs: 1, compression: 'snappy' }),
  ];
  const damage = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(fc.nat(1), damage, fc.boolean(), (which, changes, isSealed) => {
      const batch = Buffer.from(good[which] ?? ab);
      for (const [place, byte] of changes) batch[place % batch.length] = byte;
      const buffer = isSealed && batch.length > at.records ? resealed(batch, () => {}) : batch;
      const cursor = new RecordBatchCursor(buffer, { fromOffset: 0, verifyCrc: isSealed });
      try {
        for (let calls = 0; !cursor.isDone; calls += 1) {
          expect(calls).toBeLessThan(10);
          cursor.next(2);
        }
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
      }
    }),
    { numRuns: 3_000 },
  );
});
