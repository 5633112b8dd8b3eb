import { setTimeout as sleep } from 'node:timers/promises';

import { newIdentity, newTopicName, records } from '@sluice/record-log/conformance';
import { type KafkaHandle, spawnNode, startKafka, waitFor } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { KafkaLog, type KafkaLogOptions } from '../src/index.ts';
import { startStream } from './support/sequence.ts';
import { TcpProxy } from './tcp-proxy.ts';

let kafka: KafkaHandle;
const logs: KafkaLog[] = [];

beforeAll(async () => {
  kafka = await startKafka();
});
afterEach(() => {
  for (const log of logs.splice(0)) log.destroy();
});
afterAll(() => kafka?.stop());

async function started(options: Partial<KafkaLogOptions> = {}): Promise<KafkaLog> {
  const log = new KafkaLog({
    brokers: kafka.brokers,
    cluster: 'failures',
    clientId: `failures-${logs.length}`,
    ...options,
  });
  logs.push(log);
  await log.start();
  return log;
}

async function topicOf(log: KafkaLog, partitions: number): Promise<string> {
  const topic = newTopicName();
  await log.topics.create(topic, { partitions });
  return topic;
}

test('a broker that is killed and started again loses nothing of what was acknowledged', async () => {
  const stream = await startStream(await started(), 3);
  await kafka.kill('SIGKILL');
  await kafka.restart();
  const startedAtMs = performance.now();
  await stream.untilMore(500);
  const againAfterMs = Math.round(performance.now() - startedAtMs);
  await stream.assertWhole();
  // A call may have been appended before the broker died, but no more than were in flight.
  expect(stream.reader.duplicates).toBeLessThanOrEqual(100);
  // Half a second on an idle machine; a call that waits for its limit takes 10 s.
  expect(againAfterMs).toBeLessThan(9_000);
  process.stdout.write(
    `goes on ${againAfterMs} ms after the broker is up; ${stream.reader.duplicates} duplicates, ${stream.writer.failures} failed calls\n`,
  );
});

test('cutting the sockets in the middle of a stream loses nothing', async () => {
  const log = await started();
  const stream = await startStream(log, 3);
  for (let cut = 0; cut < 5; cut += 1) {
    log.disconnect();
    await stream.untilMore(200);
  }
  await stream.assertWhole();
});

test('the transaction of an owner that was killed holds nobody up', async () => {
  const log = await started();
  const topic = await topicOf(log, 2);
  const [taken, other] = [0, 1].map((partition) => ({ topic, partition }));
  if (!taken || !other) throw new Error('there are two');
  const group = `connect-${topic}`;
  const identity = newIdentity(1);
  const neighbour = await log.openReader({ identity: newIdentity(), group });
  await neighbour.assign([other]);
  await neighbour.commit([{ ...other, offset: 1 }]);
  // As a sink that has committed before.
  const first = await log.openReader({ identity, group });
  await first.assign([taken]);
  await first.commit([{ ...taken, offset: 2 }]);
  await first.close();

  const [connector, source] = [topic, { file: 'a' }];
  const writer = await log.openWriter(newIdentity());
  await writer.commitSourceOffsets(connector, [{ partition: source, offset: { position: 1 } }]);

  const task = {
    brokers: kafka.brokers,
    cluster: 'failures',
    identity,
    group,
    partition: taken,
    connector,
    source,
  };
  const dying = spawnNode('packages/record-log-kafka/test/support/transaction-process.ts', {
    args: [JSON.stringify(task)],
  });
  await dying.waitForLine(/open with codes 0 0 0 0/);
  await dying.kill('SIGKILL');

  const timed = async <T>(work: () => Promise<T>): Promise<readonly [number, T]> => {
    const beganMs = performance.now();
    const result = await work();
    return [performance.now() - beganMs, result];
  };
  const [listMs, listed] = await timed(() => log.listGroupOffsets(group));
  expect(listed).toEqual([
    { ...taken, offset: 2 },
    { ...other, offset: 1 },
  ]);
  const neighbours = [{ partition: { file: 'b' }, offset: { position: 1 } }];
  const [storeMs] = await timed(() => writer.commitSourceOffsets(connector, neighbours));
  const [readMs, beside] = await timed(() => log.readSourceOffsets(connector, [{ file: 'b' }]));
  expect(beside).toEqual([{ position: 1 }]);
  // What the transaction itself is about is waited for a little, and not seen.
  const [waitMs, position] = await timed(() => log.readSourceOffsets(connector, [source]));
  expect(position).toEqual([{ position: 1 }]);
  const [commitMs] = await timed(() => neighbour.commit([{ ...other, offset: 2 }]));
  // Somebody else may get the partition, since shares change with the number of tasks.
  const stranger = await log.openReader({ identity: newIdentity(), group });
  const [assignMs] = await timed(() => stranger.assign([taken]));
  expect(stranger.position(taken)).toBe(2);
  // The patience is for answers: a broker that stalls at first does not use it up, nor makes it endless.
  await kafka.kill('SIGSTOP');
  const late = timed(() => stranger.committed([taken]));
  await sleep(2_500);
  await kafka.kill('SIGCONT');
  const [lateMs, stalled] = await late;
  expect(stalled).toEqual([2]);

  const [openMs, found] = await timed(async () => {
    const successor = await log.openReader({ identity: { ...identity, fence: 2 }, group });
    await successor.assign([taken]);
    return await successor.committed([taken]);
  });
  expect(found).toEqual([2]);
  const ms = { listMs, readMs, waitMs, storeMs, commitMs, assignMs, lateMs, openMs };
  process.stdout.write(`beside an open transaction: ${JSON.stringify(ms)}\n`);
  // Those that wait do so for 2 s, the others for milliseconds. The transaction is open for 30 s, a call ends after 10 s.
  for (const each of Object.values(ms)) expect(each, JSON.stringify(ms)).toBeLessThan(8_000);
});

test('each call to a broker that does not answer ends in time, and all goes on when it answers again', async () => {
  const requestTimeoutMs = 3_000;
  const log = await started({ requestTimeoutMs, connectTimeoutMs: 3_000 });
  const topic = await topicOf(log, 1);
  const partition = { topic, partition: 0 };
  const identity = newIdentity(1);
  const writer = await log.openWriter(identity);
  const reader = await log.openReader({ identity, group: `connect-${topic}` });
  await reader.assign([partition]);
  await writer.produce([{ topic, records: records(1) }]);
  await reader.poll(5_000);

  const calls: Record<string, () => Promise<unknown>> = {
    produce: () => writer.produce([{ topic, records: records(1) }]),
    commitSourceOffsets: () => writer.commitSourceOffsets('c', [{ partition: {}, offset: {} }]),
    commit: () => reader.commit([{ ...partition, offset: 1 }]),
    committed: () => reader.committed([partition]),
    openWriter: () => log.openWriter(newIdentity()),
    openReader: () => log.openReader({ identity: newIdentity(), group: 'connect-x' }),
    readSourceOffsets: () => log.readSourceOffsets('c', [{}]),
    listSourceOffsets: () => log.listSourceOffsets('c'),
    listGroupOffsets: () => log.listGroupOffsets('connect-x'),
    forgetGroup: () => log.forgetGroup('connect-x'),
    create: () => log.topics.create(newTopicName(), { partitions: 1 }),
    describe: () => log.topics.describe([topic]),
    list: () => log.topics.list(),
    delete: () => log.topics.delete('none'),
    watermarks: () => log.topics.watermarks([partition]),
  };
  await kafka.kill('SIGSTOP');
  try {
    const outcomes = await Promise.all(
      Object.entries(calls).map(async ([name, call]) => {
        const beganMs = performance.now();
        const error: unknown = await call().then(
          () => 'it was answered',
          (thrown: unknown) => thrown,
        );
        return { name, error, tookMs: performance.now() - beganMs };
      }),
    );
    for (const { name, error, tookMs } of outcomes) {
      expect(error, name).toMatchObject({ code: 'log.unreachable', retriable: true });
      // For as long as one request may take, whatever a call is made of.
      expect(tookMs, name).toBeLessThan(2 * requestTimeoutMs);
    }
    const beganMs = performance.now();
    expect(await reader.poll(300)).toEqual([]);
    expect(performance.now() - beganMs).toBeLessThan(requestTimeoutMs);
  } finally {
    await kafka.kill('SIGCONT');
  }
  const resumedAtMs = performance.now();
  await waitFor(() => writer.produce([{ topic, records: records(1) }]), {
    what: 'the writer to go on',
    timeoutMs: 30_000,
  });
  await waitFor(() => reader.commit([{ ...partition, offset: 1 }]).then(() => true), {
    what: 'the reader to go on',
    timeoutMs: 30_000,
  });
  process.stdout.write(
    `thawed broker: on after ${Math.round(performance.now() - resumedAtMs)} ms\n`,
  );
});

test('a broker that accepts connections and says nothing is told as unreachable by start', async () => {
  await using proxy = await new TcpProxy('127.0.0.1', kafka.bootstrap).start();
  proxy.silence();
  const beganMs = performance.now();
  const error: unknown = await started({ brokers: [proxy.address], connectTimeoutMs: 1_000 }).then(
    () => 'it was answered',
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({
    code: 'log.unreachable',
    message: expect.stringContaining(proxy.address),
  });
  // By the limit that it was given, and not by the default, 5 s.
  expect(performance.now() - beganMs).toBeLessThan(4_500);
});
