import { kafkaTool, useSharedKafka } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BrokerConnection } from '../src/kafkajs/connection.ts';
import { fetchRequest } from '../src/wire/fetch.ts';
import { produceRequest } from '../src/wire/produce.ts';
import { planRecordBatch } from '../src/wire/record-batch.ts';
import { decodeRecordBatches } from '../src/wire/record-batch-cursor.ts';
import { at, attribute, compressionCodes } from '../src/wire/record-batch-layout.ts';
import { createTopic, openShared } from './open-shared.ts';

const kafka = useSharedKafka();
const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
/** Enough for several blocks of each codec: 64 KiB of LZ4, 32 KiB of snappy. */
const lines = Array.from(
  { length: 4_000 },
  (_, index) => `line ${index} ${'x'.repeat(index % 60)}`,
);

let connection: BrokerConnection;

beforeAll(async () => {
  connection = await openShared(kafka);
});

afterAll(async () => {
  await connection?.close();
});

test('Java reads what we compress with each codec', async () => {
  const topic = kafka.unique('compressed');
  await createTopic(connection, topic, { partitions: codecs.length });
  const records = lines.map((line, index) => ({
    key: Buffer.from(`key ${index}`),
    value: Buffer.from(line),
    headers:
      index % 2 === 0
        ? []
        : ([
            ['h', Buffer.from('content')],
            ['n', null],
          ] as const),
  }));
  const partitions = codecs.map((compression, partition) => {
    const batch = planRecordBatch({ records }, { nowMs: Date.now(), compression });
    if (compression !== 'none') expect(batch.bytes).toBeLessThan(batch.rawBytes / 2);
    return { partition, batch };
  });
  const produce = produceRequest({
    transactionalId: null,
    acks: -1,
    timeoutMs: 5_000,
    topics: [{ topic, partitions }],
  });
  const produced = await connection.send(produce);
  expect(produced.partitions.map(({ errorCode }) => errorCode)).toEqual(codecs.map(() => 0));
  const count = lines.length * codecs.length;
  const shown = ['partition', 'key', 'headers'].flatMap((what) => [
    '--formatter-property',
    `print.${what}=true`,
  ]);
  const limits = ['--max-messages', String(count), '--timeout-ms', '20000'];
  const output = await kafkaTool(
    kafka,
    'kafka-console-consumer',
    ['--topic', topic, '--from-beginning'].concat(limits, shown),
  );
  const printed = output.trimEnd().split('\n');
  for (const [partition, compression] of codecs.entries()) {
    const prefix = `Partition:${partition}\t`;
    const seen = printed
      .filter((line) => line.startsWith(prefix))
      .map((line) => line.slice(prefix.length));
    const expected = lines.map((line, index) =>
      [index % 2 === 0 ? 'NO_HEADERS' : 'h:content,n:null', `key ${index}`, line].join('\t'),
    );
    expect([compression, seen]).toEqual([compression, expected]);
  }
});

test.each(codecs)('we read what Java compresses with %s', async (compression) => {
  const topic = kafka.unique(compression);
  await kafkaTool(
    kafka,
    'kafka-console-producer',
    ['--topic', topic, '--compression-codec', compression, '--batch-size', '200000'],
    { stdin: `${lines.join('\n')}\n` },
  );
  const values: string[] = [];
  while (values.length < lines.length) {
    const { partitions } = await connection.send(
      fetchRequest({
        waitMs: 1_000,
        bytesMin: 1,
        bytesMax: 10_000_000,
        isolation: 'read_committed',
        topics: [
          { topic, partitions: [{ partition: 0, offset: values.length, bytesMax: 10_000_000 }] },
        ],
      }),
    );
    const stored = partitions[0]?.records ?? Buffer.alloc(0);
    const { records } = decodeRecordBatches(stored, { fromOffset: values.length });
    expect(records.length).toBeGreaterThan(0);
    expect(stored.readInt16BE(at.attributes) & attribute.compressionMask).toBe(
      compressionCodes[compression],
    );
    values.push(...records.map(({ value }) => String(value)));
  }
  expect(values).toEqual(lines);
});
