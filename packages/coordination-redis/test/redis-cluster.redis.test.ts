/** All that a store of coordination must do, on a Redis Cluster of three masters; each test's keys are on one of them. */
import { describeCoordinationStore } from '@sluice/coordination/conformance';
import { newShortId } from '@sluice/kernel';
import { type RedisClusterHandle, startRedisCluster } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { connectCoordinationRedis, untilReady } from '../src/index.ts';
import { storeUnderTest } from './redis-under-test.ts';

let servers: RedisClusterHandle;
const ports = new Set<number | undefined>();

beforeAll(async () => {
  servers = await startRedisCluster();
}, 60_000);

afterAll(async () => {
  await servers.stop();
});

describeCoordinationStore('Redis Cluster', async () => {
  const cluster = newShortId();
  const redis = connectCoordinationRedis(servers.url, { role: 'coordination', cluster });
  await untilReady(redis, 20_000);
  ports.add(redis.stream.remotePort);
  return { ...storeUnderTest(redis, cluster), close: async () => redis.disconnect() };
});

// Last in the file: it looks at where all the tests above have been.
test('different clusters of Sluice are on different nodes', () => {
  expect(ports.size).toBe(3);
});
