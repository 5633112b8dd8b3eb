import { expect, test } from 'vitest';

import {
  count,
  type Harness,
  newGroup,
  newIdentity,
  readRecords,
  records,
  values,
} from './harness.ts';

const closed = { code: 'log.closed', retriable: false };

export function testLifecycle({ log, anotherLog, createTopic, openWriter }: Harness): void {
  test('after disconnect the client is used as before', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const client = await anotherLog();
    const writer = await client.openWriter(newIdentity());
    const reader = await client.openReader({ identity: newIdentity(), group: newGroup() });
    await reader.assign([partition]);
    await writer.produce([{ topic, records: records(3) }]);
    expect(values(await readRecords(reader, 3))).toEqual(count(3));

    client.disconnect();
    await writer.produce([{ topic, records: records(2, { prefix: 'b' }) }]);
    expect(values(await readRecords(reader, 2))).toEqual(count(2, 'b'));
    await reader.commit([{ ...partition, offset: 5 }]);
    client.disconnect();
    expect(await reader.committed([partition])).toEqual([5]);
  });

  test('a poll that waits survives a disconnect', async () => {
    const topic = await createTopic();
    const client = await anotherLog();
    const reader = await client.openReader({ identity: newIdentity(), group: newGroup() });
    await reader.assign([{ topic, partition: 0 }]);
    const polled = readRecords(reader, 1);
    client.disconnect();
    const writer = await openWriter();
    await writer.produce([{ topic, records: records(1) }]);
    expect(values(await polled)).toEqual(['0']);
  });

  test('what was in flight at a disconnect is refused as retriable, or was acknowledged', async () => {
    const topic = await createTopic();
    const client = await anotherLog();
    const writer = await client.openWriter(newIdentity());
    await writer.produce([{ topic, records: records(1) }]);
    const calls = Array.from({ length: 10 }, () =>
      writer.produce([{ topic, records: [{ key: null, value: Buffer.alloc(50_000) }] }]),
    );
    client.disconnect();
    const outcomes = await Promise.allSettled(calls);
    const refused = outcomes.findIndex(({ status }) => status === 'rejected');
    // A later call that succeeded would be out of order when the refused one is repeated.
    for (const outcome of refused < 0 ? [] : outcomes.slice(refused)) {
      expect(outcome).toMatchObject({
        status: 'rejected',
        reason: { code: 'log.unreachable', retriable: true },
      });
    }
    await writer.produce([{ topic, records: records(1) }]);
  });

  test('destroy ends polls at once and refuses everything afterwards', async () => {
    const topic = await createTopic();
    const partition = { topic, partition: 0 };
    const client = await anotherLog();
    const writer = await client.openWriter(newIdentity());
    const reader = await client.openReader({ identity: newIdentity(), group: newGroup() });
    await reader.assign([partition]);
    const polled = reader.poll(10_000);
    const startMs = performance.now();
    client.destroy();
    expect(await polled).toEqual([]);
    expect(performance.now() - startMs).toBeLessThan(8_000);

    const produced = writer.produce([{ topic, records: records(1) }]);
    await expect(produced).rejects.toMatchObject(closed);
    await expect(reader.poll(0)).rejects.toMatchObject(closed);
    await expect(reader.commit([{ ...partition, offset: 0 }])).rejects.toMatchObject(closed);
    await expect(client.openWriter(newIdentity())).rejects.toMatchObject(closed);
    await expect(client.topics.list()).rejects.toMatchObject(closed);
    client.destroy();
    await client.stop();
    await client.stop();
    expect(await log().topics.watermarks([partition])).toEqual([{ low: 0, high: 0 }]);
  });

  test('what is produced but not acknowledged when destroy is called does not arrive afterwards', async () => {
    const topic = await createTopic();
    const client = await anotherLog();
    const writer = await client.openWriter(newIdentity());
    await writer.produce([{ topic, records: records(1) }]);
    // As much as cannot have left when destroy is called in the same turn.
    const calls = Array.from({ length: 20 }, () =>
      writer.produce([{ topic, records: [{ key: null, value: Buffer.alloc(500_000) }] }]),
    );
    client.destroy();
    const outcomes = await Promise.allSettled(calls);
    const acknowledged = outcomes.filter(({ status }) => status === 'fulfilled').length;
    const high = async (): Promise<number | undefined> =>
      (await log().topics.watermarks([{ topic, partition: 0 }]))[0]?.high;
    const atOnce = await high();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await high()).toBe(atOnce);
    expect(atOnce).toBeGreaterThanOrEqual(1 + acknowledged);
    expect(atOnce).toBeLessThanOrEqual(21);
  });

  test('stop may be called twice and before start', async () => {
    const client = await anotherLog();
    await client.stop();
    await client.stop();
    await expect(client.topics.list()).rejects.toMatchObject(closed);
  });

  test('closing a writer waits for what it has accepted, and refuses more', async () => {
    const topic = await createTopic();
    const writer = await openWriter();
    const calls = Array.from({ length: 10 }, () =>
      writer.produce([{ topic, records: records(10) }]),
    );
    await writer.close();
    await writer.close();
    await Promise.all(calls);
    const watermarks = await log().topics.watermarks([{ topic, partition: 0 }]);
    expect(watermarks).toEqual([{ low: 0, high: 100 }]);
    await expect(writer.produce([{ topic, records: records(1) }])).rejects.toMatchObject(closed);
  });

  test('closing a reader ends its poll', async () => {
    const topic = await createTopic();
    const client = await anotherLog();
    const reader = await client.openReader({ identity: newIdentity(), group: newGroup() });
    await reader.assign([{ topic, partition: 0 }]);
    const polled = reader.poll(10_000);
    await reader.close();
    expect(await polled).toEqual([]);
    await expect(reader.poll(0)).rejects.toMatchObject(closed);
  });
}
