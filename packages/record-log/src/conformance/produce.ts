import { expect, test } from 'vitest';

import { partitionForKey } from '../index.ts';
import {
  bytes,
  count,
  type Harness,
  hexOf,
  newTopicName,
  offsetsOf,
  readRecords,
  records,
  textOf,
  values,
} from './harness.ts';

export function testProduce(harness: Harness): void {
  const { createTopic, openWriter, openReader } = harness;

  test('offsets of a partition are 0, 1, 2, … in the order of the records', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    const [first] = await writer.produce([{ topic, records: records(3) }]);
    const [second] = await writer.produce([{ topic, records: records(2, { prefix: 'b' }) }]);
    expect(Array.from(first?.offsets ?? [])).toEqual([0, 1, 2]);
    expect(Array.from(second?.offsets ?? [])).toEqual([3, 4]);

    const reader = await openReader([{ topic, partition: 0 }]);
    const read = await readRecords(reader, 5);
    expect(values(read)).toEqual(['0', '1', '2', 'b0', 'b1']);
    expect(offsetsOf(read)).toEqual([0, 1, 2, 3, 4]);
  });

  test('one call may write to several topics and partitions, and each record knows where it went', async () => {
    const [a, b] = [await createTopic(2), await createTopic(1)];
    const writer = await openWriter();
    const acks = await writer.produce([
      { topic: a, records: [1, 0, 1].flatMap((partition) => records(1, { partition })) },
      { topic: b, records: records(2) },
      { topic: a, records: records(1, { partition: 1 }) },
    ]);
    const plain = acks.map(({ topic, partitions, offsets }) => ({
      topic,
      partitions: Array.from(partitions),
      offsets: Array.from(offsets),
    }));
    expect(plain).toEqual([
      { topic: a, partitions: [1, 0, 1], offsets: [0, 0, 1] },
      { topic: b, partitions: [0, 0], offsets: [0, 1] },
      { topic: a, partitions: [1], offsets: [2] },
    ]);
  });

  test('many small batches of one call keep their order and their acknowledgements', async () => {
    const [a, b] = [await createTopic(3), await createTopic(1)];
    const writer = await openWriter();
    const batches = Array.from({ length: 90 }, (_, index) => ({
      topic: index % 3 === 2 ? b : a,
      records: records(index % 4, {
        prefix: `${index}.`,
        partition: index % 3 === 2 ? 0 : index % 2,
      }),
    }));
    const acks = await writer.produce(batches);
    expect(acks.map(({ topic, offsets }) => [topic, offsets.length])).toEqual(
      batches.map((batch) => [batch.topic, batch.records.length]),
    );
    const partitions = [
      { topic: a, partition: 0 },
      { topic: a, partition: 1 },
      { topic: b, partition: 0 },
    ];
    const reader = await openReader(partitions);
    const read = await readRecords(reader, batches.flatMap((batch) => batch.records).length);
    for (const [index, { topic, records: written }] of batches.entries()) {
      const found = written.map((_, nth) => {
        const [partition, offset] = [acks[index]?.partitions[nth], acks[index]?.offsets[nth]];
        return read.find(
          (each) => each.topic === topic && each.partition === partition && each.offset === offset,
        );
      });
      expect(found.map((each) => textOf(each?.value ?? null))).toEqual(
        count(written.length, `${index}.`),
      );
    }
    for (const { topic, partition } of partitions) {
      const here = read.filter((each) => each.topic === topic && each.partition === partition);
      const order = values(here).map((value) => Number(value?.split('.')[0]));
      expect(order).toEqual(order.toSorted((x, y) => x - y));
    }
  });

  test('a call without records is acknowledged', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    expect(await writer.produce([])).toEqual([]);
    const [ack] = await writer.produce([{ topic, records: [] }]);
    expect(ack).toMatchObject({ topic });
    expect(ack?.offsets).toHaveLength(0);
  });

  test('null, empty and binary keys and values come back as they were', async () => {
    const topic = await createTopic();
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    const written = [
      { key: null, value: null },
      { key: new Uint8Array(0), value: new Uint8Array(0) },
      { key: all, value: all },
      { key: bytes('k'), value: null },
      { key: null, value: bytes('v') },
      { key: Buffer.alloc(300, 'k'), value: Buffer.alloc(70_000, 'v') },
    ].map((record) => ({ ...record, partition: 0 }));
    const writer = await openWriter();
    await writer.produce([{ topic, records: written }]);
    const reader = await openReader([{ topic, partition: 0 }]);
    const read = await readRecords(reader, written.length);
    expect(read.map(({ key, value }) => [hexOf(key), hexOf(value)])).toEqual(
      written.map(({ key, value }) => [hexOf(key), hexOf(value)]),
    );
  });

  test('headers keep their order, repetitions, null and empty values and any name', async () => {
    const topic = await createTopic();
    const headers = [
      ['trace', bytes('1')],
      ['trace', bytes('2')],
      ['nothing', null],
      ['empty', new Uint8Array(0)],
      ['näme ✓', Buffer.from([0, 255])],
    ] as const;
    const writer = await openWriter();
    await writer.produce([
      { topic, records: [{ key: null, value: bytes('with'), headers }, ...records(1)] },
    ]);
    const reader = await openReader([{ topic, partition: 0 }]);
    const [first, second] = await readRecords(reader, 2);
    expect(first?.headers.map(([name, value]) => [name, textOf(value)])).toEqual(
      headers.map(([name, value]) => [name, textOf(value)]),
    );
    expect(second?.headers).toEqual([]);
  });

  test('timestamps come back as they were, and the log has one for a record without', async () => {
    const topic = await createTopic();
    const timestamps = [1_700_000_000_123, 0, 1, 4_102_444_800_000, 1_700_000_000_122];
    const writer = await openWriter();
    const beforeMs = Date.now();
    await writer.produce([
      {
        topic,
        records: [
          ...timestamps.map((timestampMs) => ({ key: null, value: null, timestampMs })),
          ...records(1),
        ],
      },
    ]);
    const afterMs = Date.now();
    const reader = await openReader([{ topic, partition: 0 }]);
    const read = (await readRecords(reader, timestamps.length + 1)).map((r) => r.timestampMs);
    expect(read.slice(0, -1)).toEqual(timestamps);
    // Brokers on another machine may have another idea of the time.
    expect(read.at(-1)).toBeGreaterThanOrEqual(beforeMs - 5_000);
    expect(read.at(-1)).toBeLessThanOrEqual(afterMs + 5_000);
  });

  test("keyed records go where Kafka's default partitioner puts them", async () => {
    const topic = await createTopic(7);
    const keys = [...count(40, 'key-'), '', '21', 'foobar', 'Ünïcode'].map(bytes);
    const writer = await openWriter();
    const [ack] = await writer.produce([
      { topic, records: keys.map((key) => ({ key, value: null })) },
    ]);
    expect(Array.from(ack?.partitions ?? [])).toEqual(keys.map((key) => partitionForKey(key, 7)));
  });

  test('keyless records of a batch stay together, and batches spread over the partitions', async () => {
    const topic = await createTopic(4);
    const writer = await openWriter();
    const used = new Set<number>();
    for (let batch = 0; batch < 40; batch += 1) {
      const [ack] = await writer.produce([{ topic, records: records(5) }]);
      const partitions = new Set(Array.from(ack?.partitions ?? []));
      expect(partitions.size).toBe(1);
      for (const partition of partitions) used.add(partition);
    }
    expect(used.size).toBeGreaterThan(1);
  });

  test('records of 1 MB and more in one call pass', async () => {
    const topic = await createTopic();
    const large = [1, 2, 3].map((fill) => ({
      key: bytes('large'),
      value: Buffer.alloc(1_000_000, fill),
      headers: [['h', bytes('x')] as const],
    }));
    const writer = await openWriter();
    const [ack] = await writer.produce([{ topic, records: large }]);
    expect(Array.from(ack?.offsets ?? [])).toEqual([0, 1, 2]);
    const reader = await openReader([{ topic, partition: 0 }]);
    const read = await readRecords(reader, 3);
    const same = read.map(({ value }, index) =>
      Buffer.from(value ?? []).equals(large[index]?.value ?? Buffer.alloc(0)),
    );
    expect(same).toEqual([true, true, true]);
  });

  test('concurrent calls are appended and acknowledged in the order of the calls', async () => {
    const topic = newTopicName(); // Created by the first call, while the others wait.
    const writer = await openWriter();
    const acknowledged: number[] = [];
    const calls = Array.from({ length: 100 }, async (_, call) => {
      const [ack] = await writer.produce([
        { topic, records: records(1 + (call % 7), { prefix: `${call}.`, partition: 0 }) },
      ]);
      acknowledged.push(call);
      return ack?.offsets[0];
    });
    const firstOffsets = await Promise.all(calls);
    expect(acknowledged).toEqual(Array.from({ length: 100 }, (_, call) => call));
    expect(firstOffsets).toEqual(firstOffsets.toSorted((a, b) => (a ?? 0) - (b ?? 0)));

    const expected = Array.from({ length: 100 }, (_, call) => count(1 + (call % 7), `${call}.`));
    const reader = await openReader([{ topic, partition: 0 }]);
    const read = await readRecords(reader, expected.flat().length);
    expect(values(read)).toEqual(expected.flat());
  });

  test('more bytes than may be in flight are all appended, in order', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    const calls = Array.from({ length: 60 }, (_, call) =>
      writer.produce([
        { topic, records: [{ key: bytes(`${call}`), value: Buffer.alloc(200_000, call) }] },
      ]),
    );
    const offsets = (await Promise.all(calls)).map(([ack]) => ack?.offsets[0]);
    expect(offsets).toEqual(Array.from({ length: 60 }, (_, call) => call));
  });
}
