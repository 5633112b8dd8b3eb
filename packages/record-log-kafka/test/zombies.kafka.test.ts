import type { FetchedRecord } from '@sluice/record-log';
import { newIdentity, newTopicName, records, textOf } from '@sluice/record-log/conformance';
import { useSharedKafka } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';
import { openConnection } from '../src/kafkajs/connection.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import { txnOffsetCommitRequest } from '../src/wire/offsets.ts';
import { produceRequest } from '../src/wire/produce.ts';
import { planRecordBatch } from '../src/wire/record-batch.ts';
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  endTxnRequest,
  initProducerIdRequest,
} from '../src/wire/transactions.ts';
import { OwnerProcess, type OwnerTask } from './support/owner-events.ts';

const kafka = useSharedKafka();
const cluster = kafka.unique('zombies');
let log: KafkaLog;

beforeAll(async () => {
  log = new KafkaLog({ brokers: kafka.brokers, cluster, clientId: 'zombies-test' });
  await log.start();
});
afterAll(() => log?.stop());

const refusedByBroker = expect.toBeOneOf([
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.PRODUCER_FENCED,
]);

async function taskOf(kind: OwnerTask['kind']): Promise<OwnerTask> {
  const topic = newTopicName();
  await log.topics.create(topic, { partitions: 1 });
  return {
    kind,
    brokers: kafka.brokers,
    cluster,
    identity: newIdentity(1),
    group: kafka.unique('connect'),
    partition: { topic, partition: 0 },
    connector: kafka.unique('source'),
    source: { file: '/a' },
  };
}

async function everythingIn(topic: string): Promise<FetchedRecord[]> {
  const reader = await log.openReader({ identity: newIdentity(), group: kafka.unique('look') });
  const partition = { topic, partition: 0 };
  await reader.assign([partition]);
  const [end] = await log.topics.watermarks([partition]);
  const all: FetchedRecord[] = [];
  while ((reader.position(partition) ?? 0) < (end?.high ?? 0)) {
    for (const batch of await reader.poll(1_000)) all.push(...batch.records);
  }
  await reader.close();
  return all;
}

test('a sink that was frozen in the middle of commits is refused by the broker when it thaws', async () => {
  const task = await taskOf('sink');
  await using zombie = new OwnerProcess(task);
  await zombie.untilDone(20);
  await zombie.process.kill('SIGSTOP');

  const { group, partition, identity } = task;
  const owner = await log.openReader({ identity: { ...identity, fence: 2 }, group });
  await owner.assign([partition]);
  // At least what it was acknowledged; one more may have been on its way.
  expect(owner.position(partition)).toBeGreaterThanOrEqual(20);
  await owner.commit([{ ...partition, offset: 10_000 }]);

  await zombie.process.kill('SIGCONT');
  expect(await zombie.untilRefused()).toEqual({
    type: 'refused',
    code: 'log.fenced',
    brokerCode: refusedByBroker,
  });
  expect(await owner.committed([partition])).toEqual([10_000]);
  await owner.commit([{ ...partition, offset: 10_001 }]);
  expect(await owner.committed([partition])).toEqual([10_001]);
});

test('what a source had in flight when it was frozen is not appended after its successor opened', async () => {
  const task = await taskOf('source');
  const { identity, partition, connector, source } = task;
  await using zombie = new OwnerProcess(task);
  await zombie.untilDone(200);
  await zombie.process.kill('SIGSTOP');

  const owner = await log.openWriter({ ...identity, fence: 2 });
  const [before] = await log.topics.watermarks([partition]);
  const [offset] = await log.readSourceOffsets(connector, [source]);
  expect(offset).toMatchObject({ fence: 1 });
  await owner.commitSourceOffsets(connector, [{ partition: source, offset: { fence: 2 } }]);

  await zombie.process.kill('SIGCONT');
  expect(await zombie.untilRefused()).toEqual({
    type: 'refused',
    code: 'log.fenced',
    brokerCode: refusedByBroker,
  });
  // It took the epoch when it asked whether it was still the owner: that must cost nothing.
  await owner.produce([{ topic: partition.topic, records: records(3, { prefix: '2.' }) }]);

  const all = await everythingIn(partition.topic);
  const late = all.filter(
    (each) => each.offset >= (before?.high ?? 0) && textOf(each.value)?.startsWith('1.'),
  );
  expect(late).toEqual([]);
  expect(all.slice(-3).map(({ value }) => textOf(value))).toEqual(['2.0', '2.1', '2.2']);
  // All that was acknowledged to it is there, once and in order.
  const numbers = all
    .map(({ value }) => /^1\.(\d+)/.exec(textOf(value) ?? '')?.[1])
    .flatMap((number) => (number === undefined ? [] : [Number(number)]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThanOrEqual(zombie.done);
  expect(await log.readSourceOffsets(connector, [source])).toEqual([{ fence: 2 }]);
});

test('an older owner that opens late is refused, and the true one goes on without losing anything', async () => {
  const { identity, partition, connector, source, group } = await taskOf('source');
  const writer = await log.openWriter({ ...identity, fence: 7 });
  const reader = await log.openReader({ identity: { ...identity, fence: 7 }, group });
  const late = new KafkaLog({ brokers: kafka.brokers, cluster, clientId: 'late' });
  await late.start();
  const calls: Promise<unknown>[] = [];
  const done = new AbortController();
  const stream = (async () => {
    for (let number = 0; !done.signal.aborted; number += 1) {
      const value = Buffer.from(`${number}`);
      const { topic } = partition;
      calls.push(writer.produce([{ topic, records: [{ key: null, value, partition: 0 }] }]));
      await writer.commitSourceOffsets(connector, [{ partition: source, offset: { number } }]);
      await reader.commit([{ ...partition, offset: number }]);
    }
  })();
  for (const fence of [1, 6, 3]) {
    await expect(late.openWriter({ ...identity, fence })).rejects.toMatchObject({
      code: 'log.fenced',
    });
    await expect(
      late.openReader({ identity: { ...identity, fence }, group }),
    ).rejects.toMatchObject({ code: 'log.fenced' });
  }
  done.abort();
  await stream;
  await Promise.all(calls);
  await late.stop();
  const numbers = (await everythingIn(partition.topic)).map(({ value }) => Number(textOf(value)));
  const distinct = [...new Set(numbers)];
  expect(distinct).toEqual(calls.map((_, number) => number));
  const number = calls.length - 1;
  expect(await log.readSourceOffsets(connector, [source])).toEqual([{ number }]);
  expect(await reader.committed([partition])).toEqual([number]);
});

test('each request of an owner that has a successor is refused by the broker itself', async () => {
  const { identity, partition, group } = await taskOf('source');
  const [host = '', port] = kafka.bootstrap.split(':');
  const broker = openConnection({
    host,
    port: Number(port),
    clientId: 'zombie',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
  });
  await broker.connect();
  const old = await log.openWriter({ ...identity, fence: 1 });
  await old.produce([{ topic: partition.topic, records: records(1) }]);
  // The epoch that it has, taken once more as it would after a reopening, with a transaction under way.
  const { producerId, producerEpoch } = await broker.send(
    initProducerIdRequest({ transactionalId: identity.id, transactionTimeoutMs: 30_000 }),
  );
  const producer = { transactionalId: identity.id, producerId, producerEpoch };
  await broker.send(addPartitionsToTxnRequest({ ...producer, partitions: [partition] }));
  await broker.send(addOffsetsToTxnRequest({ ...producer, group }));

  const owner = await log.openWriter({ ...identity, fence: 2 });
  const offsets = [{ ...partition, offset: 5 }];
  const batch = (isTransactional: boolean) =>
    produceRequest({
      transactionalId: isTransactional ? identity.id : null,
      acks: -1,
      timeoutMs: 5_000,
      topics: [
        {
          topic: partition.topic,
          partitions: [
            {
              partition: 0,
              batch: planRecordBatch(
                { records: records(1) },
                {
                  nowMs: Date.now(),
                  compression: 'none',
                  isTransactional,
                  producerId,
                  producerEpoch,
                  baseSequence: 0,
                },
              ),
            },
          ],
        },
      ],
    });
  const codes = {
    addOffsets: (await broker.send(addOffsetsToTxnRequest({ ...producer, group }))).errorCode,
    commitOffsets: (await broker.send(txnOffsetCommitRequest({ ...producer, group, offsets })))
      .partitions[0]?.errorCode,
    addPartitions: (
      await broker.send(addPartitionsToTxnRequest({ ...producer, partitions: [partition] }))
    ).partitions[0]?.errorCode,
    produce: (await broker.send(batch(false))).partitions[0]?.errorCode,
    produceInTransaction: (await broker.send(batch(true))).partitions[0]?.errorCode,
    end: (await broker.send(endTxnRequest({ ...producer, commit: true }))).errorCode,
  };
  expect(codes).toEqual({
    addOffsets: refusedByBroker,
    commitOffsets: refusedByBroker,
    addPartitions: refusedByBroker,
    produce: refusedByBroker,
    produceInTransaction: refusedByBroker,
    end: refusedByBroker,
  });
  await owner.produce([{ topic: partition.topic, records: records(1, { prefix: 'new-' }) }]);
  const all = (await everythingIn(partition.topic)).map(({ value }) => textOf(value));
  expect(all).toEqual(['0', 'new-0']);
  expect(await log.listGroupOffsets(group)).toEqual([]);
  await broker.close();
});
