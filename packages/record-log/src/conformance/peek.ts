import { expect, test } from 'vitest';

import { type Harness, offsetsOf, readRecords, records, values } from './harness.ts';

const bytesMax = 1024 * 1024;

export function testPeek({ log, createTopic, openWriter, openReader, underTest }: Harness): void {
  test('a look gives what partitions hold from their offsets on, and how far they go', async () => {
    const topic = await createTopic(3);
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5, { prefix: 'a', partition: 0 }) }]);
    await writer.produce([{ topic, records: records(3, { prefix: 'b', partition: 2 }) }]);
    const batches = await log().peek(
      [
        { topic, partition: 2, offset: 1 },
        { topic, partition: 1, offset: 0 },
        { topic, partition: 0, offset: 3 },
      ],
      { bytesMax },
    );
    expect(batches.map(({ partition }) => partition)).toEqual([2, 1, 0]);
    expect(batches.map((batch) => values(batch.records))).toEqual([['b1', 'b2'], [], ['a3', 'a4']]);
    expect(batches.map(({ nextOffset }) => nextOffset)).toEqual([3, 0, 5]);
    expect(batches.map(({ highWatermark }) => highWatermark)).toEqual([3, 0, 5]);
    expect(await log().peek([], { bytesMax })).toEqual([]);
  });

  test('a look at the end, or beyond it, finds nothing and waits for nothing', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(2) }]);
    for (const offset of [2, 1_000]) {
      const [batch] = await log().peek([{ topic, partition: 0, offset }], { bytesMax });
      expect(batch).toMatchObject({ records: [], nextOffset: offset });
    }
  });

  test('a look before what is held begins with what is held', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    for (const prefix of ['a', 'b'])
      await writer.produce([{ topic, records: records(3, { prefix }) }]);
    await underTest().deleteRecords({ topic, partition: 0 }, 3);
    const [batch] = await log().peek([{ topic, partition: 0, offset: 0 }], { bytesMax });
    expect(offsetsOf(batch?.records ?? [])).toEqual([3, 4, 5]);
  });

  test('a look is bounded in bytes, but one that is larger comes whole, of each partition', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    const large = { key: null, value: Buffer.alloc(50_000, 'x') };
    for (let round = 0; round < 4; round += 1) {
      for (const partition of [0, 1]) {
        await writer.produce([{ topic, records: [{ ...large, partition }] }]);
      }
    }
    const look = async (from: number): Promise<number[]> => {
      const places = [0, 1].map((partition) => ({ topic, partition, offset: from }));
      const batches = await log().peek(places, { bytesMax: 10_000 });
      return batches.map(({ nextOffset }) => nextOffset);
    };
    expect(await look(0)).toEqual([1, 1]);
    expect(await look(3)).toEqual([4, 4]);
  });

  test('a look is nobody: no group, no owner and no reader of the partition notices', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    const reader = await openReader([{ topic, partition: 0 }]);
    await writer.produce([{ topic, records: records(3) }]);
    const [batch] = await log().peek([{ topic, partition: 0, offset: 0 }], { bytesMax });
    expect(values(batch?.records ?? [])).toEqual(['0', '1', '2']);
    expect(values(await readRecords(reader, 3))).toEqual(['0', '1', '2']);
    await writer.produce([{ topic, records: records(1) }]);
    await reader.commit([{ topic, partition: 0, offset: 3 }]);
    expect(await reader.committed([{ topic, partition: 0 }])).toEqual([3]);
  });

  test('a look at a partition that does not exist is refused', async () => {
    const topic = await createTopic(1);
    const looked = log().peek([{ topic, partition: 1, offset: 0 }], { bytesMax });
    await expect(looked).rejects.toMatchObject({ code: 'log.unknown_partition' });
    const since = log().topics.offsetsSince([{ topic, partition: 1 }], 0);
    await expect(since).rejects.toMatchObject({ code: 'log.unknown_partition' });
  });

  test('what is not older than a time begins where it was appended, or at the end', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    for (const prefix of ['a', 'b', 'c']) {
      await writer.produce([{ topic, records: records(4, { prefix, partition: 0 }) }]);
    }
    await pause();
    const betweenMs = Date.now();
    await pause();
    await writer.produce([{ topic, records: records(4, { prefix: 'd', partition: 0 }) }]);
    const both = [0, 1].map((partition) => ({ topic, partition }));
    expect(await log().topics.offsetsSince(both, 0)).toEqual([0, 0]);
    expect(await log().topics.offsetsSince(both, betweenMs)).toEqual([12, 0]);
    expect(await log().topics.offsetsSince(both, Date.now() + 3_600_000)).toEqual([16, 0]);
    expect(await log().topics.offsetsSince([], 0)).toEqual([]);
  });
}

/** Longer than clocks of one machine differ. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20));
}
