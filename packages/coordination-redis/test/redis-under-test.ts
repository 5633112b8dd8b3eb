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
    await untilReady(redis, 5_000);
    return new RedisUnderTest(server, redis);
  }

  async stop(): Promise<void> {
    this.redis.disconnect();
    await this.server.stop();
  }

  /** Keys of one cluster. */
  async keysOf(cluster: string): Promise<string[]> {
    // Braces mean nothing in a pattern of KEYS.
    return this.redis.keys(`${clusterTag(cluster)}*`);
  }

  makeStore(cluster: string = newShortId()): StoreUnderTest {
    const { redis } = this;
    return {
      store: new RedisCoordinationStore({ redis, cluster }),
      elapse: (ms) => sleep(ms),
      loseData: async () => {
        const keys = await this.keysOf(cluster);
        if (keys.length > 0) await redis.del(...keys);
      },
      saveData: async () => {
        const saved = await Promise.all(
          (await this.keysOf(cluster)).map(
            async (key) => [key, await redis.dumpBuffer(key), await redis.pttl(key)] as const,
          ),
        );
        return async () => {
          const keys = await this.keysOf(cluster);
          if (keys.length > 0) await redis.del(...keys);
          for (const [key, value, ttlMs] of saved) {
            if (value) await redis.restore(key, Math.max(0, ttlMs), value);
          }
        };
      },
      close: async () => {},
    };
  }
}
