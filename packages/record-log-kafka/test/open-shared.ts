import { type SharedKafka, waitFor } from '@sluice/testkit';
import { expect } from 'vitest';

import { type BrokerConnection, openConnection } from '../src/kafkajs/connection.ts';
import { createTopicsRequest, listOffsetsRequest } from '../src/wire/topics.ts';

/** A connection to the Kafka that test files share, which has one broker. */
export async function openShared(kafka: SharedKafka): Promise<BrokerConnection> {
  const [host = '', port] = kafka.bootstrap.split(':');
  const connection = openConnection({
    host,
    port: Number(port),
    clientId: 'test',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
  });
  await connection.connect();
  return connection;
}

/** Creates a topic and waits until its partitions answer. */
export async function createTopic(
  connection: BrokerConnection,
  topic: string,
  { partitions, config = {} }: { partitions: number; config?: Readonly<Record<string, string>> },
): Promise<void> {
  const topics = [{ topic, partitions, replicationFactor: -1, config }];
  const created = await connection.send(createTopicsRequest({ topics, timeoutMs: 5_000 }));
  expect(created.topics).toEqual([{ topic, errorCode: 0, errorMessage: null }]);
  await waitFor(() => connection.send(latestOffsets(topic, partitions)), {
    what: `the leaders of ${topic}`,
    until: ({ offsets }) => offsets.every(({ errorCode }) => errorCode === 0),
  });
}

export function latestOffsets(topic: string, partitions: number) {
  return listOffsetsRequest({
    isolation: 'read_uncommitted',
    partitions: Array.from({ length: partitions }, (_, partition) => ({
      topic,
      partition,
      at: 'latest',
    })),
  });
}
