import type { LogReader, TopicPartition } from '@sluice/record-log';
import {
  newIdentity,
  offsetsOf,
  readRecords,
  records,
  values,
} from '@sluice/record-log/conformance';
import { kafkaTool, useSharedKafka, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';

const kafka = useSharedKafka();
let log: KafkaLog;

beforeAll(async () => {
  log = new KafkaLog({
    brokers: kafka.brokers,
    cluster: kafka.unique('groups'),
    clientId: 'groups-test',
  });
  await log.start();
});
afterAll(() => log?.stop());

/** A topic in whose partitions 0, 1, … there are so many records. */
async function topicWith(...lengths: readonly number[]): Promise<string> {
  const topic = kafka.unique('lines');
  await log.topics.create(topic, { partitions: lengths.length });
  for (const [partition, length] of lengths.entries()) await append(topic, partition, length);
  return topic;
}

async function append(topic: string, partition: number, length: number): Promise<void> {
  const writer = await log.openWriter(newIdentity());
  await writer.produce([{ topic, records: records(length, { partition }) }]);
  await writer.close();
}

async function readerOf(group: string, partitions: readonly TopicPartition[]): Promise<LogReader> {
  const reader = await log.openReader({ identity: newIdentity(), group });
  await reader.assign(partitions);
  return reader;
}

/** A consumer of Kafka's own, which ends after so many records. */
async function consume(
  protocol: string,
  { topic, group, count }: { topic: string; group: string; count: number },
): Promise<string> {
  return await kafkaTool(kafka, 'kafka-console-consumer', [
    '--from-beginning',
    `--topic=${topic}`,
    `--group=${group}`,
    `--max-messages=${count}`,
    `--consumer-property=group.protocol=${protocol}`,
  ]);
}

const inUse = { code: 'log.group_in_use', retriable: true };

test.for(['classic', 'consumer'])(
  'a group under which a consumer of the protocol "%s" reads is refused until that is gone',
  async (protocol) => {
    const topic = await topicWith(3);
    const partition = { topic, partition: 0 };
    const group = kafka.unique('connect');
    const consumer = consume(protocol, { topic, group, count: 4 });
    const refusal = await waitFor(
      () =>
        readerOf(group, [partition]).then(
          () => undefined,
          (error: unknown) => error,
        ),
      { what: 'the consumer to join', timeoutMs: 20_000 },
    );
    expect(refusal).toMatchObject({
      ...inUse,
      message: expect.stringMatching(`group '${group}' has 1 members.*kafka-consumer-groups`),
    });
    await expect(log.forgetGroup(group)).rejects.toMatchObject(inUse);

    await append(topic, 0, 1);
    await consumer;
    const reader = await readerOf(group, [partition]);
    expect(reader.position(partition)).toBe(4);
    await reader.commit([{ ...partition, offset: 2 }]);
    await log.forgetGroup(group);
    expect(await log.listGroupOffsets(group)).toEqual([]);
  },
);

test.for(['classic', 'consumer'])(
  'a consumer of the protocol "%s" that joins later is told by a commit, and leaves no trace',
  async (protocol) => {
    const topic = await topicWith(3, 3);
    const [a, b] = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    const group = kafka.unique('connect');
    const reader = await readerOf(group, [a, b]);
    await reader.commit([
      { ...a, offset: 1 },
      { ...b, offset: 1 },
    ]);
    const consumer = consume(protocol, { topic, group, count: 5 });
    const refusal = await waitFor(
      () =>
        reader.commit([{ ...a, offset: 2 }]).then(
          () => undefined,
          (error: unknown) => error,
        ),
      { what: 'the consumer to be noticed', timeoutMs: 20_000, intervalMs: 200 },
    );
    expect(refusal).toMatchObject(inUse);
    await append(topic, 1, 2);
    await consumer;
    await waitFor(async () => (await log.listGroupOffsets(group))[1]?.offset === 5, {
      what: 'the offsets of the consumer',
    });
    // What it did not read itself must not count as read, also where it has nothing new to commit.
    await reader.commit([{ ...a, offset: 2 }]);
    expect(await reader.committed([a, b])).toEqual([2, 1]);
  },
);

test("kafka-consumer-groups shows a sink's offsets and its lag", async () => {
  const topic = await topicWith(5, 4);
  const group = kafka.unique('connect');
  const reader = await readerOf(group, [
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]);
  await reader.commit([
    { topic, partition: 0, offset: 3 },
    { topic, partition: 1, offset: 4 },
  ]);
  const shown = await kafkaTool(kafka, 'kafka-consumer-groups', ['--describe', '--group', group]);
  const rows = shown
    .split('\n')
    .filter((line) => line.startsWith(group))
    .map((line) => line.split(/\s+/).slice(1, 6).join(' '));
  expect(new Set(rows)).toEqual(new Set([`${topic} 0 3 5 2`, `${topic} 1 4 4 0`]));
});

test('two owners read and commit partitions of one group beside each other', async () => {
  const topic = await topicWith(3, 3);
  const partitions = [0, 1].map((partition) => ({ topic, partition }));
  const group = kafka.unique('connect');
  const readers = await Promise.all(partitions.map((each) => readerOf(group, [each])));
  for (const [index, reader] of readers.entries()) {
    expect(offsetsOf(await readRecords(reader, 3))).toEqual([0, 1, 2]);
    await reader.commit([{ topic, partition: index, offset: index + 1 }]);
  }
  for (const [index, reader] of readers.entries()) {
    expect(await reader.committed(partitions.slice(index, index + 1))).toEqual([index + 1]);
  }
  // A list does not wait for transactions that are about to end.
  await waitFor(async () => (await log.listGroupOffsets(group)).length === 2, {
    what: 'both offsets in the list',
  });
});

test('partitions that are added by kafka-topics can be assigned and written to', async () => {
  const topic = await topicWith(1);
  const group = kafka.unique('connect');
  const reader = await readerOf(group, [{ topic, partition: 0 }]);
  await kafkaTool(kafka, 'kafka-topics', ['--alter', '--topic', topic, '--partitions', '3']);
  await reader.assign([0, 1, 2].map((partition) => ({ topic, partition })));
  expect(values(await readRecords(reader, 1))).toEqual(['0']);
  await append(topic, 2, 2);
  expect(values(await readRecords(reader, 2))).toEqual(['0', '1']);
  expect((await log.topics.describe([topic])).get(topic)).toEqual({
    partitions: 3,
    replicationFactor: 1,
  });
  await expect(reader.assign([{ topic, partition: 3 }])).rejects.toMatchObject({
    code: 'log.unknown_partition',
  });
});

test('a writer that knows a topic with fewer partitions writes to one that was added', async () => {
  const topic = await topicWith(1);
  const writer = await log.openWriter(newIdentity());
  await writer.produce([{ topic, records: records(1) }]);
  await kafkaTool(kafka, 'kafka-topics', ['--alter', '--topic', topic, '--partitions', '2']);
  const [ack] = await writer.produce([{ topic, records: records(1, { partition: 1 }) }]);
  expect(ack?.partitions[0]).toBe(1);
});
