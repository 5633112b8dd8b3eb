import { Kafka, logLevel } from 'kafkajs';
import { expect, test } from 'vitest';
import { kafkaTool, kafkaVersions, startKafka } from '../src/index.ts';

test('a broker of Kafka 3 starts, asks who is there, and works with its own tools', async () => {
  await using kafka = await startKafka({
    version: kafkaVersions.old,
    listeners: { sasl: { sasl: ['SCRAM-SHA-256'] } },
    users: { alice: 'secret' },
  });
  expect(kafka.output()).toContain(`Kafka version: ${kafkaVersions.old}`);
  await kafkaTool(kafka, 'kafka-console-producer', ['--topic', 'old'], { stdin: 'one\n' });
  await kafkaTool(kafka, 'kafka-producer-perf-test', [
    '--topic',
    'old',
    '--num-records',
    '10',
    '--record-size',
    '10',
    '--throughput',
    '-1',
    '--producer-props',
    'acks=all',
  ]);
  expect(await kafkaTool(kafka, 'kafka-get-offsets', ['--topic', 'old'])).toBe('old:0:11\n');

  const connect = async (password: string): Promise<number> => {
    const admin = new Kafka({
      brokers: [...kafka.listener('sasl')],
      sasl: { mechanism: 'scram-sha-256', username: 'alice', password },
      logLevel: logLevel.NOTHING,
      retry: { retries: 0 },
    }).admin();
    try {
      await admin.connect();
      return (await admin.describeCluster()).brokers.length;
    } finally {
      await admin.disconnect();
    }
  };
  expect(await connect('secret')).toBe(1);
  await expect(connect('wrong')).rejects.toThrow(/authentication/i);
});
