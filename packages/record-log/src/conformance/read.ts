import { expect, test } from 'vitest';

import {
  bytes,
  count,
  type Harness,
  newTopicName,
  quietMs,
  readRecords,
  records,
  values,
} from './harness.ts';

export function testRead({ log, createTopic, openWriter, openReader }: Harness): void {
  test('a poll without records waits as long as it may and gives nothing', async () => {
    const topic = await createTopic();
    const reader = await openReader([{ topic, partition: 0 }]);
    const startMs = performance.now();
    expect(await reader.poll(quietMs)).toEqual([]);
    expect(performance.now() - startMs).toBeGreaterThan(quietMs * 0.9);
    expect(await reader.poll(0)).toEqual([]);
  });

  test('a poll without assignment waits, and finds what is assigned meanwhile', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(1) }]);
    const reader = await openReader([]);
    const polled = reader.poll(5_000);
    await reader.assign([{ topic, partition: 0 }]);
    expect(values((await polled).flatMap((batch) => batch.records))).toEqual(['0']);
  });

  test('a reader that waits is woken in milliseconds by a produce', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    const reader = await openReader([{ topic, partition: 0 }]);
    const delaysMs: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const polled = reader.poll(5_000).then((batches) => ({ batches, atMs: performance.now() }));
      await new Promise((resolve) => setTimeout(resolve, 5)); // So that the poll waits.
      await writer.produce([{ topic, records: records(1) }]);
      const acknowledgedMs = performance.now();
      const { batches, atMs } = await polled;
      expect(batches).toHaveLength(1);
      delaysMs.push(atMs - acknowledgedMs);
    }
    const median = delaysMs.toSorted((a, b) => a - b)[5];
    // Else it would wait until the next look, or the end of its poll.
    expect(median).toBeLessThan(250);
  });

  test('aborting the signal ends the wait with nothing, and the records come with the next poll', async () => {
    const topic = await createTopic();
    const reader = await openReader([{ topic, partition: 0 }]);
    const abort = new AbortController();
    const polled = reader.poll(10_000, abort.signal);
    const startMs = performance.now();
    abort.abort();
    expect(await polled).toEqual([]);
    expect(await reader.poll(10_000, abort.signal)).toEqual([]);
    expect(performance.now() - startMs).toBeLessThan(8_000);

    const writer = await openWriter();
    await writer.produce([{ topic, records: records(1) }]);
    expect(values(await readRecords(reader, 1))).toEqual(['0']);
  });

  test('a poll gives at most as many records as it may, and goes on where it ended', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(25, { partition: 0, prefix: 'a' }) }]);
    await writer.produce([{ topic, records: records(25, { partition: 1, prefix: 'b' }) }]);
    const reader = await openReader(
      [
        { topic, partition: 0 },
        { topic, partition: 1 },
      ],
      { pollRecordsMax: 7 },
    );
    const read: string[] = [];
    while (read.length < 50) {
      const batches = await reader.poll(5_000);
      const polled = batches.flatMap((batch) => batch.records);
      expect(polled.length).toBeGreaterThan(0);
      expect(polled.length).toBeLessThanOrEqual(7);
      for (const batch of batches) {
        expect(batch.nextOffset).toBe((batch.records.at(-1)?.offset ?? -2) + 1);
        expect(reader.position(batch)).toBe(batch.nextOffset);
      }
      read.push(...values(polled).map(String));
    }
    expect(read.filter((value) => value.startsWith('a'))).toEqual(count(25, 'a'));
    expect(read.filter((value) => value.startsWith('b'))).toEqual(count(25, 'b'));
  });

  test('no poll gives more bytes than are prefetched, and a record above that bound still comes', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    for (let index = 0; index < 40; index += 1) {
      await writer.produce([{ topic, records: [{ key: null, value: Buffer.alloc(10_000) }] }]);
    }
    await writer.produce([{ topic, records: [{ key: null, value: Buffer.alloc(200_000) }] }]);
    const prefetchBytesMax = 50_000;
    const reader = await openReader([{ topic, partition: 0 }], { prefetchBytesMax });
    let came = 0;
    while (came < 41) {
      // Between polls there is time to fetch more than may be fetched.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const polled = (await reader.poll(5_000)).flatMap((batch) => batch.records);
      const total = polled.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      const largest = Math.max(...polled.map(({ value }) => value?.length ?? 0));
      expect(total).toBeLessThanOrEqual(prefetchBytesMax + largest + 1_000);
      expect(polled.length).toBeGreaterThan(0);
      came += polled.length;
    }
  });

  test('the high watermark tells the lag', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(10) }]);
    const reader = await openReader([{ topic, partition: 0 }], { pollRecordsMax: 4 });
    const [batch] = await reader.poll(5_000);
    expect(batch).toMatchObject({ nextOffset: 4, highWatermark: 10 });
  });

  test('one reader reads many partitions, each in order', async () => {
    const partitions = 24;
    const topics = [await createTopic(partitions), await createTopic(partitions)];
    const assignment = topics.flatMap((topic) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
    const reader = await openReader(assignment);
    const writer = await openWriter();
    for (let round = 0; round < 3; round += 1) {
      await writer.produce(
        topics.map((topic) => ({
          topic,
          records: assignment
            .filter((each) => each.topic === topic)
            .map(({ partition }) => ({ key: null, value: bytes(`${round}`), partition })),
        })),
      );
    }
    const read = await readRecords(reader, 3 * assignment.length);
    for (const { topic, partition } of assignment) {
      const here = read.filter((each) => each.topic === topic && each.partition === partition);
      expect(values(here)).toEqual(['0', '1', '2']);
    }
  });

  test('a busy partition does not starve another', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    for (let call = 0; call < 40; call += 1) {
      await writer.produce([{ topic, records: records(50, { partition: 0 }) }]);
    }
    await writer.produce([{ topic, records: records(1, { partition: 1, prefix: 'other-' }) }]);
    const reader = await openReader(
      [
        { topic, partition: 0 },
        { topic, partition: 1 },
      ],
      { pollRecordsMax: 50, prefetchBytesMax: 4_000 },
    );
    let polls = 0;
    for (;;) {
      polls += 1;
      const batches = await reader.poll(5_000);
      if (batches.some(({ partition }) => partition === 1)) break;
    }
    expect(polls).toBeLessThan(20);
  });

  test('partitions with much to read take turns', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    for (const partition of [0, 1]) {
      await writer.produce([{ topic, records: records(1_000, { partition }) }]);
    }
    const reader = await openReader(
      [
        { topic, partition: 0 },
        { topic, partition: 1 },
      ],
      { pollRecordsMax: 100 },
    );
    const turns: number[] = [];
    for (let left = 2_000; left > 0; ) {
      for (const { partition, records: polled } of await reader.poll(5_000)) {
        turns.push(partition);
        left -= polled.length;
      }
      // Time to fetch, so that both have something at each poll.
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const firstHalf = turns.slice(0, turns.length / 2);
    expect(new Set(firstHalf)).toEqual(new Set([0, 1]));
  });

  test('a partition that is assigned to nobody any more gives nothing, one that stays goes on', async () => {
    const topic = await createTopic(2);
    const [gone, stays] = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5, { partition: 1 }) }]);
    const reader = await openReader([gone, stays], { pollRecordsMax: 2 });
    const first = await readRecords(reader, 2);
    await reader.assign([stays]);
    await writer.produce([{ topic, records: records(3, { partition: 0, prefix: 'gone-' }) }]);
    const rest = await readRecords(reader, 3);
    expect(values([...first, ...rest])).toEqual(count(5));
    expect(await reader.poll(quietMs)).toEqual([]);
    expect(reader.position(gone)).toBeUndefined();
  });

  test('a partition that the topic does not have cannot be assigned', async () => {
    const topic = await createTopic(1);
    const reader = await openReader([]);
    await expect(reader.assign([{ topic, partition: 1 }])).rejects.toMatchObject({
      code: 'log.unknown_partition',
    });
  });

  test('a topic that does not exist gives nothing until it is created, then all of it', async () => {
    const topic = newTopicName();
    const reader = await openReader([{ topic, partition: 0 }]);
    expect(await reader.poll(quietMs)).toEqual([]);
    const polled = readRecords(reader, 3);
    await log().topics.create(topic, { partitions: 1 });
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(3) }]);
    expect(values(await polled)).toEqual(count(3));
  });

  test('two readers read the same partition independently', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5) }]);
    const [a, b] = [
      await openReader([{ topic, partition: 0 }]),
      await openReader([{ topic, partition: 0 }]),
    ];
    expect(values(await readRecords(a, 5))).toEqual(count(5));
    await a.close();
    expect(values(await readRecords(b, 5))).toEqual(count(5));
    await writer.produce([{ topic, records: records(1, { prefix: 'more-' }) }]);
    expect(values(await readRecords(b, 1))).toEqual(['more-0']);
  });
}
