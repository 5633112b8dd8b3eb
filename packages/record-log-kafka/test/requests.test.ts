import { SluiceError } from '@sluice/kernel';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { apiVersionsRequest, featuresRequest } from '../src/wire/api-versions.ts';
import { ByteReader } from '../src/wire/byte-reader.ts';
import { ByteWriter } from '../src/wire/byte-writer.ts';
import { alterConfigsRequest, describeConfigsRequest } from '../src/wire/configs.ts';
import { errorCodes, errorName, isRetriableCode } from '../src/wire/error-codes.ts';
import { fetchRequest } from '../src/wire/fetch.ts';
import {
  deleteGroupsRequest,
  describeConsumerGroupRequest,
  describeGroupsRequest,
  findCoordinatorRequest,
} from '../src/wire/groups.ts';
import { metadataRequest } from '../src/wire/metadata.ts';
import {
  offsetCommitRequest,
  offsetDeleteRequest,
  offsetFetchRequest,
  txnOffsetCommitRequest,
} from '../src/wire/offsets.ts';
import { produceRequest } from '../src/wire/produce.ts';
import { decodeResponse, encodeRequestHeader, type KafkaRequest } from '../src/wire/request.ts';
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
} from '../src/wire/transactions.ts';
import { stockEncode, stockHeader } from './stock-kafkajs.ts';

const producer = {
  transactionalId: 'prod.task/orders/0',
  producerId: 4_000_000_123,
  producerEpoch: 7,
};
const partitions = [
  { topic: 'orders', partition: 0, offset: 5_000_000_000, at: 'latest' as const },
  { topic: 'größe', partition: 9, offset: 0, at: 'earliest' as const },
  { topic: 'orders', partition: 2, offset: 1, at: { timestampMs: 1_700_000_000_000 } },
];
/** As kafkajs has them: partitions of a topic come together. */
const grouped = (item: (each: (typeof partitions)[number]) => unknown): object[] => [
  {
    topic: 'orders',
    partitions: [partitions[0], partitions[2]].flatMap((each) => (each ? [item(each)] : [])),
  },
  { topic: 'größe', partitions: partitions.slice(1, 2).map(item) },
];

test.each([
  {
    request: fetchRequest({
      waitMs: 500,
      bytesMin: 1,
      bytesMax: 50_000_000,
      isolation: 'read_committed',
      rack: 'a',
      topics: [
        {
          topic: 'orders',
          partitions: [{ partition: 3, offset: 5_000_000_000, bytesMax: 1_000_000 }],
        },
        { topic: 't', partitions: [{ partition: 0, offset: 0, bytesMax: 9, leaderEpoch: 4 }] },
      ],
    }),
    stock: {
      name: 'fetch',
      version: 11,
      replicaId: -1,
      maxWaitTime: 500,
      minBytes: 1,
      maxBytes: 50_000_000,
      isolationLevel: 1,
      rackId: 'a',
      topics: [
        {
          topic: 'orders',
          partitions: [{ partition: 3, fetchOffset: 5_000_000_000, maxBytes: 1_000_000 }],
        },
        {
          topic: 't',
          partitions: [{ partition: 0, fetchOffset: 0, maxBytes: 9, currentLeaderEpoch: 4 }],
        },
      ],
    },
  },
  {
    request: addPartitionsToTxnRequest({ ...producer, partitions }),
    stock: {
      name: 'addPartitionsToTxn',
      version: 1,
      ...producer,
      topics: grouped(({ partition }) => partition),
    },
  },
  {
    request: addOffsetsToTxnRequest({ ...producer, group: 'connect-orders' }),
    stock: { name: 'addOffsetsToTxn', version: 1, ...producer, groupId: 'connect-orders' },
  },
  {
    request: endTxnRequest({ ...producer, commit: true }),
    stock: { name: 'endTxn', version: 1, ...producer, transactionResult: true },
  },
  {
    request: deleteRecordsRequest({ partitions, timeoutMs: 9_000 }),
    stock: {
      name: 'deleteRecords',
      version: 1,
      timeout: 9_000,
      topics: grouped(({ partition, offset }) => ({ partition, offset })),
    },
  },
  {
    request: describeConfigsRequest([
      { type: 'topic', name: 'orders', names: ['cleanup.policy'] },
      { type: 'broker', name: '1', names: ['a', 'b'] },
    ]),
    stock: {
      name: 'describeConfigs',
      version: 2,
      resources: [
        { type: 2, name: 'orders', configNames: ['cleanup.policy'] },
        { type: 4, name: '1', configNames: ['a', 'b'] },
      ],
    },
  },
  {
    // kafkajs has v3, which has the same body.
    request: createTopicsRequest({
      topics: [
        { topic: 'orders', partitions: 3, replicationFactor: -1, config: { 'retention.ms': '5' } },
      ],
      timeoutMs: 5_000,
      validateOnly: true,
    }),
    stock: {
      name: 'createTopics',
      version: 3,
      topics: [
        {
          topic: 'orders',
          numPartitions: 3,
          replicationFactor: -1,
          configEntries: [{ name: 'retention.ms', value: '5' }],
        },
      ],
      timeout: 5_000,
      validateOnly: true,
    },
  },
  {
    request: deleteTopicsRequest({ topics: ['a', 'b'], timeoutMs: 5_000 }),
    stock: { name: 'deleteTopics', version: 1, topics: ['a', 'b'], timeout: 5_000 },
  },
  {
    request: metadataRequest(['orders', 't']),
    stock: { name: 'metadata', version: 6, topics: ['orders', 't'], allowAutoTopicCreation: false },
  },
  {
    request: txnOffsetCommitRequest({ ...producer, group: 'g', offsets: [] }),
    stock: { name: 'txnOffsetCommit', version: 1, ...producer, groupId: 'g', topics: [] },
  },
])('a $request.apiName request has the bytes that kafkajs gives it', async ({ request, stock }) => {
  const { name, version, ...options } = stock;
  const { apiKey, apiName, bytes } = await stockEncode(name, version, options);
  expect([request.apiKey, request.apiName]).toEqual([apiKey, apiName]);
  expect(Buffer.from(request.encode()).toString('hex')).toBe(bytes.toString('hex'));
});

test('the header of a request is that of kafkajs, and a flexible one has an end of tagged fields', async () => {
  const request = { apiKey: 3, apiVersion: 7, apiName: 'Metadata' };
  const header = encodeRequestHeader(request, 77, 'größe', 1_000);
  expect(header.toString('hex')).toBe(
    (await stockHeader(request, 77, 'größe', 1_000)).toString('hex'),
  );
  const flexible = encodeRequestHeader({ ...request, isFlexible: true }, 77, 'größe', 1_000);
  expect(flexible.readInt32BE(0)).toBe(header.readInt32BE(0) + 1);
  expect(flexible.subarray(4)).toEqual(Buffer.concat([header.subarray(4), Buffer.from([0])]));
});

test('tagged fields of a flexible response, in its header and its body, are skipped', () => {
  const tags = ['02', '0001aa', '0502bbcc'].join('');
  const body =
    '00000009' +
    '02' +
    '04616263' +
    '02' +
    '00000003' +
    '0000000000000007' +
    'ffffffff' +
    '00' +
    '0000';
  const response = Buffer.from(`${tags}${body}${tags}${tags}0000${tags}`, 'hex');
  const request = offsetFetchRequest({ group: 'g', partitions: null, requireStable: true });
  expect(decodeResponse(request, response)).toEqual({
    throttleMs: 9,
    errorCode: 0,
    offsets: [{ topic: 'abc', partition: 3, offset: 7, metadata: null, errorCode: 0 }],
  });
});

test('one partition with an error hides nothing of the others', () => {
  const writer = new ByteWriter().int32(4);
  writer.array(['orders'], (topic) => {
    writer.string(topic).array([0, 29, 0], (code) => writer.int32(code).int16(code));
  });
  const request = addPartitionsToTxnRequest({ ...producer, partitions });
  expect(request.decode(writer.bytes).partitions.map(({ errorCode }) => errorCode)).toEqual([
    0, 29, 0,
  ]);
});

const requests: readonly KafkaRequest<unknown>[] = [
  addOffsetsToTxnRequest({ ...producer, group: 'g' }),
  addPartitionsToTxnRequest({ ...producer, partitions }),
  alterConfigsRequest([]),
  apiVersionsRequest(),
  createTopicsRequest({ topics: [], timeoutMs: 1 }),
  deleteGroupsRequest([]),
  deleteRecordsRequest({ partitions, timeoutMs: 1 }),
  deleteTopicsRequest({ topics: [], timeoutMs: 1 }),
  describeConfigsRequest([]),
  describeConsumerGroupRequest('g'),
  describeGroupsRequest([]),
  endTxnRequest({ ...producer, commit: false }),
  fetchRequest({ waitMs: 1, bytesMin: 1, bytesMax: 1, isolation: 'read_committed', topics: [] }),
  findCoordinatorRequest({ key: 'g', type: 'group' }),
  initProducerIdRequest({ transactionalId: 'x', transactionTimeoutMs: 1 }),
  listOffsetsRequest({ isolation: 'read_committed', partitions }),
  metadataRequest(null),
  offsetCommitRequest({ group: 'g', offsets: [] }),
  offsetDeleteRequest({ group: 'g', partitions }),
  offsetFetchRequest({ group: 'g', partitions: null, requireStable: true }),
  produceRequest({ transactionalId: null, acks: -1, timeoutMs: 1, topics: [] }),
  txnOffsetCommitRequest({ ...producer, group: 'g', offsets: [] }),
];

test.each(requests)(
  'a response to $apiName that is garbage is an error of ours, at once',
  (request) => {
    // Small numbers make lists and strings that begin well.
    const byte = fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 120 }), (bytes) => {
        try {
          decodeResponse(request, Buffer.from(bytes));
        } catch (error) {
          if (!(error instanceof SluiceError)) throw error;
          expect(error.code).toBe('log.malformed_response');
        }
      }),
      { numRuns: 300 },
    );
  },
);

test('primitive types come back as they were written', () => {
  const int64 = fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 });
  fc.assert(
    fc.property(
      fc.string(),
      int64,
      fc.integer(),
      fc.nat(),
      fc.boolean(),
      (text, long, int, nat, flag) => {
        const { bytes } = new ByteWriter()
          .int64(long)
          .string(text)
          .string(null)
          .compactString(text)
          .compactString(null)
          .int32(int)
          .unsignedVarint(nat)
          .boolean(flag)
          .noTaggedFields();
        const reader = new ByteReader(bytes);
        expect(reader.int64()).toBe(long);
        expect(reader.string()).toBe(text);
        expect(reader.nullableString()).toBe(null);
        expect(reader.compactString()).toBe(text);
        expect(reader.compactNullableString()).toBe(null);
        expect(reader.int32()).toBe(int);
        expect(reader.unsignedVarint()).toBe(nat);
        expect(reader.boolean()).toBe(flag);
        reader.skipTaggedFields();
        expect(reader.remaining).toBe(0);
      },
    ),
  );
});

test('error codes have names, and those that go away by themselves are known', () => {
  expect(errorName(errorCodes.NOT_LEADER_OR_FOLLOWER)).toBe('NOT_LEADER_OR_FOLLOWER');
  expect(errorName(999)).toBe('error code 999');
  expect(isRetriableCode(errorCodes.NOT_LEADER_OR_FOLLOWER)).toBe(true);
  expect(isRetriableCode(errorCodes.PRODUCER_FENCED)).toBe(false);
});

test('levels of features are read of an answer with the header of old', () => {
  const request = featuresRequest();
  const feature = new ByteWriter().unsignedVarint(2).compactString('metadata.version');
  feature.int16(27).int16(7).noTaggedFields();
  const body = new ByteWriter().int16(0);
  body.compactArray([18], (apiKey) => body.int16(apiKey).int16(0).int16(4).noTaggedFields());
  // An epoch, which is not looked at, and the features.
  body.int32(0).unsignedVarint(2).unsignedVarint(1).unsignedVarint(8).int64(5);
  body.unsignedVarint(2).unsignedVarint(feature.bytes.length);
  const payload = Buffer.concat([body.bytes, feature.bytes]);
  expect(decodeResponse(request, payload)).toEqual({
    errorCode: 0,
    features: new Map([['metadata.version', 27]]),
    throttleMs: 0,
  });
  expect(Buffer.from(request.encode()).toString('hex')).toBe('07736c75696365023100');
});
