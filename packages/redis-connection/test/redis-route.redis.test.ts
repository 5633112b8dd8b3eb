/** Connections through real sentinels, and to a real Redis Cluster, while masters are killed and slots move. */
import {
  type RedisClusterHandle,
  type SentinelHandle,
  startRedis,
  startRedisCluster,
  startSentinel,
  waitFor,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterEach, expect, test } from 'vitest';

import { isElsewhere, openRedis, redisRoute } from '../src/index.ts';

const hashTag = '{sluice:test}';
const open: Redis[] = [];
let servers: SentinelHandle | RedisClusterHandle | undefined;

afterEach(async () => {
  for (const redis of open.splice(0)) redis.disconnect();
  await servers?.stop();
  servers = undefined;
});

function connect(url: string, keepsTrying = true): Redis {
  const redis = openRedis(redisRoute(url, { hashTag, keepsTrying }), {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    lazyConnect: true,
    retryStrategy: () => (keepsTrying ? 50 : null),
    reconnectOnError: isElsewhere,
  });
  redis.on('error', () => {});
  open.push(redis);
  return redis;
}

/** Of the server, in what `CLIENT INFO` says. */
function portOf(info: unknown): number {
  return Number(/laddr=[^:]+:(\d+)/.exec(String(info))?.[1]);
}

/** Written sooner or later, whatever happens meanwhile. */
async function written(redis: Redis, value: string): Promise<void> {
  await waitFor(async () => (await redis.set(`${hashTag}:key`, value).catch(() => '')) === 'OK', {
    what: `${value} to be written`,
    timeoutMs: 30_000,
  });
}

test('sentinels tell the master, and the next one', { timeout: 60_000 }, async () => {
  const sentinel = (servers = await startSentinel());
  const redis = connect(sentinel.url);
  await redis.connect();
  await written(redis, 'before');
  await sentinel.failOver();
  await written(redis, 'after');
  expect(await redis.get(`${hashTag}:key`)).toBe('after');
  expect(portOf(await redis.client('INFO'))).toBe((await sentinel.master()).port);
});

test('servers and sentinels have passwords of their own', { timeout: 60_000 }, async () => {
  const sentinel = (servers = await startSentinel({ password: 'p@ss/w:rd' }));
  const redis = connect(sentinel.url);
  await redis.connect();
  await written(redis, 'value');
  const without = connect(sentinel.url.replace(/\?.*/, ''), false);
  await expect(without.connect()).rejects.toThrow(/NOAUTH/);
});

test('a master whose replicas have left it for another one is left, too', {
  timeout: 60_000,
}, async () => {
  const sentinel = (servers = await startSentinel());
  const redis = connect(sentinel.url);
  await redis.connect();
  await written(redis, 'before');
  const next = await sentinel.leaveMaster();
  await written(redis, 'after');
  expect(portOf(await redis.client('INFO'))).toBe(next.port);
});

test('without any sentinel an attempt fails, if it is to', { timeout: 60_000 }, async () => {
  const redis = connect('redis+sentinel://127.0.0.1:1,127.0.0.1:2/main', false);
  await expect(redis.connect()).rejects.toThrow(/sentinels are unreachable/);
});

test('a cluster: the node that has the slot, also after it moved or restarted', {
  timeout: 60_000,
}, async () => {
  const cluster = (servers = await startRedisCluster());
  // Whichever node is asked.
  const urls = cluster.nodes.map(({ port }) => `redis+cluster://127.0.0.1:${port}`);
  for (const url of urls) {
    const redis = connect(url);
    await redis.connect();
    await written(redis, url);
  }
  const redis = connect(cluster.url);
  await redis.connect();
  await cluster.moveSlotOf(hashTag);
  await written(redis, 'moved');
  const node = await cluster.nodeOf(hashTag);
  await node.kill('SIGKILL');
  await expect(redis.get(`${hashTag}:key`)).rejects.toThrow();
  await node.restart();
  await waitFor(async () => await redis.get(`${hashTag}:key`).catch(() => undefined), {
    what: 'the value to be read again',
    until: (value) => value === 'moved',
    timeoutMs: 30_000,
  });
});

test('a node that names a master which is gone is not the only one that is asked', {
  timeout: 60_000,
}, async () => {
  const cluster = (servers = await startRedisCluster());
  const config = ['--cluster-enabled', 'yes'];
  await using stale = await startRedis({ config });
  await using gone = await startRedis({ config });
  const [asStale, asGone] = [new Redis(stale.port), new Redis(gone.port)];
  open.push(asStale, asGone);
  for (const redis of open) redis.on('error', () => {});
  await asGone.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
  await asStale.call('CLUSTER', 'MEET', '127.0.0.1', gone.port);
  await waitFor(async () => (await asStale.cluster('SLOTS')).length === 1, {
    what: 'it to have heard who has the slots',
  });
  await gone.kill('SIGKILL');

  const redis = connect(cluster.url.replace('://', `://127.0.0.1:${stale.port},`));
  redis.connect().catch(() => {});
  await written(redis, 'value');
});
