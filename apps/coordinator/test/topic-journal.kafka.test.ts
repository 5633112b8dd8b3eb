/** The journal on a real Kafka: what every journal must do. */
import { describeDefinitionJournal } from '@sluice/coordination/conformance';
import { KafkaLog } from '@sluice/record-log-kafka';
import { type KafkaHandle, startKafka } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { TopicJournal } from '../src/journal/topic-journal.ts';

let kafka: KafkaHandle;
let clusters = 0;

beforeAll(async () => {
  kafka = await startKafka();
});

afterAll(async () => {
  await kafka.stop();
});

function connect(cluster: string): KafkaLog {
  return new KafkaLog({
    brokers: kafka.brokers,
    cluster,
    clientId: 'coordinator',
    requestTimeoutMs: 2_000,
  });
}

describeDefinitionJournal('Kafka', async () => {
  const cluster = `journal-${++clusters}`;
  const topic = `sluice-${cluster}-configs`;
  const logs: KafkaLog[] = [];
  const log = (): KafkaLog => {
    const added = connect(cluster);
    logs.push(added);
    return added;
  };
  return {
    journal: () => new TopicJournal({ log: log(), cluster, topic }),
    setAway: async (isAway) => await kafka.node(1).kill(isAway ? 'SIGSTOP' : 'SIGCONT'),
    replace: async () => {
      const admin = log();
      await admin.topics.delete(topic);
      await admin.topics.create(topic, {
        partitions: 1,
        config: { 'cleanup.policy': 'compact' },
      });
    },
    stop: async () => {
      await Promise.all(logs.map(async (each) => await each.stop()));
    },
  };
});

test('the topic is created compacted, with one partition', async () => {
  const log = connect('created');
  const topic = 'sluice-created-configs';
  const journal = new TopicJournal({ log, cluster: 'created', topic });
  await journal.open({ coordinator: 'c1', epoch: 1 });
  expect((await log.topics.describe([topic])).get(topic)?.partitions).toBe(1);
  expect(await log.topics.settings(topic)).toMatchObject({ 'cleanup.policy': 'compact' });
  await journal.close();
  await log.stop();
});

test('one that deletes by age is refused', async () => {
  const log = connect('deleting');
  await log.start();
  const topic = 'sluice-deleting-configs';
  await log.topics.create(topic, { partitions: 1, config: { 'cleanup.policy': 'delete' } });
  const journal = new TopicJournal({ log, cluster: 'deleting', topic });
  await expect(journal.open({ coordinator: 'c1', epoch: 1 })).rejects.toThrow(
    /cleanup\.policy=delete, which would delete definitions/,
  );
  await log.stop();
});
