/**
 * Records a second that one core encodes into produce requests and decodes from record batches: ours beside
 * kafkajs's own, taking turns in one run. No network, no broker.
 *
 *     node --conditions=@sluice/source packages/record-log-kafka/bench/encode.ts [--json]
 *
 * Keys of 12 bytes, values of which a part repeats, no headers. Decoding looks at every record; ours checks
 * the checksums as well, which kafkajs does not.
 */
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import type { ProduceRecord } from '@sluice/record-log';

import type { Compression } from '../src/options.ts';
import { produceRequest } from '../src/wire/produce.ts';
import { encodeRecordBatch, planRecordBatch } from '../src/wire/record-batch.ts';
import { RecordBatchCursor } from '../src/wire/record-batch-cursor.ts';

const batchRecords = 500;
const rounds = 5;
const roundMs = 400;
const pollRecords = 500;
const nowMs = Date.now();

interface Row {
  readonly what: 'encode' | 'decode';
  readonly by: 'ours' | 'kafkajs';
  readonly bytes: number;
  readonly compression: Compression;
  /** Records a second: median of the rounds, and the slowest and fastest. */
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

const require = createRequire(import.meta.url);
const encodeStock = require('kafkajs/src/protocol/requests/produce/v7/request') as (
  request: object,
) => { readonly encode: () => Promise<{ readonly buffer: Buffer }> };
const decodeStock = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
  decoder: object,
) => Promise<{ readonly value: Buffer | null }[]>;
const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object;

function makeRecords(bytes: number): ProduceRecord[] {
  return Array.from({ length: batchRecords }, (_, index) => ({
    key: Buffer.from(`key-${index}`.padEnd(12)),
    value: Buffer.concat([randomBytes(bytes / 4), Buffer.alloc(bytes - bytes / 4, 'v')]),
  }));
}

async function encodeOurs(
  records: readonly ProduceRecord[],
  compression: Compression,
): Promise<number> {
  const batch = planRecordBatch({ records }, { nowMs, compression });
  return produceRequest({
    transactionalId: null,
    acks: -1,
    timeoutMs: 30_000,
    topics: [{ topic: 'bench', partitions: [{ partition: 0, batch }] }],
  }).encode().length;
}

async function encodeTheirs(
  messages: readonly object[],
  compression: Compression,
): Promise<number> {
  const { buffer } = await encodeStock({
    acks: -1,
    timeout: 30_000,
    transactionalId: null,
    compression: compression === 'gzip' ? 1 : 0,
    topicData: [{ topic: 'bench', partitions: [{ partition: 0, messages }] }],
  }).encode();
  return buffer.length;
}

async function decodeOurs(stored: Buffer): Promise<number> {
  let bytes = 0;
  const cursor = new RecordBatchCursor(stored, { fromOffset: 0 });
  while (!cursor.isDone) {
    for (const { value } of cursor.next(pollRecords)) bytes += value?.length ?? 0;
  }
  return bytes;
}

async function decodeTheirs(sized: Buffer): Promise<number> {
  let bytes = 0;
  for (const { value } of await decodeStock(new Decoder(sized))) bytes += value?.length ?? 0;
  return bytes;
}

async function rate(work: () => Promise<number>, recordsEach: number): Promise<number> {
  const startedMs = performance.now();
  let records = 0;
  while (performance.now() - startedMs < roundMs) {
    for (let turn = 0; turn < 5; turn += 1) {
      if ((await work()) === 0) throw new Error('nothing came out');
      records += recordsEach;
    }
  }
  return (records / (performance.now() - startedMs)) * 1_000;
}

async function compare(
  facts: Pick<Row, 'what' | 'bytes' | 'compression'>,
  recordsEach: number,
  work: Readonly<Record<Row['by'], () => Promise<number>>>,
): Promise<Row[]> {
  const rates: Record<Row['by'], number[]> = { ours: [], kafkajs: [] };
  for (let round = -1; round < rounds; round += 1) {
    for (const by of ['ours', 'kafkajs'] as const) {
      const measured = await rate(work[by], recordsEach);
      if (round >= 0) rates[by].push(measured); // The first one warms up.
    }
  }
  return (['ours', 'kafkajs'] as const).map((by) => {
    const sorted = rates[by].toSorted((one, other) => one - other);
    const [least = 0, median = 0, most = 0] = [0, rounds >> 1, rounds - 1].map(
      (index) => sorted[index],
    );
    return { ...facts, by, median, least, most };
  });
}

const rows: Row[] = [];
for (const bytes of [100, 1_024]) {
  for (const compression of ['none', 'gzip'] as const) {
    const records = makeRecords(bytes);
    // kafkajs puts the time of the message into it, if there is one.
    const messages = records.map(({ key, value }) => ({ key, value }));
    rows.push(
      ...(await compare({ what: 'encode', bytes, compression }, batchRecords, {
        ours: async () => await encodeOurs(records, compression),
        kafkajs: async () => await encodeTheirs(messages, compression),
      })),
    );
    const batch = encodeRecordBatch({ records }, { nowMs, compression });
    const stored = Buffer.concat(Array.from({ length: 4 }, () => batch));
    const length = Buffer.alloc(4);
    length.writeInt32BE(stored.length, 0);
    const sized = Buffer.concat([length, stored]);
    rows.push(
      ...(await compare({ what: 'decode', bytes, compression }, 4 * batchRecords, {
        ours: async () => await decodeOurs(stored),
        kafkajs: async () => await decodeTheirs(sized),
      })),
    );
  }
}

if (parseArgs({ options: { json: { type: 'boolean' } } }).values.json) {
  console.log(JSON.stringify({ node: process.version, batchRecords, rounds, rows }, null, 2));
} else {
  console.log(`records/s, batches of ${batchRecords}, median of ${rounds} rounds (least to most)`);
  for (const { what, by, bytes, compression, median, least, most } of rows) {
    const [middle, low, high] = [median, least, most].map((each) => Math.round(each / 1_000));
    console.log(
      `${what} ${String(bytes).padStart(4)} B ${compression.padEnd(4)} ${by.padEnd(7)} ${String(middle).padStart(5)}k  (${low}k to ${high}k)`,
    );
  }
}
