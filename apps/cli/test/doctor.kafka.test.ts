import { openLog } from '@sluice/log-choice';
import { type RedisHandle, startRedis, useSharedKafka } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

const kafka = useSharedKafka();
let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

interface Found {
  readonly area: string;
  readonly level: string;
  readonly text: string;
  readonly remedy?: string;
}

/** What is said of the log. */
async function ofLog(env: Readonly<Record<string, string>>): Promise<string[]> {
  await using cluster = new LiveCluster(redis.url);
  const { out } = await cluster.cli(['doctor', '--json'], '', env);
  return (JSON.parse(out) as Found[])
    .filter(({ area }) => area === 'log')
    .map(
      ({ level, text, remedy }) => `${level}: ${text}${remedy === undefined ? '' : ` → ${remedy}`}`,
    );
}

test('the real Kafka: its release, and its topics against what is asked for', async () => {
  const [offsets, configs, fences] = ['offsets', 'configs', 'fences'].map((name) =>
    kafka.unique(name),
  ) as [string, string, string];
  const log = await openLog(
    { kind: 'kafka', kafka: { brokers: kafka.brokers } },
    { cluster: 'test', clientId: 'test' },
  );
  const compact = { 'cleanup.policy': 'compact' };
  await log.topics.create(offsets, { partitions: 5, config: { 'cleanup.policy': 'delete' } });
  await log.topics.create(configs, { partitions: 1, config: compact });
  await log.topics.create(fences, {
    partitions: 1,
    config: { ...compact, 'min.insync.replicas': '2' },
  });
  await log.stop();
  const found = await ofLog({
    KAFKA_BROKERS: kafka.brokers.join(),
    KAFKA_REPLICATION_FACTOR: '3',
    SLUICE_OFFSET_STORAGE_TOPIC: offsets,
    SLUICE_CONFIG_STORAGE_TOPIC: configs,
    SLUICE_FENCE_STORAGE_TOPIC: fences,
  });
  expect(found).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^ok: Kafka 4\.3 \(metadata\.version 30\), 1 broker$/),
      expect.stringMatching(
        `^fail: topic ${offsets} has cleanup.policy=delete: .* → kafka-configs.sh .* cleanup.policy=compact`,
      ),
      expect.stringMatching(
        `^warn: topic ${configs} has 1 replica, and KAFKA_REPLICATION_FACTOR asks for 3 → kafka-reassign`,
      ),
      expect.stringMatching(
        `^fail: topic ${fences} has 1 replica and min.insync.replicas=2: .* → kafka-configs.sh .* min.insync.replicas=1`,
      ),
    ]) as string[],
  );
});

test('topics that are not there yet are no problem, and a Kafka that is not there is one', async () => {
  const cluster = kafka.unique('none');
  const found = await ofLog({ KAFKA_BROKERS: kafka.brokers.join(), SLUICE_CLUSTER: cluster });
  expect(found.filter((line) => !line.startsWith('ok'))).toEqual([]);
  expect(found.join('\n')).toContain(`sluice-${cluster}-offsets is not there yet`);
  const away = await ofLog({ KAFKA_BROKERS: '127.0.0.1:1' });
  expect(away).toEqual([
    expect.stringMatching(/^fail: the log on kafka at 127.0.0.1:1 cannot be used/),
  ]);
});
