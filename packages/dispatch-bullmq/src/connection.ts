/** How this package talks to Redis: a URL (`rediss://` too) or ioredis options (Sentinel, TLS, ACL). */
import { Redis, type RedisOptions } from 'ioredis';

/** BullMQ reads replies in ioredis' own mapping only. */
type ConnectionOptions = Omit<RedisOptions, 'replyMapping'>;

export type RedisTarget = string | ConnectionOptions;

/** Reconnecting must not cost more blindness than the outage itself. */
const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, 1_000);

/** For adding and reading: fails at once while Redis is away, since a wake-up is not worth waiting for. */
export function connectForQueues(target: RedisTarget): Redis {
  return connect(target, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    connectTimeout: 2_000,
    commandTimeout: 2_000,
    retryStrategy,
    lazyConnect: true,
  });
}

/**
 * For consuming: BullMQ requires that commands wait for Redis to come back. A silent connection is given
 * up after `socketTimeout`, which has to be longer than the longest blocking read. It connects at once:
 * BullMQ duplicates it, and a lazy duplicate whose first attempt failed would be broken forever.
 */
export function connectForConsumer(target: RedisTarget): Redis {
  return connect(target, {
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
    connectTimeout: 2_000,
    socketTimeout: 10_000,
    retryStrategy,
  });
}

/** Seconds that a consumer blocks on an empty queue; below its socket timeout. */
export const blockingReadSeconds = 5;

function connect(target: RedisTarget, defaults: ConnectionOptions): Redis {
  if (typeof target === 'string') return new Redis(target, defaults);
  return new Redis({ ...target, ...defaults });
}
