/** How this package talks to Redis: a URL as `parseRedisUrl` takes it, or ioredis options. */
import {
  type ConnectionSettings,
  isElsewhere,
  openRedis,
  redisRoute,
} from '@sluice/redis-connection';
import { Redis } from 'ioredis';

import { queuePrefix } from './names.ts';

/** BullMQ reads replies in ioredis' own mapping only. */
export type RedisTarget = string | ConnectionSettings;

/** Reconnecting must not cost more blindness than the outage itself. */
const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000);

/** For adding and reading: fails at once while Redis is away, since a wake-up is not worth waiting for. */
export function connectForQueues(target: RedisTarget, cluster: string): Redis {
  return connect(target, cluster, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    // Its machine may be gone without a word, and Sentinel may have another master by then.
    socketTimeout: 5_000,
    retryStrategy,
    lazyConnect: true,
  });
}

/**
 * For consuming: BullMQ requires that commands wait for Redis to come back. A silent connection is given
 * up after `socketTimeout`, which has to be longer than the longest blocking read. It connects at once:
 * BullMQ duplicates it, and a lazy duplicate whose first attempt failed would be broken forever.
 */
export function connectForConsumer(target: RedisTarget, cluster: string): Redis {
  return connect(target, cluster, {
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
    connectTimeout: 2_000,
    socketTimeout: 10_000,
    retryStrategy,
  });
}

/** Seconds that a consumer blocks on an empty queue; below its socket timeout. */
export const blockingReadSeconds = 5;

function connect(target: RedisTarget, cluster: string, defaults: ConnectionSettings): Redis {
  const settings = { ...defaults, reconnectOnError: isElsewhere };
  if (typeof target !== 'string') return new Redis({ ...target, ...settings });
  const route = redisRoute(target, { hashTag: queuePrefix(cluster), keepsTrying: true });
  return openRedis(route, settings);
}
