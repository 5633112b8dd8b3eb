/** One real Redis for a test file; each test has a cluster, hence keys, of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreUnderTest } from '@sluice/coordination/conformance';
import { newShortId } from '@sluice/kernel';
import { type RedisHandle, type StartRedisOptions, startRedis } from '@sluice/testkit';
import type { Redis } from 'ioredis';

import {
  clusterTag,
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '../src/index.ts';

export class RedisUnderTest {
  readonly server: RedisHandle;
  readonly redis: Redis;

  private constructor(server: RedisHandle, redis: Redis) {
    this.server = server;
    this.redis = redis;
  }

  static async start(options: StartRedisOptions = {}): Promise<RedisUnderTest> {
    const server = await startRedis(options);
    const redis = connectCoordinationRedis(server.url, { role: 'coordination' });
    await untilReady(redis, 20_000);
    return new RedisUnderTest(server, redis);
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.server.stop();
  }

  /** Keys of one cluster. */
  async keysOf(cluster: string): Promise<string[]> {
    return await keysOf(this.redis, cluster);
  }

  makeStore(cluster: string = newShortId()): StoreUnderTest {
    return storeUnderTest(this.redis, cluster);
  }
}

/** The store of a cluster through this connection, which stays open. */
export function storeUnderTest(redis: Redis, cluster: string): StoreUnderTest {
  const loseData = async (): Promise<void> => {
    const keys = await keysOf(redis, cluster);
    if (keys.length > 0) await redis.del(...keys);
  };
  return {
    store: new RedisCoordinationStore({ redis, cluster }),
    elapse: (ms) => sleep(ms),
    loseData,
    saveData: async () => {
      const saved = await Promise.all(
        (await keysOf(redis, cluster)).map(
          async (key) => [key, await redis.dumpBuffer(key), await redis.pttl(key)] as const,
        ),
      );
      return async () => {
        await loseData();
        for (const [key, value, ttlMs] of saved) {
          if (value) await redis.restore(key, Math.max(0, ttlMs), value);
        }
      };
    },
    close: async () => {},
  };
}

async function keysOf(redis: Redis, cluster: string): Promise<string[]> {
  // Braces mean nothing in a pattern of KEYS.
  return await redis.keys(`${clusterTag(cluster)}*`);
}
