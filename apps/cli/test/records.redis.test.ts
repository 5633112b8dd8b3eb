import { RedisLog } from '@sluice/record-log-redis';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

test('records of a connector are shown as its converters read them, the newest last', async () => {
  await using cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  const log = new RedisLog({ url: redis.url, cluster: cluster.name, clientId: 'test' });
  onTestFinished(async () => log.stop());
  await log.start();
  await log.topics.create('orders', { partitions: 1 });
  const writer = await log.openWriter({ id: 'writer', fence: 1 });
  const values = ['{"n":1}', '{"n":2}', 'no JSON'];
  const records = values.map((value, at) => ({
    key: Buffer.from(`k${at}`),
    value: Buffer.from(value),
    timestampMs: Date.UTC(2026, 10, 30, 12, 0, at),
  }));
  await writer.produce([{ topic: 'orders', records }]);
  const config = {
    'connector.class': 'FakeSink',
    topics: 'orders,payments',
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  };
  await cluster.cli(['apply', '-f', '-'], JSON.stringify({ name: 'out', config }));

  const several = await cluster.cli(['records', 'out']);
  expect(several).toMatchObject({ code: 2, err: 'error: name one with --topic: orders, payments' });
  const shown = await cluster.cli(['records', 'out', '--topic', 'orders', '--limit', '2']);
  expect(shown.code).toBe(0);
  const [heading, second, third] = shown.out.split('\n');
  expect(heading).toMatch(/^RECORD +TIME +KEY +HEADERS +VALUE$/);
  expect(second).toMatch(/^0:1 +2026-11-30T12:00:01.000Z +"k1" +- +\{"n":2\}$/);
  expect(third).toMatch(/^0:2 .* no JSON \(.+\)$/);
  const from = ['--partition', '0', '--offset', '0', '--json'];
  const json = await cluster.cli(['records', 'out', '--topic', 'orders', ...from]);
  expect(JSON.parse(json.out)).toMatchObject([
    { partition: 0, offset: 0, value: { json: '{"n":1}' } },
    { offset: 1 },
    { offset: 2 },
  ]);
  const since = await cluster.cli(['records', 'out', '--topic', 'orders', '--since', '1h']);
  expect(since.out.split('\n')).toHaveLength(4);
  const none = await cluster.cli(['records', 'out', '--topic', 'payments']);
  expect(none).toMatchObject({ code: 0, out: 'there are no such records in payments' });
  const foreign = await cluster.cli(['records', 'out', '--topic', 'other']);
  expect(foreign).toMatchObject({ code: 4, err: expect.stringContaining('has no topic other') });
  const alone = await cluster.cli(['records', 'out', '--topic', 'orders', '--offset', '0']);
  expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('--partition') });
});
