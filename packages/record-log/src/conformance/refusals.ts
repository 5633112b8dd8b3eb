import { expect, test } from 'vitest';

import { RecordsRefusedError, type TopicBatch } from '../index.ts';
import { bytes, type Harness, newTopicName, readRecords, records, values } from './harness.ts';

export function testRefusals(harness: Harness): void {
  const { underTest, log, createTopic, openWriter, openReader } = harness;

  test('a partition that does not exist is refused, and nothing of the call is appended', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    for (const partition of [2, -1, 0.5]) {
      const refused = writer.produce([
        { topic, records: [...records(1, { partition: 0 }), ...records(1, { partition })] },
      ]);
      await expect(refused).rejects.toMatchObject({
        code: 'log.unknown_partition',
        retriable: false,
      });
    }
    expect(await log().topics.watermarks([{ topic, partition: 0 }])).toEqual([{ low: 0, high: 0 }]);
  });

  test('a record that is too large is refused, nothing of its call is appended, and the next call passes', async () => {
    const topic = await createTopic();
    const value = Buffer.alloc(underTest().recordBytesMax + 1);
    const writer = await openWriter();
    const refused = writer.produce([{ topic, records: [...records(1), { key: null, value }] }]);
    const next = writer.produce([{ topic, records: records(1, { prefix: 'next-' }) }]);
    await expect(refused).rejects.toMatchObject({
      code: 'log.record_too_large',
      retriable: false,
      fenced: false,
    });
    expect(Array.from((await next)[0]?.offsets ?? [])).toEqual([0]);
    const reader = await openReader([{ topic, partition: 0 }]);
    expect(values(await readRecords(reader, 1))).toEqual(['next-0']);
  });

  test('a refused call names each record that the log does not take, and says that the others are not there', async () => {
    const topic = await createTopic(2);
    const large = Buffer.alloc(underTest().recordBytesMax + 1);
    const writer = await openWriter();
    const call: TopicBatch[] = [
      { topic, records: [...records(1, { partition: 0 }), { key: null, value: large }] },
      { topic: 'no name', records: records(2) },
    ];
    const sizes = await refusalOf(writer.produce(call));
    expect(sizes.refused.map(({ batch, error, index }) => [batch, index, error.code])).toEqual([
      [0, 1, 'log.record_too_large'],
      [1, 0, 'log.invalid_topic'],
      [1, 1, 'log.invalid_topic'],
    ]);
    expect(sizes).toMatchObject({ code: 'log.record_too_large', retriable: false, fenced: false });
    expect(sizes.acks.map(({ offsets }) => Array.from(offsets))).toEqual([
      [-1, -1],
      [-1, -1],
    ]);
    const partitions = await refusalOf(
      writer.produce([
        {
          topic,
          records: [0, 7, 1, 8].map((partition) => ({ key: null, value: null, partition })),
        },
      ]),
    );
    expect(partitions.refused.map(({ error, index }) => [index, error.code])).toEqual([
      [1, 'log.unknown_partition'],
      [3, 'log.unknown_partition'],
    ]);
    expect(partitions.acks.map(({ offsets }) => Array.from(offsets))).toEqual([[-1, -1, -1, -1]]);
  });

  test("of a call with records above the topic's own limit, the others are appended once and in order", async () => {
    const topic = newTopicName();
    await log().topics.create(topic, { partitions: 2, config: { 'max.message.bytes': '10000' } });
    const other = await createTopic();
    const writer = await openWriter();
    const small = (text: string, partition = 0) => ({ key: null, value: bytes(text), partition });
    const large = { key: null, value: Buffer.alloc(20_000, 'x'), partition: 0 };
    const call: TopicBatch[] = [
      { topic, records: [small('a'), small('p', 1), large, small('b'), large, large, small('c')] },
      { topic: other, records: records(1, { prefix: 'other-' }) },
    ];
    if (!underTest().hasTopicLimits) {
      const acks = await writer.produce(call);
      expect(Array.from(acks[0]?.offsets ?? [])).toEqual([0, 0, 1, 2, 3, 4, 5]);
      return;
    }
    const refused = refusalOf(writer.produce(call));
    const next = writer.produce([{ topic, records: [small('d')] }]);
    const { acks, refused: each } = await refused;
    expect(each.map(({ batch, error, index }) => [batch, index, error.code])).toEqual([
      [0, 2, 'log.record_too_large'],
      [0, 4, 'log.record_too_large'],
      [0, 5, 'log.record_too_large'],
    ]);
    expect(acks.map(({ offsets }) => Array.from(offsets))).toEqual([[0, 0, -1, 1, -1, -1, 2], [0]]);
    expect(Array.from((await next)[0]?.offsets ?? [])).toEqual([3]);
    const reader = await openReader([{ topic, partition: 0 }]);
    expect(values(await readRecords(reader, 4))).toEqual(['a', 'b', 'c', 'd']);
    expect(await log().topics.watermarks([{ topic, partition: 0 }])).toEqual([{ low: 0, high: 4 }]);
  });
}

async function refusalOf(call: Promise<unknown>): Promise<RecordsRefusedError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RecordsRefusedError) return error;
  throw new Error('the call was not refused', { cause: error });
}
