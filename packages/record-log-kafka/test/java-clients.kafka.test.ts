import { partitionForKey } from '@sluice/record-log';
import { newIdentity, newTopicName, readRecords, textOf } from '@sluice/record-log/conformance';
import { kafkaTool, useSharedKafka } from '@sluice/testkit';
import { Kafka, type KafkaMessage, logLevel } from 'kafkajs';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';

const kafka = useSharedKafka();
let log: KafkaLog;

beforeAll(async () => {
  log = new KafkaLog({ brokers: kafka.brokers, cluster: kafka.unique('java'), clientId: 'java' });
  await log.start();
});
afterAll(() => log?.stop());

async function topicOf(partitions: number, config = {}): Promise<string> {
  const topic = newTopicName();
  await log.topics.create(topic, { partitions, config });
  return topic;
}

async function readAll(topic: string, partitions: number, count: number) {
  const reader = await log.openReader({ identity: newIdentity(), group: kafka.unique('connect') });
  await reader.assign(Array.from({ length: partitions }, (_, partition) => ({ topic, partition })));
  const read = await readRecords(reader, count, 20_000);
  await reader.close();
  return read;
}

test('a key goes to the partition where a Java producer puts it', async () => {
  const partitions = 13;
  const letters = ['a', 'Ü', '漢', '🙂', 'ß', ' ', '"', 'é'];
  const keys = [
    '',
    ...Array.from(
      { length: 400 },
      (_, index) =>
        // Of every length, so that each remainder of the hash's blocks comes up.
        `${index}${letters[index % letters.length]?.repeat(index % 9)}`,
    ),
  ];
  const [theirs, ours] = [await topicOf(partitions), await topicOf(partitions)];
  await kafkaTool(
    kafka,
    'kafka-console-producer',
    [`--topic=${theirs}`, '--reader-property=parse.key=true', '--reader-property=key.separator=\t'],
    { stdin: keys.map((key) => `${key}\tvalue\n`).join('') },
  );
  const writer = await log.openWriter(newIdentity());
  const records = keys.map((key) => ({ key: Buffer.from(key), value: null }));
  await writer.produce([{ topic: ours, records }]);

  const where = async (topic: string): Promise<Map<string | null, number>> => {
    const read = await readAll(topic, partitions, keys.length);
    return new Map(read.map(({ key, partition }) => [textOf(key), partition]));
  };
  const [javas, sluices] = [await where(theirs), await where(ours)];
  expect(javas.size).toBe(keys.length);
  expect(sluices).toEqual(javas);
  expect(new Set(javas.values()).size).toBe(partitions);
  expect(partitionForKey(Buffer.from(''), partitions)).toBe(javas.get(''));
});

test('the stock kafkajs reads keys, values, headers and times as they were written', async () => {
  const topic = await topicOf(1);
  const compressing = new KafkaLog({
    brokers: kafka.brokers,
    cluster: kafka.unique('java'),
    clientId: 'compressing',
    compression: 'gzip',
  });
  await compressing.start();
  const headers = [
    ['trace', Buffer.from('1')],
    ['nothing', null],
    ['empty', Buffer.alloc(0)],
  ] as const;
  const written = [
    { key: Buffer.from('k'), value: Buffer.from('v'), headers, timestampMs: 1_700_000_000_123 },
    { key: null, value: null, timestampMs: 1_700_000_000_000 },
    { key: Buffer.alloc(0), value: Buffer.alloc(0), timestampMs: 1_600_000_000_000 },
  ];
  for (const client of [log, compressing]) {
    const writer = await client.openWriter(newIdentity());
    await writer.produce([{ topic, records: written }]);
  }
  const consumer = new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING }).consumer({
    groupId: kafka.unique('stock'),
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const messages: KafkaMessage[] = [];
  const all = Promise.withResolvers<void>();
  await consumer.run({
    eachMessage: async ({ message }) => {
      messages.push(message);
      if (messages.length === written.length * 2) all.resolve();
    },
  });
  await all.promise;
  await consumer.disconnect();
  await compressing.stop();
  const seen = messages.map(({ key, value, timestamp, headers: got = {} }) => ({
    key: textOf(key),
    value: textOf(value),
    timestampMs: Number(timestamp),
    // kafkajs makes an empty text of a header without a value.
    headers: Object.entries(got).map(([name, content]) => [name, String(content ?? '')]),
  }));
  const expected = written.map(({ key, value, timestampMs, headers: given = [] }) => ({
    key: textOf(key),
    value: textOf(value),
    timestampMs,
    headers: given.map(([name, content]) => [name, textOf(content) ?? '']),
  }));
  expect(seen).toEqual([...expected, ...expected]);
});

test('a topic with LogAppendTime gives records the time of the broker, one with CreateTime their own', async () => {
  const timestampMs = 1_600_000_000_000;
  const own = await topicOf(1, { 'message.timestamp.type': 'CreateTime' });
  const brokers = await topicOf(1, { 'message.timestamp.type': 'LogAppendTime' });
  const writer = await log.openWriter(newIdentity());
  const records = [{ key: null, value: null, timestampMs }];
  const beforeMs = Date.now();
  await writer.produce([
    { topic: own, records },
    { topic: brokers, records },
  ]);
  const [created] = await readAll(own, 1, 1);
  const [appended] = await readAll(brokers, 1, 1);
  expect(created?.timestampMs).toBe(timestampMs);
  expect(appended?.timestampMs).toBeGreaterThanOrEqual(beforeMs - 1_000);
  expect(appended?.timestampMs).toBeLessThanOrEqual(Date.now() + 1_000);
});

test("Kafka's tools see a topic as it was created", async () => {
  const topic = await topicOf(3, { 'retention.ms': '60000', 'cleanup.policy': 'compact,delete' });
  const shown = await kafkaTool(kafka, 'kafka-topics', ['--describe', '--topic', topic]);
  expect(shown).toMatch(/PartitionCount: 3\s+ReplicationFactor: 1/);
  expect(shown).toMatch(/retention\.ms=60000/);
  expect(shown).toMatch(/cleanup\.policy=compact,delete/);
});

test('a topic that Kafka refuses to create is told with its reason', async () => {
  const partitions = log.topics.create(newTopicName(), { partitions: 0 });
  await expect(partitions).rejects.toMatchObject({
    code: 'log.topic_not_created',
    message: expect.stringMatching(/topic '.*'.*partitions/i),
  });
  const config = { 'cleanup.policy': 'shred' };
  await expect(log.topics.create(newTopicName(), { partitions: 1, config })).rejects.toMatchObject({
    code: 'log.topic_not_created',
    message: expect.stringMatching(/cleanup\.policy/),
  });
  const many = new KafkaLog({
    brokers: kafka.brokers,
    cluster: kafka.unique('java'),
    clientId: 'many',
    replicationFactor: 3,
  });
  await many.start();
  const writer = await many.openWriter(newIdentity()).catch((error: unknown) => error);
  expect(writer).toMatchObject({
    code: 'log.topic_not_created',
    message: expect.stringMatching(/-fences'.*replication factor/i),
  });
  await many.stop();
});
