import { hostname, userInfo } from 'node:os';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

const definition = JSON.stringify({
  name: 'orders',
  config: { 'connector.class': 'FakeSource', 'db.password': 'hunter2' },
});

test('what the command line changes is kept: who, what, from where, and how it ended', async () => {
  await using cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  await cluster.cli(['apply', '-f', '-', '--wait'], definition);
  await cluster.cli(['apply', '-f', '-', '--dry-run'], definition);
  await cluster.cli(['pause', 'orders']);
  await cluster.cli(['restart', 'orders', '--failed']);
  await cluster.cli(['delete', 'nothing']);
  const { out } = await cluster.cli(['audit', '--json']);
  const entries = JSON.parse(out) as Record<string, unknown>[];
  const common = {
    who: userInfo().username,
    by: 'unverified',
    role: null,
    from: `${hostname()}, Redis user default`,
    status: null,
  };
  expect(entries).toMatchObject([
    { ...common, action: 'apply', targets: ['orders'], outcome: 'done' },
    { ...common, action: 'pause', targets: ['orders'], outcome: 'done' },
    { ...common, action: 'restart', targets: ['orders'], outcome: 'done' },
    { ...common, action: 'delete', targets: ['nothing'], outcome: 'refused' },
  ]);
  expect(out).not.toContain('hunter2');
});

test('what no coordinator has applied yet is kept as pending', async () => {
  await using cluster = new LiveCluster(redis.url);
  await cluster.cli(['apply', '-f', '-'], definition);
  const { out } = await cluster.cli(['audit', '--outcome', 'pending']);
  expect(out).toMatch(/ACTION +TARGETS +OUTCOME/);
  expect(out).toMatch(/apply \(mode=upsert\) +orders +pending/);
  expect((await cluster.cli(['audit', '--who', 'nobody'])).out).toBe('nothing was changed');
  expect((await cluster.cli(['audit', '--since', '1h', '--target', 'orders'])).out).toContain(
    'apply',
  );
});

test('a Redis user that may only read can look at the cluster, and change nothing', async () => {
  await using cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  await cluster.cli(['apply', '-f', '-', '--wait'], definition);
  const { host, port } = new URL(redis.url.replace('redis:', 'http:'));
  const admin = new Redis(redis.url);
  // As docs/SECURITY.md has it.
  const rules = `on >secret resetkeys ~{sluice:${cluster.name}} %R~{sluice:${cluster.name}}:* -@all +@read +@connection +eval +evalsha -@dangerous +info +time`;
  await admin.call('ACL', 'SETUSER', 'viewer', ...rules.split(' '));
  admin.disconnect();
  const asViewer = ['--redis', `redis://viewer:secret@${host || `127.0.0.1:${port}`}`];
  const seen = await cluster.cli(['get', 'connectors', ...asViewer]);
  expect(seen).toMatchObject({ code: 0, out: expect.stringContaining('orders') as string });
  for (const what of [['describe', 'orders'], ['get', 'events'], ['audit']]) {
    expect(await cluster.cli([...what, ...asViewer])).toMatchObject({ code: 0 });
  }
  const refused = await cluster.cli(['pause', 'orders', ...asViewer]);
  expect(refused).toMatchObject({
    code: 5,
    err: expect.stringMatching(/may only look at cluster/) as string,
  });
  const { out } = await cluster.cli(['audit', '--action', 'pause', '--json']);
  expect(JSON.parse(out)).toEqual([]);
});
