/** What a broker answers when it is asked to create a topic. Real ones: `java-clients.kafka.test.ts`. */
import { expect, test } from 'vitest';

import type { Call } from '../src/call.ts';
import { KafkaCluster } from '../src/cluster.ts';
import { compileKafkaLogOptions } from '../src/options.ts';
import { TopicCatalog } from '../src/topic-catalog.ts';
import { Watermarks } from '../src/watermarks.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import type { KafkaRequest } from '../src/wire/request.ts';

/** As Kafka 4.3 words them. */
const allFenced =
  'Unable to replicate the partition 1 time(s): All brokers are currently fenced, or have all their log directories cordoned.';
const tooFew =
  'Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached because only 1 broker(s) are registered.';

/** One broker that refuses the first topics that it is asked for. */
class RefusingCluster extends KafkaCluster {
  readonly #refusals: string[];
  asked = 0;

  constructor(refusals: readonly string[], requestTimeoutMs: number) {
    super(options(requestTimeoutMs));
    this.#refusals = [...refusals];
  }

  override async askController<Result>(_: Call, request: KafkaRequest<Result>): Promise<Result> {
    expect(request.apiName).toBe('CreateTopics');
    this.asked += 1;
    const errorMessage = this.#refusals.shift() ?? null;
    const errorCode = errorMessage === null ? 0 : errorCodes.INVALID_REPLICATION_FACTOR;
    return { topics: [{ topic: 't', errorCode, errorMessage }] } as Result;
  }

  override async refresh(): Promise<void> {
    const partition = { partition: 0, errorCode: 0, leader: 1, leaderEpoch: 0 };
    const partitions = [{ ...partition, replicas: [1], inSyncReplicas: [1] }];
    this.metadata.learn(
      {
        throttleMs: 0,
        clusterId: 'c',
        controllerId: 1,
        brokers: [{ nodeId: 1, host: 'kafka', port: 9092, rack: null }],
        topics: [{ topic: 't', errorCode: 0, isInternal: false, partitions }],
      },
      ['t'],
    );
  }
}

function options(requestTimeoutMs: number) {
  return compileKafkaLogOptions({
    brokers: ['kafka:9092'],
    cluster: 'c',
    clientId: 'x',
    requestTimeoutMs,
  });
}

function setUp(refusals: readonly string[], requestTimeoutMs = 5_000) {
  const cluster = new RefusingCluster(refusals, requestTimeoutMs);
  const compiled = options(requestTimeoutMs);
  const catalog = new TopicCatalog(cluster, new Watermarks(cluster, compiled.address), compiled);
  return { catalog, cluster };
}

test('while no broker is up a topic is asked for again', async () => {
  const { catalog, cluster } = setUp([allFenced, allFenced]);
  await catalog.create('t', { partitions: 1 });
  expect(cluster.asked).toBe(3);
});

test('when none comes up in time, the error says so and may be tried again', async () => {
  const { catalog } = setUp(
    Array.from({ length: 1_000 }, () => allFenced),
    200,
  );
  await expect(catalog.create('t', { partitions: 1 })).rejects.toMatchObject({
    code: 'log.unreachable',
    retriable: true,
    message: expect.stringContaining('All brokers are currently fenced'),
  });
});

test('too few brokers are told at once', async () => {
  const { catalog, cluster } = setUp([tooFew]);
  await expect(catalog.create('t', { partitions: 1 })).rejects.toMatchObject({
    code: 'log.topic_not_created',
    retriable: false,
  });
  expect(cluster.asked).toBe(1);
});
