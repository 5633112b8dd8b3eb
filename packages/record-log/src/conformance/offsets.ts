import { expect, test } from 'vitest';

import {
  type Harness,
  newGroup,
  newIdentity,
  newTopicName,
  offsetsOf,
  readRecords,
  records,
  values,
} from './harness.ts';

export function testGroupOffsets(harness: Harness): void {
  const { underTest, log, anotherLog, createTopic, openWriter, openReader } = harness;

  test('a group goes on where it has committed', async () => {
    const topic = await createTopic(2);
    const partitions = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    const group = newGroup();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(10, { partition: 0 }) }]);
    const reader = await openReader(partitions, { group });
    expect(await reader.committed(partitions)).toEqual([undefined, undefined]);
    await readRecords(reader, 10);
    await reader.commit([{ topic, partition: 0, offset: 6 }]);
    expect(await reader.committed(partitions)).toEqual([6, undefined]);
    await reader.close();

    const other = await anotherLog();
    const next = await other.openReader({ identity: newIdentity(), group });
    await next.assign(partitions);
    expect(next.position({ topic, partition: 0 })).toBe(6);
    expect(offsetsOf(await readRecords(next, 4))).toEqual([6, 7, 8, 9]);
  });

  test('committed offsets may go back', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const group = newGroup();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5) }]);
    const reader = await openReader([partition], { group });
    await reader.commit([{ ...partition, offset: 5 }]);
    await reader.commit([{ ...partition, offset: 2 }]);
    expect(await reader.committed([partition])).toEqual([2]);
    expect(reader.position(partition)).toBe(0);
  });

  test('groups do not see offsets of others, and are listed and forgotten', async () => {
    const topic = await createTopic(2);
    const [mine, other] = [newGroup(), newGroup()];
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5, { partition: 1 }) }]);
    const partition = { topic, partition: 1 };
    const reader = await openReader([{ topic, partition: 0 }, partition], { group: mine });
    await reader.commit([{ ...partition, offset: 3 }]);
    const others = await openReader([partition], { group: other });
    expect(await others.committed([partition])).toEqual([undefined]);
    await expect.poll(() => log().listGroupOffsets(mine)).toEqual([{ ...partition, offset: 3 }]);
    expect(await log().listGroupOffsets(other)).toEqual([]);

    await reader.close();
    await log().forgetGroup(mine);
    await log().forgetGroup(mine);
    expect(await log().listGroupOffsets(mine)).toEqual([]);
    const again = await openReader([partition], { group: mine });
    expect(again.position(partition)).toBe(0);
  });

  test('a group whose offset is cleared begins anew there, and misses nothing', async () => {
    const topic = await createTopic(2);
    const [cleared, kept] = [
      { topic, partition: 0 },
      { topic, partition: 1 },
    ];
    const [group, other] = [newGroup(), newGroup()];
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(3, { partition: 0 }) }]);
    const reader = await openReader([cleared, kept], { group });
    await reader.commit([
      { ...cleared, offset: 2 },
      { ...kept, offset: 0 },
    ]);
    await reader.close();
    await expect.poll(() => log().listGroupOffsets(group)).toHaveLength(2);
    await log().clearGroupOffsets(group, [cleared]);
    await log().clearGroupOffsets(group, [cleared]);
    await log().clearGroupOffsets(newGroup(), [cleared]);
    await log().clearGroupOffsets(group, []);
    expect(await log().listGroupOffsets(group)).toEqual([{ ...kept, offset: 0 }]);

    // What others have read meanwhile is still there for it.
    const ahead = await openReader([cleared], { group: other });
    await ahead.commit([{ ...cleared, offset: 3 }]);
    await writer.produce([{ topic, records: records(1, { partition: 0, prefix: 'new-' }) }]);
    await ahead.commit([{ ...cleared, offset: 4 }]);
    const again = await openReader([cleared], { group });
    expect(await again.committed([cleared])).toEqual([undefined]);
    expect(values(await readRecords(again, 4)).at(-1)).toBe('new-0');
  });

  test('a group without offsets begins with the first record, or with the next one', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5) }]);
    const earliest = await openReader([partition]);
    const latest = await openReader([partition], { reset: 'latest' });
    expect(earliest.position(partition)).toBe(0);
    expect(latest.position(partition)).toBe(5);
    await writer.produce([{ topic, records: records(1, { prefix: 'new-' }) }]);
    expect(values(await readRecords(latest, 1))).toEqual(['new-0']);
    expect(values(await readRecords(earliest, 6)).at(-1)).toBe('new-0');
  });

  test('a position before what is kept goes on as reset says', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const writer = await openWriter();
    const group = newGroup();
    for (let index = 0; index < 10; index += 1) {
      await writer.produce([{ topic, records: records(1, { prefix: `${index}.` }) }]);
    }
    const reader = await openReader([partition], { group });
    await reader.commit([{ ...partition, offset: 2 }]);
    await reader.close();
    await underTest().deleteRecords(partition, 6);

    const earliest = await openReader([partition], { group });
    expect(offsetsOf(await readRecords(earliest, 4))).toEqual([6, 7, 8, 9]);
    const latest = await openReader([partition], { group: newGroup(), reset: 'latest' });
    latest.seek(partition, 1);
    const polled = readRecords(latest, 1);
    expect(await latest.poll(0)).toEqual([]);
    await expect.poll(() => latest.position(partition)).toBe(10);
    await writer.produce([{ topic, records: records(1) }]);
    expect(offsetsOf(await polled)).toEqual([10]);
  });

  test('a position after the end goes on as reset says', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(3) }]);
    const reader = await openReader([partition]);
    reader.seek(partition, 100);
    expect(offsetsOf(await readRecords(reader, 3))).toEqual([0, 1, 2]);

    const group = newGroup();
    const careless = await openReader([partition], { group });
    await careless.commit([{ ...partition, offset: 50 }]);
    await careless.close();
    const next = await openReader([partition], { group });
    expect(offsetsOf(await readRecords(next, 3))).toEqual([0, 1, 2]);
  });

  test('an offset that is no whole number cannot be committed', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const reader = await openReader([partition]);
    for (const offset of [-1, 0.5, Number.NaN]) {
      await expect(reader.commit([{ ...partition, offset }])).rejects.toThrow('whole number');
    }
    expect(await reader.committed([partition])).toEqual([undefined]);
  });

  test('committing nothing is no work', async () => {
    const reader = await openReader([]);
    await reader.commit([]);
    expect(await reader.committed([])).toEqual([]);
  });
}

export function testSourceOffsets({ log, anotherLog, openWriter }: Harness): void {
  test('source offsets are read in the order asked for, by equal partitions', async () => {
    const connector = newTopicName();
    const writer = await openWriter();
    await writer.commitSourceOffsets(connector, [
      { partition: { file: 'a', part: 1 }, offset: { position: 10, nested: { list: [1, null] } } },
      { partition: { file: 'b' }, offset: { position: 20 } },
    ]);
    const other = await anotherLog();
    const read = await other.readSourceOffsets(connector, [
      { file: 'missing' },
      { file: 'b' },
      { part: 1, file: 'a' },
      { file: 'a' },
    ]);
    expect(read).toEqual([
      undefined,
      { position: 20 },
      { position: 10, nested: { list: [1, null] } },
      undefined,
    ]);
    expect(await other.readSourceOffsets(connector, [])).toEqual([]);
  });

  test('whole numbers beyond 2^53 stay what they are', async () => {
    const connector = newTopicName();
    const writer = await openWriter();
    const partition = { shard: 9_223_372_036_854_775_807n };
    const offset = { lsn: 18_014_398_509_481_985n };
    await writer.commitSourceOffsets(connector, [{ partition, offset }]);
    expect(await log().readSourceOffsets(connector, [partition])).toEqual([offset]);
    expect(await log().listSourceOffsets(connector)).toEqual([{ partition, offset }]);
  });

  test('source offsets are replaced, removed with null, and listed by connector', async () => {
    const connector = newTopicName();
    const writer = await openWriter();
    await writer.commitSourceOffsets(connector, [
      { partition: { file: 'a' }, offset: { position: 1 } },
      { partition: { file: 'b' }, offset: { position: 1 } },
    ]);
    await writer.commitSourceOffsets(connector, [
      { partition: { file: 'a' }, offset: { position: 2 } },
      { partition: { file: 'b' }, offset: null },
      { partition: { file: 'c' }, offset: { position: 3 } },
    ]);
    await writer.commitSourceOffsets(connector, []);
    const listed = await log().listSourceOffsets(connector);
    const byFile = listed.toSorted((a, b) =>
      String(a.partition['file']).localeCompare(String(b.partition['file'])),
    );
    expect(byFile).toEqual([
      { partition: { file: 'a' }, offset: { position: 2 } },
      { partition: { file: 'c' }, offset: { position: 3 } },
    ]);
    expect(await log().listSourceOffsets(newTopicName())).toEqual([]);
  });
}
