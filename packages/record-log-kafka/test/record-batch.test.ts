import type { Header, ProduceRecord } from '@sluice/record-log';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { produceRequest } from '../src/wire/produce.ts';
import {
  type BatchOptions,
  batchOverheadBytes,
  encodeRecordBatch,
  planRecordBatch,
  recordBatchSize,
  recordSizeUpperBound,
} from '../src/wire/record-batch.ts';
import { decodeRecordBatches } from '../src/wire/record-batch-cursor.ts';
import { anyRecords, kafkajsRecords, toFetched } from './any-records.ts';
import { stockDecodeBatch, stockEncode, toStockMessage } from './stock-kafkajs.ts';

const nowMs = 1_700_000_000_000;

/** What kafkajs writes where there is no producer id. */
const stockProducer = { producerId: -1, producerEpoch: 0, baseSequence: 0 };

interface Partition {
  readonly partition: number;
  readonly records: readonly ProduceRecord[];
  readonly baseSequence?: number;
}

async function bothRequests(
  topics: readonly { readonly topic: string; readonly partitions: readonly Partition[] }[],
  options: Partial<BatchOptions> & { transactionalId?: string } = {},
): Promise<{ ours: Buffer; stock: Buffer }> {
  const { transactionalId = null, compression = 'none' } = options;
  const producer = { ...stockProducer, ...options };
  const ours = produceRequest({
    transactionalId,
    acks: -1,
    timeoutMs: 30_000,
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, records, baseSequence = 0 }) => ({
        partition,
        batch: planRecordBatch(
          { records },
          { nowMs, ...producer, baseSequence, isTransactional: transactionalId !== null },
        ),
      })),
    })),
  });
  const stock = await stockEncode('produce', 7, {
    acks: -1,
    timeout: 30_000,
    transactionalId,
    producerId: producer.producerId,
    producerEpoch: producer.producerEpoch,
    compression: compression === 'gzip' ? 1 : 0,
    topicData: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, records, baseSequence = 0 }) => ({
        partition,
        firstSequence: baseSequence,
        messages: records.map(toStockMessage),
      })),
    })),
  });
  expect([ours.apiKey, ours.apiName]).toEqual([stock.apiKey, stock.apiName]);
  return { ours: Buffer.from(ours.encode()), stock: stock.bytes };
}

function at(timestampMs: number, record: Partial<ProduceRecord> = {}): ProduceRecord {
  return { key: null, value: null, ...record, timestampMs };
}

const variety: readonly ProduceRecord[] = [
  at(nowMs),
  at(nowMs, { key: Buffer.alloc(0), value: Buffer.alloc(0) }),
  at(nowMs + 1, { key: Buffer.from('key'), value: Buffer.from('value') }),
  at(nowMs + 63, { value: Buffer.alloc(63) }),
  at(nowMs + 64, { value: Buffer.alloc(64) }),
  at(nowMs + 5_000_000_000, {
    key: Buffer.alloc(8_191),
    value: Buffer.alloc(8_192),
    headers: [
      ['name', Buffer.from('content')],
      ['Ümlaut ✓', Buffer.alloc(0)],
      ['', Buffer.alloc(200)],
    ],
  }),
];

test('a produce request has the bytes that kafkajs gives it', async () => {
  const { ours, stock } = await bothRequests([
    { topic: 'orders', partitions: [{ partition: 0, records: variety }] },
  ]);
  expect(ours.toString('hex')).toBe(stock.toString('hex'));
});

test('so has one for several topics and partitions', async () => {
  const { ours, stock } = await bothRequests([
    {
      topic: 'orders',
      partitions: [
        { partition: 3, records: variety.slice(0, 2) },
        { partition: 0, records: variety.slice(2) },
      ],
    },
    { topic: 'größe', partitions: [{ partition: 7, records: variety }] },
  ]);
  expect(ours.equals(stock)).toBe(true);
});

test('so has one of a transaction', async () => {
  const { ours, stock } = await bothRequests(
    [
      {
        topic: 'orders',
        partitions: [{ partition: 0, records: variety, baseSequence: 2 ** 31 - 1 }],
      },
    ],
    { transactionalId: 'prod.task/orders/0', producerId: 4_000_000_123, producerEpoch: 32_767 },
  );
  expect(ours.equals(stock)).toBe(true);
});

test('so has one with gzip, and one with values of 2 MB', async () => {
  const gzip = await bothRequests(
    [{ topic: 'orders', partitions: [{ partition: 0, records: variety }] }],
    { compression: 'gzip' },
  );
  expect(gzip.ours.equals(gzip.stock)).toBe(true);
  const large = [2_000_000, 1, 2_097_152].map((bytes) =>
    at(nowMs, { value: Buffer.alloc(bytes, bytes) }),
  );
  const { ours, stock } = await bothRequests([
    { topic: 'orders', partitions: [{ partition: 0, records: large }] },
  ]);
  expect(ours.equals(stock)).toBe(true);
});

test('any records of which kafkajs can write, it writes the same, and reads what we write', async () => {
  await fc.assert(
    fc.asyncProperty(kafkajsRecords, async (records) => {
      const { ours, stock } = await bothRequests([
        { topic: 't', partitions: [{ partition: 1, records }] },
      ]);
      expect(ours.equals(stock)).toBe(true);
      const batch = encodeRecordBatch({ records }, { nowMs });
      expect(await stockDecodeBatch(batch)).toEqual(toFetched(records, nowMs));
    }),
  );
});

test.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'what is encoded with %s is decoded, whatever it is',
  (compression) => {
    fc.assert(
      fc.property(anyRecords, (records) => {
        const batch = encodeRecordBatch({ records }, { nowMs, compression });
        expect(decodeRecordBatches(batch, { fromOffset: 0 })).toEqual({
          records: toFetched(records, nowMs),
          nextOffset: records.length,
        });
      }),
      { numRuns: compression === 'none' ? 300 : 60 },
    );
  },
);

test('timestamps that go back are kept, and the batch tells the latest', () => {
  const records = [
    at(nowMs),
    at(nowMs - 9_000_000_000_000),
    at(nowMs + 7),
    { key: null, value: null },
  ];
  const batch = encodeRecordBatch({ records }, { nowMs: nowMs + 3 });
  expect(batch.readBigInt64BE(27)).toBe(BigInt(nowMs));
  expect(batch.readBigInt64BE(35)).toBe(BigInt(nowMs + 7));
  const decoded = decodeRecordBatches(batch, { fromOffset: 0 }).records;
  expect(decoded.map(({ timestampMs }) => timestampMs)).toEqual([
    nowMs,
    nowMs - 9_000_000_000_000,
    nowMs + 7,
    nowMs + 3,
  ]);
});

test('a producer that is not idempotent says -1 everywhere', () => {
  const batch = encodeRecordBatch({ records: variety }, { nowMs });
  expect(batch.subarray(43, 57).toString('hex')).toBe('ff'.repeat(14));
});

test('records are picked by an order and a part of it', () => {
  const records = ['a', 'b', 'c', 'd'].map((value) => at(nowMs, { value: Buffer.from(value) }));
  const pick = (selection: object): string =>
    decodeRecordBatches(encodeRecordBatch({ records, ...selection }, { nowMs }), { fromOffset: 0 })
      .records.map(({ value }) => String(value))
      .join('');
  expect(pick({})).toBe('abcd');
  expect(pick({ start: 1, end: 3 })).toBe('bc');
  expect(pick({ order: [3, 1, 0] })).toBe('dba');
  expect(pick({ order: new Uint32Array([3, 1, 0]), start: 1 })).toBe('ba');
  expect(() => pick({ order: [4] })).toThrow('a selection names records that exist');
  expect(() => pick({ start: 2, end: 2 })).toThrow('at least one record');
});

test('the size is known before anything is written, and the upper bound is one', () => {
  fc.assert(
    fc.property(anyRecords, (records) => {
      const batch = planRecordBatch({ records }, { nowMs });
      const bytes = encodeRecordBatch({ records }, { nowMs });
      expect(bytes.length).toBe(batch.bytes);
      expect(batch.rawBytes).toBe(batch.bytes);
      expect(recordBatchSize({ records }, nowMs)).toBe(batch.bytes);
      const bound = records.reduce((sum, record) => sum + recordSizeUpperBound(record), 0);
      expect(batchOverheadBytes + bound).toBeGreaterThanOrEqual(bytes.length);
      expect(bound - bytes.length).toBeLessThan(records.length * 80);
    }),
  );
});

test('a batch can be written again, with the same bytes', () => {
  const batch = planRecordBatch({ records: variety }, { nowMs, compression: 'lz4' });
  const write = (): Buffer => {
    const target = Buffer.alloc(batch.bytes + 10, 0xee);
    expect(batch.writeInto(target, 5)).toBe(batch.bytes + 5);
    return target;
  };
  expect(write().equals(write())).toBe(true);
  expect(write().subarray(-5).toString('hex')).toBe('ee'.repeat(5));
});

test('a batch can be written again into a target that was used for something else meanwhile', () => {
  const headers: Header[] = [['n', Buffer.from('trace')]];
  const records = [1, 2].map((value) => ({ key: null, value: Buffer.of(value), headers }));
  const batch = planRecordBatch({ records }, { nowMs });
  const target = Buffer.alloc(batch.bytes);
  batch.writeInto(target, 0);
  const written = Buffer.from(target);
  target.fill(0xee);
  batch.writeInto(target, 0);
  expect(target.equals(written)).toBe(true);
});

test('a timestamp that is none is a mistake of the caller', () => {
  expect(() => encodeRecordBatch({ records: [at(1.5)] }, { nowMs })).toThrow('whole milliseconds');
  expect(() => encodeRecordBatch({ records: [at(Number.NaN)] }, { nowMs })).toThrow('not NaN');
});
