/** What happens to Redis itself: emptied, restarted, put back, full, in cluster mode. */

import { connectorUnit, taskUnit } from '@sluice/coordination';
import { leadRequest, startTestCluster, TestCluster } from '@sluice/coordination/conformance';
import { startRedis, waitFor } from '@sluice/testkit';
import { afterEach, expect, test } from 'vitest';

import { connectCoordinationRedis, RedisCoordinationStore, untilReady } from '../src/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest | undefined;

afterEach(async () => {
  await under?.stop();
  under = undefined;
});

async function start(...args: Parameters<typeof RedisUnderTest.start>): Promise<RedisUnderTest> {
  under = await RedisUnderTest.start(...args);
  return under;
}

async function startCluster(redis: RedisUnderTest): Promise<TestCluster> {
  return startTestCluster(async () => redis.makeStore());
}

test('after FLUSHALL the worker joins again and a leader is elected with a higher epoch', async () => {
  const redis = await start();
  const cluster = await startCluster(redis);
  const member = await cluster.join('w');
  await cluster.define('orders');
  const fence = await cluster.own(connectorUnit('orders'), member);
  await redis.redis.flushall();

  expect(await cluster.beat(member)).toEqual({ kind: 'rejoin' });
  const { incarnation, dataset } = member;
  const holding = [{ unit: connectorUnit('orders'), uid: 'uid-2', epoch: 0, fence }];
  const again = await cluster.join('w', { incarnation, knownDataset: dataset, holding });
  expect(again.slot).toBe(0);
  expect(await cluster.store.held()).toEqual(new Map([[incarnation, holding]]));
  const lead = await cluster.store.lead(leadRequest('coordinator', 60_000));
  expect(lead).toMatchObject({ kind: 'leading', elected: true, founded: true });
  expect(lead.kind === 'leading' ? lead.term.epoch : 0).toBeGreaterThan(cluster.term.epoch);
});

test('after a restart with an older snapshot, what was done since is lost and noticed', async () => {
  const redis = await start();
  const cluster = await startCluster(redis);
  const member = await cluster.join('w');
  await cluster.run('orders', member, 1);
  await redis.redis.save();
  const unit = taskUnit('orders', 0);
  const fence = await cluster.own(unit, member);
  const seen = await cluster.beat(member);
  await redis.server.kill('SIGKILL');
  await redis.server.restart();
  await waitFor(() => redis.redis.status === 'ready', { what: 'the connection to be back' });

  expect((await cluster.unit(unit)).state).toBe('free');
  const { beat, revision } = seen.kind === 'ok' ? seen : { beat: 0, revision: 0 };
  expect(await cluster.beat(member, { beatSeen: beat, revisionSeen: revision })).toEqual({
    kind: 'rejoin',
  });
  const { uid } = await cluster.connector('orders');
  const holding = [{ unit, uid, epoch: 1, fence }];
  const { worker, incarnation, dataset } = member;
  await cluster.join(worker, { incarnation, knownDataset: dataset, holding });
  const { term, store } = cluster;
  expect(await store.adopt(term, worker, incarnation, holding)).toEqual([true]);
  expect(await cluster.unit(unit)).toMatchObject({ state: 'claimed', fence });
});

test('after a restart that lost nothing, everybody goes on as before', async () => {
  const redis = await start({ appendOnly: true });
  const cluster = await startCluster(redis);
  const member = await cluster.join('w');
  const { unit, fence } = await cluster.runTask('orders', member);
  const seen = await cluster.beat(member);
  await redis.server.kill('SIGKILL');
  await redis.server.restart();
  await waitFor(() => redis.redis.status === 'ready', { what: 'the connection to be back' });
  // Redis has forgotten the scripts, too.
  const { beat, revision } = seen.kind === 'ok' ? seen : { beat: 0, revision: 0 };
  expect(await cluster.beat(member, { beatSeen: beat, revisionSeen: revision })).toMatchObject({
    kind: 'ok',
    quarantined: false,
  });
  expect(await cluster.unit(unit)).toMatchObject({ state: 'claimed', fence });
});

test('scripts that Redis forgot are sent again', async () => {
  const redis = await start();
  const cluster = await startCluster(redis);
  const member = await cluster.join('w');
  await redis.redis.script('FLUSH');
  expect(await cluster.beat(member)).toMatchObject({ kind: 'ok' });
  expect(await cluster.beat(member)).toMatchObject({ kind: 'ok' });
});

test('a Redis that others have filled up still coordinates', async () => {
  const redis = await start();
  const cluster = await startCluster(redis);
  const member = await cluster.join('w');
  await redis.redis.set('ballast', 'x'.repeat(2_000_000));
  await redis.redis.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1mb');
  await expect(redis.redis.set('more', 'x')).rejects.toThrow(/OOM/);

  expect(await cluster.beat(member)).toMatchObject({ kind: 'ok' });
  const { unit, fence } = await cluster.runTask('orders', member);
  expect(await cluster.release(member, unit, fence)).toBe(true);
  await cluster.store.submit('request', { op: 'delete', connector: 'orders' });
  expect(await cluster.store.pendingRequests(10)).toHaveLength(1);
  await cluster.join('another');
  expect((await cluster.everything()).members.size).toBe(2);
});

test('all keys that a script touches are in one slot of a Redis Cluster', async () => {
  const redis = await start({ config: ['--cluster-enabled', 'yes'] });
  await redis.redis.cluster('ADDSLOTSRANGE', 0, 16_383);
  await waitFor(async () => (await redis.redis.cluster('INFO')).includes('cluster_state:ok'), {
    what: 'the cluster to be ready',
  });
  const cluster = await startCluster(redis);
  const [a, b] = [await cluster.join('a'), await cluster.join('b')];
  const { unit, fence } = await cluster.runTask('orders', a);
  await cluster.release(a, unit, fence);
  await cluster.own(unit, b);
  await cluster.kill(b);
  expect(await cluster.store.orphan(cluster.term, 'b', b.incarnation, 10)).toEqual([unit]);
  await cluster.delete('orders');
  expect((await cluster.everything()).units.size).toBe(1);
});

test('a Redis that needs a user works with a user that may only touch the cluster’s keys', async () => {
  await using server = await startRedis({
    config: [
      '--user',
      'sluice',
      'on',
      '>s3cret',
      '~{sluice:main}*',
      '+@all',
      '-@dangerous',
      '+info',
    ],
  });
  const url = server.url.replace('redis://', 'redis://sluice:s3cret@');
  const redis = connectCoordinationRedis(url, { role: 'coordination' });
  await untilReady(redis, 20_000);
  const store = new RedisCoordinationStore({ redis, cluster: 'main' });
  expect(await store.lead(leadRequest('coordinator', 60_000))).toMatchObject({ kind: 'leading' });
  const elsewhere = new RedisCoordinationStore({ redis, cluster: 'other' });
  await expect(elsewhere.lead(leadRequest('coordinator', 60_000))).rejects.toMatchObject({
    code: 'store.denied',
  });
  redis.disconnect();
});
