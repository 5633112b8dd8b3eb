/** Records and offsets of a source in one transaction, while owners are killed, frozen and cut off. */
import { isRetriable, SluiceError } from '@sluice/kernel';
import { isOutcomeUnknown, type LogWriter } from '@sluice/record-log';
import { newIdentity, newTopicName, records, textOf, values } from '@sluice/record-log/conformance';
import { useSharedKafka, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';
import { OwnerProcess, type OwnerTask } from './support/owner-events.ts';

const kafka = useSharedKafka();
const cluster = kafka.unique('transactions');
let log: KafkaLog;

beforeAll(async () => {
  log = new KafkaLog({ brokers: kafka.brokers, cluster, clientId: 'transactions-test' });
  await log.start();
});
afterAll(() => log?.stop());

async function taskOf(): Promise<OwnerTask> {
  const topic = newTopicName();
  await log.topics.create(topic, { partitions: 1 });
  return {
    kind: 'transactions',
    brokers: kafka.brokers,
    cluster,
    identity: newIdentity(1),
    group: kafka.unique('connect'),
    partition: { topic, partition: 0 },
    connector: kafka.unique('source'),
    source: { file: '/a' },
  };
}

/** What a consumer sees that reads what is committed: up to a record that is written here, last. */
async function committedIn(topic: string): Promise<(string | null)[]> {
  const writer = await log.openWriter(newIdentity());
  await writer.produce([{ topic, records: [{ key: null, value: Buffer.from('end') }] }]);
  await writer.close();
  const reader = await log.openReader({
    identity: newIdentity(),
    group: kafka.unique('look'),
    isolation: 'read_committed',
  });
  await reader.assign([{ topic, partition: 0 }]);
  const seen: (string | null)[] = [];
  await waitFor(
    async () => {
      for (const batch of await reader.poll(500)) seen.push(...values(batch.records));
      return seen.at(-1) === 'end';
    },
    { what: 'the last record of all', timeoutMs: 60_000 },
  );
  await reader.close();
  expect(await lookedAt(topic)).toEqual(seen);
  return seen.slice(0, -1);
}

/** What somebody sees who looks at all of it. */
async function lookedAt(topic: string): Promise<(string | null)[]> {
  const seen: (string | null)[] = [];
  for (let offset = 0; ; ) {
    const [batch] = await log.peek([{ topic, partition: 0, offset }], { bytesMax: 100_000 });
    if (!batch || batch.nextOffset === offset) return seen;
    seen.push(...values(batch.records));
    offset = batch.nextOffset;
  }
}

function numbersUpTo(last: number): string[] {
  return Array.from({ length: last }, (_, index) => String(index + 1));
}

test('owners that are killed in the middle of transactions leave each record once', async () => {
  const task = await taskOf();
  const rounds = 12;
  let done = 0;
  for (let fence = 1; fence <= rounds; fence += 1) {
    await using owner = new OwnerProcess({ ...task, identity: { ...task.identity, fence } });
    await owner.untilDone(done + 1 + ((fence * 37) % 90));
    await owner.process.kill('SIGKILL');
    done = owner.done;
  }
  const last = await log.openWriter({ ...task.identity, fence: rounds + 1 });
  const [offset] = await log.readSourceOffsets(task.connector, [task.source]);
  const number = Number(offset?.['number']);
  // What was acknowledged is there; one more may have been committed.
  expect(number).toBeGreaterThanOrEqual(done);
  expect(number).toBeLessThanOrEqual(done + 7);
  expect(await committedIn(task.partition.topic)).toEqual(numbersUpTo(number));
  await last.close();
}, 120_000);

test('of an owner that was frozen in the middle of transactions nothing is committed after its successor opened', async () => {
  const task = await taskOf();
  for (let fence = 1; fence <= 9; fence += 2) {
    await using zombie = new OwnerProcess({ ...task, identity: { ...task.identity, fence } });
    const [before] = await log.readSourceOffsets(task.connector, [task.source]);
    await zombie.untilDone(Number(before?.['number'] ?? 0) + 20 + fence);
    await zombie.process.kill('SIGSTOP');
    await using owner = new OwnerProcess({
      ...task,
      identity: { ...task.identity, fence: fence + 1 },
    });
    await owner.untilDone(zombie.done + 10);
    await zombie.process.kill('SIGCONT');
    expect(await zombie.untilRefused()).toMatchObject({ code: 'log.fenced' });
    await owner.untilDone(owner.done + 20);
    await owner.process.kill('SIGKILL');
  }
  const last = await log.openWriter({ ...task.identity, fence: 99 });
  const [offset] = await log.readSourceOffsets(task.connector, [task.source]);
  expect(await committedIn(task.partition.topic)).toEqual(numbersUpTo(Number(offset?.['number'])));
  await last.close();
}, 120_000);

test('an owner whose connections are cut repeats what was surely not committed, and looks where it is not known', async () => {
  const { identity, connector, source, partition } = await taskOf();
  const client = new KafkaLog({ brokers: kafka.brokers, cluster, clientId: 'cut' });
  await client.start();
  const open = (): Promise<LogWriter> => untilAccepted(() => client.openWriter(identity));
  let writer = await open();
  let [cuts, unknown, number] = [0, 0, 0];
  /** How long one takes that is not cut: cuts fall anywhere within it, and a little behind. */
  let typicalMs = 20;
  // Both have to come, or the test would not show what its title says.
  while (unknown < 5 || cuts - unknown < 5) {
    const offsets = [{ partition: source, offset: { number: number + 3 } }];
    const batches = [
      {
        topic: partition.topic,
        records: numbersUpTo(number + 3)
          .slice(-3)
          .map((value) => ({ key: null, value: Buffer.from(value) })),
      },
    ];
    const beganMs = performance.now();
    const transacting = writer.transact?.({ connector, batches, offsets });
    const cut = setTimeout(() => client.disconnect(), Math.random() * 1.5 * typicalMs);
    try {
      await transacting;
      number += 3;
      typicalMs = performance.now() - beganMs;
    } catch (error) {
      cuts += 1;
      if (!isOutcomeUnknown(error)) {
        if (!isRetriable(error)) throw error;
        continue;
      }
      unknown += 1;
      await writer.close();
      writer = await open();
      const [stored] = await untilAccepted(() => client.readSourceOffsets(connector, [source]));
      number = Number(stored?.['number'] ?? 0);
    } finally {
      clearTimeout(cut);
    }
  }
  await client.stop();
  expect(await committedIn(partition.topic)).toEqual(numbersUpTo(number));
}, 120_000);

test('what a transaction had appended before it was aborted is not seen, nor its offset', async () => {
  const { identity, connector, source, partition } = await taskOf();
  const limited = newTopicName();
  await log.topics.create(limited, { partitions: 1, config: { 'max.message.bytes': '2000' } });
  const writer = await log.openWriter(identity);
  const refused = writer.transact?.({
    connector,
    batches: [
      { topic: partition.topic, records: records(5) },
      { topic: limited, records: [{ key: null, value: Buffer.alloc(20_000) }] },
    ],
    offsets: [{ partition: source, offset: { number: 5 } }],
  });
  await expect(refused).rejects.toMatchObject({ code: 'log.record_too_large' });
  expect(await log.listSourceOffsets(connector)).toEqual([]);
  const reader = await log.openReader({ identity: newIdentity(), group: kafka.unique('look') });
  await reader.assign([partition]);
  const seen = await waitFor(
    async () => {
      const read = (await reader.poll(500)).flatMap((batch) => batch.records);
      return read.length > 0 ? read : undefined;
    },
    { what: 'what was appended, for who reads all', timeoutMs: 10_000 },
  );
  expect(seen.map(({ value }) => textOf(value))).toEqual(['0', '1', '2', '3', '4']);
  expect(await committedIn(partition.topic)).toEqual([]);
  await Promise.all([reader.close(), writer.close()]);
});

async function untilAccepted<Result>(call: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SluiceError && error.retriable) || attempt === 10) throw error;
    }
  }
}
