import type { LogUnderTest } from '@sluice/record-log/conformance';
import { type StartKafkaOptions, startKafka } from '@sluice/testkit';
import { expect } from 'vitest';

import { KafkaLog, type KafkaLogOptions } from '../src/index.ts';
import { openConnection } from '../src/kafkajs/connection.ts';
import { deleteRecordsRequest } from '../src/wire/topics.ts';

// Kafka's default limit of a batch is 1 MiB.
const recordBytesMax = 1_040_000;
const defaultPartitions = 2;

export interface KafkaUnderTest {
  readonly kafka?: StartKafkaOptions;
  /** Whose listener the clients take. Default: the plain one. */
  readonly listener?: string;
  readonly client?: Partial<KafkaLogOptions>;
}

/** A broker of its own for the conformance suite. */
export async function startKafkaLog({
  kafka: options = {},
  listener,
  client = {},
}: KafkaUnderTest = {}): Promise<LogUnderTest> {
  const kafka = await startKafka({
    ...options,
    // The suite has records of the year 2100.
    config: {
      'log.message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER),
      ...options.config,
    },
  });
  const [host = '', port] = kafka.bootstrap.split(':');
  const leader = openConnection({
    host,
    port: Number(port),
    clientId: 'conformance',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
  });
  await leader.connect();
  return {
    connect: (clientId) =>
      new KafkaLog({
        brokers: listener === undefined ? kafka.brokers : kafka.listener(listener),
        cluster: 'test',
        clientId,
        defaultPartitions,
        recordBytesMax,
        ...client,
      }),
    defaultPartitions,
    recordBytesMax,
    hasTopicLimits: true,
    deleteRecords: async ({ topic, partition }, beforeOffset) => {
      const partitions = [{ topic, partition, offset: beforeOffset }];
      const answer = await leader.send(deleteRecordsRequest({ partitions, timeoutMs: 5_000 }));
      expect(answer.partitions.map(({ errorCode }) => errorCode)).toEqual([0]);
    },
    close: async () => {
      await leader.close();
      await kafka.stop();
    },
  };
}
