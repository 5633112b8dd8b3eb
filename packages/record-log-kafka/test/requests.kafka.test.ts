import { useSharedKafka, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { BrokerConnection } from '../src/kafkajs/connection.ts';
import { alterConfigsRequest, describeConfigsRequest } from '../src/wire/configs.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import { type FetchedPartition, fetchRequest } from '../src/wire/fetch.ts';
import {
  deleteGroupsRequest,
  describeGroupsRequest,
  findCoordinatorRequest,
} from '../src/wire/groups.ts';
import { metadataRequest } from '../src/wire/metadata.ts';
import {
  offsetCommitRequest,
  offsetFetchRequest,
  txnOffsetCommitRequest,
} from '../src/wire/offsets.ts';
import { produceRequest } from '../src/wire/produce.ts';
import { type BatchOptions, planRecordBatch } from '../src/wire/record-batch.ts';
import { decodeRecordBatches } from '../src/wire/record-batch-cursor.ts';
import type { KafkaRequest } from '../src/wire/request.ts';
import {
  createTopicsRequest,
  deleteRecordsRequest,
  deleteTopicsRequest,
  listOffsetsRequest,
} from '../src/wire/topics.ts';
import {
  addOffsetsToTxnRequest,
  addPartitionsToTxnRequest,
  endTxnRequest,
  initProducerIdRequest,
  type TransactionalProducer,
} from '../src/wire/transactions.ts';
import { createTopic, openShared } from './open-shared.ts';

const kafka = useSharedKafka();
let connection: BrokerConnection;

beforeAll(async () => {
  connection = await openShared(kafka);
});

afterAll(async () => {
  await connection?.close();
});

async function newTopic(
  partitions: number,
  config: Readonly<Record<string, string>> = {},
): Promise<string> {
  const topic = kafka.unique('topic');
  await createTopic(connection, topic, { partitions, config });
  return topic;
}

async function watermarks(topic: string): Promise<number[]> {
  const ends: number[] = [];
  // A partition may be named once in a request.
  for (const at of ['earliest', 'latest'] as const) {
    const partitions = [{ topic, partition: 0, at }];
    const { offsets } = await connection.send(
      listOffsetsRequest({ isolation: 'read_committed', partitions }),
    );
    ends.push(...offsets.map(({ offset }) => offset));
  }
  return ends;
}

/** The coordinators begin with "not available" and "loading". */
async function settled<Result extends { readonly errorCode: number }>(
  request: KafkaRequest<Result>,
): Promise<Result> {
  const passing = new Set<number>([
    errorCodes.COORDINATOR_NOT_AVAILABLE,
    errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
    errorCodes.NOT_COORDINATOR,
    errorCodes.CONCURRENT_TRANSACTIONS,
  ]);
  return await waitFor(() => connection.send(request), {
    what: `an answer to ${request.apiName}`,
    timeoutMs: 20_000,
    until: ({ errorCode }) => !passing.has(errorCode),
  });
}

function produce(
  topic: string,
  values: readonly string[],
  options: Partial<BatchOptions> & { transactionalId?: string } = {},
) {
  const records = values.map((value) => ({ key: null, value: Buffer.from(value) }));
  const { transactionalId = null } = options;
  const batch = planRecordBatch(
    { records },
    { nowMs: Date.now(), isTransactional: transactionalId !== null, ...options },
  );
  return produceRequest({
    transactionalId,
    acks: -1,
    timeoutMs: 5_000,
    topics: [{ topic, partitions: [{ partition: 0, batch }] }],
  });
}

async function fetch(topic: string, offset: number): Promise<FetchedPartition> {
  const partitions = [{ partition: 0, offset, bytesMax: 1_000_000 }];
  const { partitions: fetched } = await connection.send(
    fetchRequest({
      waitMs: 100,
      bytesMin: 1,
      bytesMax: 10_000_000,
      isolation: 'read_committed',
      topics: [{ topic, partitions }],
    }),
  );
  const [only] = fetched;
  if (!only) throw new Error('the partition that was asked for was not answered');
  return only;
}

function valuesIn({ records, abortedTransactions }: FetchedPartition, fromOffset: number) {
  const decoded = decodeRecordBatches(records, { fromOffset, abortedTransactions });
  return {
    values: decoded.records.map(({ value }) => String(value)),
    nextOffset: decoded.nextOffset,
  };
}

async function initTransactions(transactionalId: string): Promise<TransactionalProducer> {
  await settled(findCoordinatorRequest({ key: transactionalId, type: 'transaction' }));
  const { errorCode, producerId, producerEpoch } = await settled(
    initProducerIdRequest({ transactionalId, transactionTimeoutMs: 60_000 }),
  );
  expect(errorCode).toBe(0);
  return { transactionalId, producerId, producerEpoch };
}

test('metadata names brokers, topics, leaders; unknown topics are told and not created', async () => {
  const topic = await newTopic(3);
  const absent = kafka.unique('absent');
  for (let times = 0; times < 2; times += 1) {
    const { brokers, clusterId, controllerId, topics } = await connection.send(
      metadataRequest([topic, absent]),
    );
    expect(brokers).toMatchObject([
      { host: '127.0.0.1', port: Number(kafka.bootstrap.split(':')[1]) },
    ]);
    expect(clusterId).toMatch(/^.{22}$/);
    expect(controllerId).toBe(brokers[0]?.nodeId);
    const found = topics.find((each) => each.topic === topic);
    expect(found?.partitions.map(({ partition }) => partition).toSorted((a, b) => a - b)).toEqual([
      0, 1, 2,
    ]);
    expect(found?.partitions[0]).toMatchObject({
      errorCode: 0,
      leader: controllerId,
      leaderEpoch: 0,
      replicas: [controllerId],
      inSyncReplicas: [controllerId],
    });
    expect(topics.find((each) => each.topic === absent)).toMatchObject({
      errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
    });
  }
  const everything = await connection.send(metadataRequest(null));
  expect(everything.topics.map((each) => each.topic)).toContain(topic);
  expect((await connection.send(metadataRequest([]))).topics).toEqual([]);
});

test('topics are created, refused, configured and deleted one by one', async () => {
  const topic = await newTopic(2, { 'cleanup.policy': 'compact' });
  const invalid = kafka.unique('invalid');
  const { topics } = await connection.send(
    createTopicsRequest({
      topics: [
        { topic, partitions: 1, replicationFactor: 1 },
        { topic: invalid, partitions: -1, replicationFactor: -1, config: { nonsense: '1' } },
      ],
      timeoutMs: 5_000,
    }),
  );
  expect(topics).toEqual([
    {
      topic,
      errorCode: errorCodes.TOPIC_ALREADY_EXISTS,
      errorMessage: expect.stringContaining('already exists'),
    },
    {
      topic: invalid,
      errorCode: errorCodes.INVALID_CONFIG,
      errorMessage: expect.stringContaining('nonsense'),
    },
  ]);
  const settings = { type: 'topic', name: topic } as const;
  const names = ['cleanup.policy', 'retention.ms'];
  const describe = async () => {
    const { resources } = await connection.send(describeConfigsRequest([{ ...settings, names }]));
    return resources[0]?.configs.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  };
  expect(await describe()).toEqual([
    { name: 'cleanup.policy', value: 'compact', isDefault: false },
    { name: 'retention.ms', value: '604800000', isDefault: true },
  ]);
  const changes = [
    { name: 'cleanup.policy', value: null },
    { name: 'retention.ms', value: '5000' },
  ];
  const altered = await connection.send(
    alterConfigsRequest([
      { ...settings, changes },
      { type: 'topic', name: invalid, changes },
    ]),
  );
  expect(altered.resources).toMatchObject([
    { name: topic, errorCode: 0 },
    { name: invalid, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION },
  ]);
  await waitFor(describe, {
    what: 'the changed settings',
    until: (configs) => configs?.[0]?.value === 'delete' && configs[1]?.value === '5000',
  });
  const all = await connection.send(describeConfigsRequest([settings]));
  expect(all.resources[0]?.configs.length).toBeGreaterThan(20);
  const deleted = await connection.send(
    deleteTopicsRequest({ topics: [topic, invalid], timeoutMs: 5_000 }),
  );
  // In whatever order the controller dealt with them.
  expect(new Map(deleted.topics.map(({ topic: name, errorCode }) => [name, errorCode]))).toEqual(
    new Map([
      [topic, 0],
      [invalid, errorCodes.UNKNOWN_TOPIC_OR_PARTITION],
    ]),
  );
});

test('one partition with an error hides nothing of the others in produce, fetch and offsets', async () => {
  const topic = await newTopic(1);
  const batch = planRecordBatch(
    { records: [{ key: null, value: Buffer.from('x') }] },
    { nowMs: 7 },
  );
  const produced = await connection.send(
    produceRequest({
      transactionalId: null,
      acks: -1,
      timeoutMs: 5_000,
      topics: [{ topic, partitions: [9, 0].map((partition) => ({ partition, batch })) }],
    }),
  );
  // In whatever order.
  const byPartition = (one: { partition: number }, other: { partition: number }): number =>
    other.partition - one.partition;
  expect(produced.partitions.toSorted(byPartition)).toMatchObject([
    { partition: 9, errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION, baseOffset: -1 },
    { partition: 0, errorCode: 0, errorMessage: null, baseOffset: 0, logAppendTimeMs: -1 },
  ]);
  const fetched = await connection.send(
    fetchRequest({
      waitMs: 100,
      bytesMin: 1,
      bytesMax: 1_000_000,
      isolation: 'read_uncommitted',
      topics: [
        {
          topic,
          partitions: [9, 0].map((partition) => ({ partition, offset: 0, bytesMax: 1_000_000 })),
        },
      ],
    }),
  );
  expect(fetched.errorCode).toBe(0);
  const [absent, present] = fetched.partitions.toSorted(byPartition);
  expect(absent).toMatchObject({ errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION });
  expect(present).toMatchObject({
    errorCode: 0,
    highWatermark: 1,
    lastStableOffset: 1,
    logStartOffset: 0,
  });
  const listed = await connection.send(
    listOffsetsRequest({
      isolation: 'read_committed',
      partitions: [
        { topic, partition: 9, at: 'latest' },
        { topic, partition: 0, at: { timestampMs: 3 } },
      ],
    }),
  );
  expect(listed.offsets.toSorted(byPartition)).toMatchObject([
    { errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION },
    { errorCode: 0, offset: 0, timestampMs: 7, leaderEpoch: 0 },
  ]);
  expect((await fetch(topic, 5)).errorCode).toBe(errorCodes.OFFSET_OUT_OF_RANGE);
});

test('a refused record is told in words', async () => {
  const topic = await newTopic(1, { 'cleanup.policy': 'compact' });
  const { partitions } = await connection.send(produce(topic, ['without a key']));
  expect(partitions[0]).toMatchObject({ errorCode: errorCodes.INVALID_RECORD });
  expect(partitions[0]?.errorMessage).toContain(
    'Compacted topic cannot accept message without key',
  );
});

test('a topic with LogAppendTime tells the time it gave', async () => {
  const topic = await newTopic(1, { 'message.timestamp.type': 'LogAppendTime' });
  const beforeMs = Date.now();
  const { partitions } = await connection.send(produce(topic, ['a', 'b'], { nowMs: 5 }));
  const logAppendTimeMs = partitions[0]?.logAppendTimeMs ?? 0;
  expect(logAppendTimeMs).toBeGreaterThanOrEqual(beforeMs);
  const { records } = decodeRecordBatches((await fetch(topic, 0)).records, { fromOffset: 0 });
  expect(records.map(({ timestampMs }) => timestampMs)).toEqual([logAppendTimeMs, logAppendTimeMs]);
});

test('records before an offset are deleted', async () => {
  const topic = await newTopic(1);
  await connection.send(produce(topic, ['a', 'b', 'c']));
  const { partitions } = await connection.send(
    deleteRecordsRequest({ partitions: [{ topic, partition: 0, offset: 2 }], timeoutMs: 5_000 }),
  );
  expect(partitions).toEqual([{ topic, partition: 0, errorCode: 0, lowWatermark: 2 }]);
  expect(await watermarks(topic)).toEqual([2, 3]);
});

test('offsets of a group are committed by nobody, read, described and deleted', async () => {
  const topic = await newTopic(2);
  const [group, absent] = [kafka.unique('group'), kafka.unique('absent')];
  const found = await settled(findCoordinatorRequest({ key: group, type: 'group' }));
  expect(found).toMatchObject({ errorCode: 0, host: '127.0.0.1' });
  const commit = offsetCommitRequest({
    group,
    offsets: [
      { topic, partition: 0, offset: 5_000_000_000, metadata: 'näher' },
      { topic: absent, partition: 0, offset: 1 },
    ],
  });
  const committed = await waitFor(() => connection.send(commit), {
    what: 'the group coordinator',
    until: ({ partitions }) => partitions.some(({ errorCode }) => errorCode === 0),
  });
  expect(committed.partitions.find((each) => each.topic === absent)).toMatchObject({
    errorCode: errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
  });
  const partitions = [0, 1].map((partition) => ({ topic, partition }));
  const some = await connection.send(
    offsetFetchRequest({ group, partitions, requireStable: true }),
  );
  expect(some).toEqual({
    throttleMs: 0,
    errorCode: 0,
    offsets: [
      { topic, partition: 0, offset: 5_000_000_000, metadata: 'näher', errorCode: 0 },
      { topic, partition: 1, offset: -1, metadata: '', errorCode: 0 },
    ],
  });
  const everything = await connection.send(
    offsetFetchRequest({ group, partitions: null, requireStable: false }),
  );
  expect(everything.offsets).toHaveLength(1);
  const { groups } = await connection.send(describeGroupsRequest([group, absent]));
  expect(groups.find((each) => each.group === group)).toMatchObject({
    errorCode: 0,
    state: 'Empty',
    members: [],
  });
  expect(groups.find((each) => each.group === absent)).toMatchObject({ state: 'Dead' });
  const deleted = await connection.send(deleteGroupsRequest([group, absent]));
  expect(Object.fromEntries(deleted.groups.map((each) => [each.group, each.errorCode]))).toEqual({
    [group]: 0,
    [absent]: errorCodes.GROUP_ID_NOT_FOUND,
  });
});

test('a transaction holds records and offsets back until it is committed', async () => {
  const topic = await newTopic(1);
  const [transactionalId, group] = [kafka.unique('task'), kafka.unique('group')];
  const producer = await initTransactions(transactionalId);
  await settled(findCoordinatorRequest({ key: group, type: 'group' }));
  const partitions = [{ topic, partition: 0 }];
  const added = await connection.send(addPartitionsToTxnRequest({ ...producer, partitions }));
  expect(added.partitions).toEqual([{ topic, partition: 0, errorCode: 0 }]);
  const produced = await connection.send(
    produce(topic, ['a', 'b'], { ...producer, baseSequence: 0 }),
  );
  expect(produced.partitions[0]?.errorCode).toBe(0);
  expect((await settled(addOffsetsToTxnRequest({ ...producer, group }))).errorCode).toBe(0);
  const offsets = [{ topic, partition: 0, offset: 41, metadata: 'm' }];
  await waitFor(() => connection.send(txnOffsetCommitRequest({ ...producer, group, offsets })), {
    what: 'the group coordinator',
    until: (result) => result.partitions[0]?.errorCode === 0,
  });

  expect(valuesIn(await fetch(topic, 0), 0)).toEqual({ values: [], nextOffset: 0 });
  const read = offsetFetchRequest({ group, partitions, requireStable: true });
  expect((await connection.send(read)).offsets).toMatchObject([
    { errorCode: errorCodes.UNSTABLE_OFFSET_COMMIT },
  ]);

  expect((await settled(endTxnRequest({ ...producer, commit: true }))).errorCode).toBe(0);
  await waitFor(async () => valuesIn(await fetch(topic, 0), 0), {
    what: 'the committed records',
    until: ({ values, nextOffset }) => values.join('') === 'ab' && nextOffset === 3,
  });
  await waitFor(() => connection.send(read), {
    what: 'the committed offset',
    until: (result) => result.offsets[0]?.offset === 41 && result.offsets[0].metadata === 'm',
  });
});

test('aborted records are not seen, also when one producer aborts twice in one response', async () => {
  const topic = await newTopic(1);
  const producer = await initTransactions(kafka.unique('task'));
  const partitions = [{ topic, partition: 0 }];
  let baseSequence = 0;
  const transact = async (value: string, commit: boolean): Promise<void> => {
    await waitFor(() => connection.send(addPartitionsToTxnRequest({ ...producer, partitions })), {
      what: 'the transaction before to end',
      until: (result) => result.partitions[0]?.errorCode === 0,
    });
    const produced = await connection.send(produce(topic, [value], { ...producer, baseSequence }));
    expect(produced.partitions[0]?.errorCode).toBe(0);
    baseSequence += 1;
    expect((await settled(endTxnRequest({ ...producer, commit }))).errorCode).toBe(0);
  };
  await transact('aborted', false);
  await transact('good', true);
  await transact('aborted too', false);
  await transact('good again', true);
  const fetched = await waitFor(() => fetch(topic, 0), {
    what: 'the last marker',
    until: ({ lastStableOffset }) => lastStableOffset === 8,
  });
  expect(fetched.abortedTransactions).toHaveLength(2);
  expect(valuesIn(fetched, 0)).toEqual({ values: ['good', 'good again'], nextOffset: 8 });
  // From within an aborted transaction.
  expect(valuesIn(await fetch(topic, 1), 1)).toEqual({
    values: ['good', 'good again'],
    nextOffset: 8,
  });
});

test('who takes a transactional id over fences whoever had it', async () => {
  const topic = await newTopic(1);
  const transactionalId = kafka.unique('task');
  const old = await initTransactions(transactionalId);
  const partitions = [{ topic, partition: 0 }];
  await connection.send(addPartitionsToTxnRequest({ ...old, partitions }));
  await connection.send(produce(topic, ['old'], { ...old, baseSequence: 0 }));
  const successor = await initTransactions(transactionalId);
  expect(successor).toMatchObject({
    producerId: old.producerId,
    producerEpoch: old.producerEpoch + 2,
  });
  const refused = await connection.send(produce(topic, ['zombie'], { ...old, baseSequence: 1 }));
  expect(refused.partitions[0]?.errorCode).toBe(errorCodes.INVALID_PRODUCER_EPOCH);
  const ended = await connection.send(endTxnRequest({ ...old, commit: true }));
  expect([errorCodes.INVALID_PRODUCER_EPOCH, errorCodes.PRODUCER_FENCED]).toContain(
    ended.errorCode,
  );
  expect(valuesIn(await fetch(topic, 0), 0).values).toEqual([]);
});

test('an idempotent producer without a transactional id writes each sequence once', async () => {
  const topic = await newTopic(1);
  const { producerId, producerEpoch } = await settled(
    initProducerIdRequest({ transactionalId: null, transactionTimeoutMs: 60_000 }),
  );
  const first = produce(topic, ['a'], { producerId, producerEpoch, baseSequence: 0 });
  const offsets = [await connection.send(first), await connection.send(first)];
  expect(offsets.map(({ partitions }) => partitions[0])).toMatchObject([
    { errorCode: 0, baseOffset: 0 },
    { errorCode: 0, baseOffset: 0 },
  ]);
  const gap = produce(topic, ['c'], { producerId, producerEpoch, baseSequence: 2 });
  expect((await connection.send(gap)).partitions[0]?.errorCode).toBe(
    errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  );
  expect(await watermarks(topic)).toEqual([0, 1]);
});
