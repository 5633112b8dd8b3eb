import { expect, test } from 'vitest';

import { eventually, type Harness, newTopicName, readRecords, records, values } from './harness.ts';

export function testTopics({ underTest, log, openWriter, openReader, createTopic }: Harness): void {
  test('a topic that is created is described and listed with its partitions', async () => {
    const topic = await createTopic(3);
    const missing = newTopicName();
    const described = await log().topics.describe([missing, topic]);
    expect([...described]).toEqual([[topic, expect.objectContaining({ partitions: 3 })]]);
    expect(await log().topics.list()).toContain(topic);
  });

  test('a topic can be created twice alike, but not with other partitions', async () => {
    const topic = await createTopic(2);
    await log().topics.create(topic, { partitions: 2 });
    await expect(log().topics.create(topic, { partitions: 3 })).rejects.toMatchObject({
      code: 'log.topic_exists_differently',
      retriable: false,
    });
  });

  test.for(['', '.', '..', 'with space', 'with/slash', 'ü', 'x'.repeat(250)])(
    "a topic name that Kafka would refuse is refused: '%s'",
    async (topic) => {
      const refused = { code: 'log.invalid_topic', retriable: false };
      await expect(log().topics.create(topic, { partitions: 1 })).rejects.toMatchObject(refused);
      const writer = await openWriter();
      await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(refused);
    },
  );

  test('a topic that does not exist is created by the first produce, with the default partitions', async () => {
    const topic = newTopicName();
    const writer = await openWriter();
    const [ack] = await writer.produce([{ topic, records: records(2) }]);
    expect(ack?.topic).toBe(topic);
    const { defaultPartitions } = underTest();
    expect((await log().topics.describe([topic])).get(topic)?.partitions).toBe(defaultPartitions);
  });

  test('watermarks are the first and the next offset', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(3, { partition: 1 }) }]);
    const partitions = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    expect(await log().topics.watermarks(partitions)).toEqual([
      { low: 0, high: 0 },
      { low: 0, high: 3 },
    ]);
    await underTest().deleteRecords({ topic, partition: 1 }, 2);
    expect(await log().topics.watermarks(partitions)).toEqual([
      { low: 0, high: 0 },
      { low: 2, high: 3 },
    ]);
  });

  test('watermarks of a partition that does not exist are refused', async () => {
    const topic = await createTopic(1);
    const asked = log().topics.watermarks([{ topic, partition: 1 }]);
    await expect(asked).rejects.toMatchObject({ code: 'log.unknown_partition' });
  });

  test('a deleted topic is gone, and begins at offset 0 when it is created anew', async () => {
    const topic = await createTopic(1);
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5) }]);
    await log().topics.delete(topic);
    await eventually(async () => ((await log().topics.list()).includes(topic) ? undefined : true));
    await log().topics.delete(topic);

    await log().topics.create(topic, { partitions: 1 });
    const again = await openWriter();
    const acks = await again.produce([{ topic, records: records(2, { prefix: 'new-' }) }]);
    expect(Array.from(acks[0]?.offsets ?? [])).toEqual([0, 1]);
    const reader = await openReader([{ topic, partition: 0 }]);
    expect(values(await readRecords(reader, 2))).toEqual(['new-0', 'new-1']);
  });
}
