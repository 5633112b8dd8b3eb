import { expect, test } from 'vitest';

import {
  count,
  type Harness,
  offsetsOf,
  quietMs,
  readRecords,
  records,
  values,
} from './harness.ts';

export function testPositions({ createTopic, openWriter, openReader }: Harness): void {
  test('a paused partition gives nothing until it is resumed, and loses nothing', async () => {
    const topic = await createTopic(2);
    const writer = await openWriter();
    const partitions = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    const reader = await openReader(partitions, { pollRecordsMax: 2 });
    await writer.produce([{ topic, records: records(4, { partition: 0, prefix: 'a' }) }]);
    const first = await readRecords(reader, 2);
    reader.pause([{ topic, partition: 0 }]);
    await writer.produce([{ topic, records: records(2, { partition: 1, prefix: 'b' }) }]);
    expect(values(await readRecords(reader, 2))).toEqual(['b0', 'b1']);
    expect(await reader.poll(quietMs)).toEqual([]);
    reader.resume([{ topic, partition: 0 }]);
    const rest = await readRecords(reader, 2);
    expect(values([...first, ...rest])).toEqual(count(4, 'a'));
  });

  test('a poll that waits is woken by resume', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(1) }]);
    const reader = await openReader([]);
    await reader.assign([{ topic, partition: 0 }]);
    reader.pause([{ topic, partition: 0 }]);
    const polled = reader.poll(5_000);
    reader.resume([{ topic, partition: 0 }]);
    expect((await polled).length).toBe(1);
  });

  test('seek goes back and forth', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(20) }]);
    const reader = await openReader([partition], { pollRecordsMax: 5 });
    expect(offsetsOf(await readRecords(reader, 5))).toEqual([0, 1, 2, 3, 4]);
    reader.seek(partition, 2);
    expect(reader.position(partition)).toBe(2);
    expect(offsetsOf(await readRecords(reader, 5))).toEqual([2, 3, 4, 5, 6]);
    reader.seek(partition, 17);
    expect(offsetsOf(await readRecords(reader, 3))).toEqual([17, 18, 19]);
    reader.seek(partition, 20);
    expect(await reader.poll(quietMs)).toEqual([]);
  });

  test('seek into the middle of what was produced at once, during a poll', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(10) }]);
    const reader = await openReader([partition], { reset: 'latest' });
    const polled = reader.poll(5_000);
    reader.seek(partition, 7);
    expect(offsetsOf((await polled).flatMap((batch) => batch.records))).toEqual([7, 8, 9]);
  });

  test('pause, resume and seek of a partition that is not assigned are refused', async () => {
    const topic = await createTopic();
    const reader = await openReader([]);
    const refused = expect.objectContaining({ code: 'log.not_assigned' });
    const partition = { topic, partition: 0 };
    expect(() => reader.pause([partition])).toThrow(refused);
    expect(() => reader.resume([partition])).toThrow(refused);
    expect(() => reader.seek(partition, 0)).toThrow(refused);
    expect(reader.position(partition)).toBeUndefined();
  });
}
