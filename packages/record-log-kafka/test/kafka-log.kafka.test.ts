import { describeRecordLog } from '@sluice/record-log/conformance';
import { startKafka } from '@sluice/testkit';
import { expect } from 'vitest';

import { KafkaLog } from '../src/index.ts';
import { openConnection } from '../src/kafkajs/connection.ts';
import { deleteRecordsRequest } from '../src/wire/topics.ts';

// Kafka's default limit of a batch is 1 MiB.
const recordBytesMax = 1_040_000;
const defaultPartitions = 2;

describeRecordLog('kafka', async () => {
  const kafka = await startKafka({
    // The suite has records of the year 2100.
    config: { 'log.message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER) },
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
        brokers: [kafka.bootstrap],
        cluster: 'test',
        clientId,
        defaultPartitions,
        recordBytesMax,
      }),
    defaultPartitions,
    recordBytesMax,
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
});
