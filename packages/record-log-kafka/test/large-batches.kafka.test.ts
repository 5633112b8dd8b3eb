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
