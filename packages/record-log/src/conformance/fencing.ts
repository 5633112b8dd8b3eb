import { expect, test } from 'vitest';

import {
  type Harness,
  newGroup,
  newIdentity,
  newTopicName,
  quietMs,
  readRecords,
  records,
  values,
} from './harness.ts';

const fenced = { code: 'log.fenced', fenced: true, retriable: false };

export function testFencing(harness: Harness): void {
  const { log, anotherLog, createTopic, openWriter, openReader } = harness;

  test('a newer owner refuses what the older one produces or commits', async () => {
    const topic = await createTopic();
    const connector = newTopicName();
    const { id } = newIdentity();
    const other = await anotherLog();
    const old = await other.openWriter({ id, fence: 5 });
    await old.produce([{ topic, records: records(1) }]);
    await openWriter({ id, fence: 6 });

    await expect(old.produce([{ topic, records: records(1) }])).rejects.toMatchObject(fenced);
    const offsets = [{ partition: { file: 'a' }, offset: { position: 1 } }];
    await expect(old.commitSourceOffsets(connector, offsets)).rejects.toMatchObject(fenced);
    const reader = await openReader([{ topic, partition: 0 }]);
    expect(values(await readRecords(reader, 1))).toEqual(['0']);
    expect((await reader.poll(quietMs)).flatMap((batch) => batch.records)).toEqual([]);
    expect(await log().listSourceOffsets(connector)).toEqual([]);
  });

  test('a newer reader refuses what the older one commits', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const group = newGroup();
    const { id } = newIdentity();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(5) }]);
    const old = await openReader([partition], { identity: { id, fence: 5 }, group });
    await readRecords(old, 5);
    await old.commit([{ ...partition, offset: 1 }]);
    const newer = await openReader([partition], { identity: { id, fence: 6 }, group });
    await expect(old.commit([{ ...partition, offset: 5 }])).rejects.toMatchObject(fenced);
    expect(await newer.committed([partition])).toEqual([1]);
    await newer.commit([{ ...partition, offset: 2 }]);
  });

  test('a writer and a reader of one owner share its fence', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const { id } = newIdentity();
    const reader = await openReader([partition], { identity: { id, fence: 5 } });
    const writer = await openWriter({ id, fence: 5 });
    await writer.produce([{ topic, records: records(2) }]);
    await reader.commit([{ ...partition, offset: 1 }]);

    await openReader([], { identity: { id, fence: 7 } });
    await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(fenced);
    await expect(reader.commit([{ ...partition, offset: 2 }])).rejects.toMatchObject(fenced);
  });

  test('an older owner cannot open a writer or a reader any more', async () => {
    const { id } = newIdentity();
    await openWriter({ id, fence: 5 });
    await expect(log().openWriter({ id, fence: 4 })).rejects.toMatchObject(fenced);
    const options = { identity: { id, fence: 4 }, group: newGroup() };
    await expect(log().openReader(options)).rejects.toMatchObject(fenced);
    await openWriter({ id, fence: 5 });
  });

  test('fences as large as microseconds since 1970 are told apart', async () => {
    const { id } = newIdentity();
    const fence = 1_800_000_000_000_001;
    const topic = await createTopic();
    const old = await openWriter({ id, fence });
    await openWriter({ id, fence: fence + 1 });
    await expect(old.produce([{ topic, records: records(1) }])).rejects.toMatchObject(fenced);
    await expect(log().openWriter({ id, fence })).rejects.toMatchObject(fenced);
  });

  test('one identity does not fence another', async () => {
    const topic = await createTopic();
    const writer = await openWriter({ ...newIdentity(), fence: 1 });
    await openWriter({ ...newIdentity(), fence: 9 });
    await writer.produce([{ topic, records: records(1) }]);
  });

  test('everything in flight of a fenced writer is refused', async () => {
    const topic = await createTopic();
    const { id } = newIdentity();
    const old = await openWriter({ id, fence: 1 });
    await openWriter({ id, fence: 2 });
    const calls = Array.from({ length: 5 }, () => old.produce([{ topic, records: records(1) }]));
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: fenced });
    }
  });
}
