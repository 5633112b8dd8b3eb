import { RecordsRefusedError } from '@sluice/record-log';
import { useSharedKafka } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';

const kafka = useSharedKafka();
let log: KafkaLog;

beforeAll(async () => {
  log = new KafkaLog({
    brokers: [kafka.bootstrap],
    cluster: kafka.unique('large'),
    clientId: 'large-batches',
  });
  await log.start();
});
afterAll(async () => {
  await log.stop();
});

test('what is too large for a topic as one batch is appended as several, and each record knows where it is', async () => {
  const topic = kafka.unique('small-batches');
  await log.topics.create(topic, { partitions: 1, config: { 'max.message.bytes': '10000' } });
  const [writer, other] = await Promise.all(
    ['a', 'b'].map((name) => log.openWriter({ id: kafka.unique(name), fence: 1 })),
  );
  const values = Array.from({ length: 200 }, (_, index) => `${index}:${'x'.repeat(1_000)}`);
  const records = values.map((value) => ({ key: null, value: Buffer.from(value) }));
  // Another writer appends meanwhile, so that the parts are not one after another.
  const [acks] = await Promise.all([
    writer?.produce([{ topic, records }]),
    ...Array.from({ length: 20 }, () =>
      other?.produce([{ topic, records: [{ key: null, value: Buffer.from('other') }] }]),
    ),
  ]);
  const reader = await log.openReader({
    identity: { id: kafka.unique('reader'), fence: 1 },
    group: kafka.unique('connect'),
  });
  await reader.assign([{ topic, partition: 0 }]);
  const read = new Map<number, string>();
  while (read.size < 220) {
    for (const batch of await reader.poll(5_000)) {
      for (const { offset, value } of batch.records) {
        read.set(offset, Buffer.from(value ?? []).toString());
      }
    }
  }
  const offsets = Array.from(acks?.[0]?.offsets ?? []);
  expect(offsets.map((offset) => read.get(offset))).toEqual(values);
  expect(offsets).toEqual(offsets.toSorted((x, y) => x - y));
});

test('a record that is too large for the topic is refused, and the next one passes', async () => {
  const topic = kafka.unique('small-records');
  await log.topics.create(topic, { partitions: 1, config: { 'max.message.bytes': '10000' } });
  const writer = await log.openWriter({ id: kafka.unique('c'), fence: 1 });
  const refused = writer.produce([
    { topic, records: [{ key: null, value: Buffer.alloc(20_000) }] },
  ]);
  await expect(refused).rejects.toMatchObject({ code: 'log.record_too_large', retriable: false });
  const [ack] = await writer.produce([
    { topic, records: [{ key: null, value: Buffer.from('fits') }] },
  ]);
  expect(Array.from(ack?.offsets ?? [])).toEqual([0]);
});

test('what was appended with a record that is too large for the topic is told, also when its batch was sent in parts', async () => {
  const topic = kafka.unique('one-large');
  await log.topics.create(topic, { partitions: 1, config: { 'max.message.bytes': '10000' } });
  const writer = await log.openWriter({ id: kafka.unique('d'), fence: 1 });
  const records = Array.from({ length: 100 }, (_, index) => ({
    key: null,
    value: Buffer.alloc(index % 10 === 7 ? 20_000 : 500, index),
  }));
  const error: unknown = await writer.produce([{ topic, records }]).catch((thrown) => thrown);
  if (!(error instanceof RecordsRefusedError)) throw new Error('not refused', { cause: error });
  const large = Array.from({ length: 10 }, (_, tens) => tens * 10 + 7);
  expect(error.refused.map(({ index }) => index)).toEqual(large);
  expect(error.message).toContain('max.message.bytes');
  let next = 0;
  expect(Array.from(error.acks[0]?.offsets ?? [])).toEqual(
    records.map((_, index) => (large.includes(index) ? -1 : next++)),
  );
  expect(await log.topics.watermarks([{ topic, partition: 0 }])).toEqual([{ low: 0, high: 90 }]);
});
