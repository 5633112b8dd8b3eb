import { assert } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { type LogReader, type LogWriter, type ProduceAck, RecordsRefusedError } from '../index.ts';
import {
  bytes,
  count,
  type Harness,
  newIdentity,
  newTopicName,
  quietMs,
  readRecords,
  records,
  values,
} from './harness.ts';

const fenced = { code: 'log.fenced', fenced: true, retriable: false };
const source = { file: 'a' };

export function testTransactions(harness: Harness): void {
  const { log, anotherLog, createTopic, openWriter, openReader, underTest } = harness;

  const at = (position: number) => [{ partition: source, offset: { position } }];
  const readerOf = (topic: string, partitions = 1): Promise<LogReader> =>
    openReader(
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
      { isolation: 'read_committed' },
    );

  test('records and offsets of one transaction are there together', async () => {
    const [topic, other] = [await createTopic(2), await createTopic()];
    const connector = newTopicName();
    const writer = await openWriter();
    const acks = await transact(writer, {
      connector,
      batches: [
        { topic, records: [...records(3, { partition: 0 }), ...records(2, { partition: 1 })] },
        { topic: other, records: records(2, { prefix: 'o' }) },
      ],
      offsets: at(5),
    });
    expect(acks.map((ack) => ack.topic)).toEqual([topic, other]);
    expect(Array.from(acks[0]?.partitions ?? [])).toEqual([0, 0, 0, 1, 1]);
    expect(Array.from(acks[0]?.offsets ?? [])).toEqual([0, 1, 2, 0, 1]);
    expect(await log().readSourceOffsets(connector, [source])).toEqual([{ position: 5 }]);
    const read = await readRecords(await readerOf(topic, 2), 5);
    expect(values(read.filter(({ partition }) => partition === 0))).toEqual(['0', '1', '2']);
    expect(values(await readRecords(await readerOf(other), 2))).toEqual(['o0', 'o1']);
  });

  test('transactions follow one another in the order of the calls', async () => {
    const topic = await createTopic();
    const connector = newTopicName();
    const writer = await openWriter();
    for (let turn = 0; turn < 20; turn += 1) {
      const batches = [{ topic, records: [{ key: null, value: bytes(String(turn)) }] }];
      await transact(writer, { connector, batches, offsets: at(turn) });
    }
    expect(values(await readRecords(await readerOf(topic), 20))).toEqual(count(20));
    expect(await log().listSourceOffsets(connector)).toEqual(at(19));
  });

  test('a transaction may have records alone, offsets alone, or nothing', async () => {
    const topic = await createTopic();
    const connector = newTopicName();
    const writer = await openWriter();
    await transact(writer, {
      connector,
      batches: [{ topic, records: records(1) }],
      offsets: [],
    });
    expect(await transact(writer, { connector, batches: [], offsets: at(7) })).toEqual([]);
    expect(await transact(writer, { connector, batches: [], offsets: [] })).toEqual([]);
    expect(values(await readRecords(await readerOf(topic), 1))).toEqual(['0']);
    expect(await log().listSourceOffsets(connector)).toEqual(at(7));
  });

  test('a transaction creates the topics that it writes to', async () => {
    const topic = newTopicName();
    const writer = await openWriter();
    const batches = [{ topic, records: records(2, { partition: 0 }) }];
    await transact(writer, { connector: newTopicName(), batches, offsets: [] });
    expect(values(await readRecords(await readerOf(topic), 2))).toEqual(['0', '1']);
  });

  test('of a transaction with a record that is refused nothing is written', async () => {
    const topic = await createTopic();
    const connector = newTopicName();
    const writer = await openWriter();
    const large = { key: null, value: Buffer.alloc(underTest().recordBytesMax + 1) };
    const batches = [{ topic, records: [...records(2), large] }];
    const refusal = await refusedOf(transact(writer, { connector, batches, offsets: at(3) }));
    expect(refusal).toMatchObject({ code: 'log.record_too_large' });
    expect(refusal.refused).toMatchObject([{ batch: 0, index: 2 }]);
    expect(Array.from(refusal.acks[0]?.offsets ?? [])).toEqual([-1, -1, -1]);
    await transact(writer, {
      connector,
      batches: [{ topic, records: records(2, { prefix: 'again' }) }],
      offsets: at(3),
    });
    expect(values(await readRecords(await readerOf(topic), 2))).toEqual(['again0', 'again1']);
  });

  test("of a transaction with a record above its topic's own limit nothing is written", async ({
    skip,
  }) => {
    // Only some logs have topics with limits of their own.
    if (!underTest().hasTopicLimits) skip();
    const [topic, limited] = [await createTopic(), newTopicName()];
    await log().topics.create(limited, { partitions: 1, config: { 'max.message.bytes': '2000' } });
    const connector = newTopicName();
    const writer = await openWriter();
    const large = { key: null, value: Buffer.alloc(20_000, 'x') };
    const batches = [
      { topic, records: records(2) },
      { topic: limited, records: [...records(1), large, ...records(1)] },
    ];
    const refusal = await refusedOf(transact(writer, { connector, batches, offsets: at(5) }));
    expect(refusal.refused).toMatchObject([{ batch: 1, index: 1 }]);
    expect(refusal.acks.map(({ offsets }) => Array.from(offsets))).toEqual([
      [-1, -1],
      [-1, -1, -1],
    ]);
    expect(await log().listSourceOffsets(connector)).toEqual([]);
    const left = [
      { topic, records: records(2, { prefix: 'left' }) },
      { topic: limited, records: records(2, { prefix: 'left' }) },
    ];
    await transact(writer, { connector, batches: left, offsets: at(5) });
    expect(values(await readRecords(await readerOf(topic), 2))).toEqual(['left0', 'left1']);
    expect(values(await readRecords(await readerOf(limited), 2))).toEqual(['left0', 'left1']);
    expect(await log().listSourceOffsets(connector)).toEqual(at(5));
  });

  test('an older owner commits no transaction any more', async () => {
    const topic = await createTopic();
    const connector = newTopicName();
    const { id } = newIdentity();
    const old = await (await anotherLog()).openWriter({ id, fence: 5 });
    const batches = [{ topic, records: records(1) }];
    await transact(old, { connector, batches, offsets: at(1) });
    const newer = await openWriter({ id, fence: 6 });
    await expect(transact(old, { connector, batches, offsets: at(2) })).rejects.toMatchObject(
      fenced,
    );
    await transact(newer, {
      connector,
      batches: [{ topic, records: records(1, { prefix: 'new' }) }],
      offsets: at(3),
    });
    const reader = await readerOf(topic);
    expect(values(await readRecords(reader, 2))).toEqual(['0', 'new0']);
    expect((await reader.poll(quietMs)).flatMap((batch) => batch.records)).toEqual([]);
    expect(await log().listSourceOffsets(connector)).toEqual(at(3));
  });

  test('offsets may be stored between transactions', async () => {
    const topic = await createTopic();
    const connector = newTopicName();
    const writer = await openWriter();
    const one = (prefix: string) => [{ topic, records: records(1, { prefix }) }];
    await transact(writer, { connector, batches: one('a'), offsets: at(1) });
    await writer.commitSourceOffsets(connector, at(2));
    expect(await log().listSourceOffsets(connector)).toEqual(at(2));
    await transact(writer, { connector, batches: one('b'), offsets: at(3) });
    expect(values(await readRecords(await readerOf(topic), 2))).toEqual(['a0', 'b0']);
    expect(await log().listSourceOffsets(connector)).toEqual(at(3));
  });
}

async function transact(
  writer: LogWriter,
  transaction: Parameters<NonNullable<LogWriter['transact']>>[0],
): Promise<ProduceAck[]> {
  const acks = await writer.transact?.(transaction);
  assert(acks, 'a log with transactions has writers that transact');
  return acks;
}

async function refusedOf(work: Promise<unknown>): Promise<RecordsRefusedError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof RecordsRefusedError) return error;
  throw new Error(`records were to be refused, and this came: ${String(error)}`);
}
