/**
 * Connections for coordination. They fail fast: a command that cannot be sent now, or whose answer does
 * not come in time, is an error that the caller decides about; nothing is queued while Redis is away and
 * nothing is sent again behind its back. Reconnecting never gives up and waits at most a second, since
 * what comes on top of Redis' own outage is downtime of the tasks.
 */

import { backoffMs } from '@sluice/kernel';
import {
  isElsewhere,
  openRedis,
  parseRedisUrl,
  redisLabel,
  redisRoute,
} from '@sluice/redis-connection';
import type { Redis } from 'ioredis';

import {
  deniedError,
  describeUrl,
  noteAddress,
  noteConnectionError,
  unreachableError,
} from './errors.ts';

/** `heartbeat`: nothing else goes through it, so that nothing delays it. */
export type ConnectionRole = 'heartbeat' | 'coordination';

export interface ConnectionOptions {
  readonly role: ConnectionRole;
  /** Whose keys are asked for: in a Redis Cluster, that tells the node. */
  readonly cluster?: string;
  /** Default: 500 for heartbeats, else 5 000. */
  readonly commandTimeoutMs?: number;
  /** Told each time that the connection fails; must not throw. */
  readonly onError?: (error: Error) => void;
}

const commandTimeoutsMs = { heartbeat: 500, coordination: 5_000 };
const connectTimeoutMs = 2_000;
/**
 * A server that says nothing for so long after it was asked is looked for anew: its machine may be gone without a word,
 * which the system notices only after many minutes, and Sentinel may have another master by then.
 */
const silenceMsMax = 5_000;
const reconnect = { initialMs: 50, maxMs: 1_000 };

/**
 * Returns at once and connects in the background: see `untilReady`. `url` as `parseRedisUrl` takes it.
 * @throws SluiceError `config.invalid`.
 */
export function connectCoordinationRedis(url: string, options: ConnectionOptions): Redis {
  const hashTag = `{sluice:${options.cluster ?? 'default'}}`;
  const route = redisRoute(url, { hashTag, keepsTrying: true });
  const redis = openRedis(route, {
    connectionName: `sluice-${options.role}`,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // What waits for an answer fails as soon as the connection is lost.
    maxRetriesPerRequest: 0,
    commandTimeout: options.commandTimeoutMs ?? commandTimeoutsMs[options.role],
    connectTimeout: connectTimeoutMs,
    socketTimeout: silenceMsMax,
    keepAlive: 10_000,
    retryStrategy: (attempt) => backoffMs(attempt, reconnect),
    reconnectOnError: isElsewhere,
  });
  const address = parseRedisUrl(url);
  if (address.kind !== 'server') noteAddress(redis, redisLabel(address));
  // Without a listener ioredis prints to the console. What matters fails the commands, too.
  redis.on('error', (error: Error) => {
    noteConnectionError(redis, error);
    options.onError?.(error);
  });
  redis.on('ready', () => noteConnectionError(redis, undefined));
  return redis;
}

/** @throws SluiceError `store.unreachable` after the time, `store.denied` at once. */
export async function untilReady(redis: Redis, timeoutMs: number): Promise<void> {
  if (redis.status === 'ready') return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let last = new Error('no connection yet');
  const onReady = (): void => resolve();
  const onError = (error: Error): void => {
    last = error;
    if (/NOAUTH|WRONGPASS|NOPERM/.test(error.message))
      reject(deniedError(describeUrl(redis), error));
  };
  const timer = setTimeout(() => reject(unreachableError(describeUrl(redis), last)), timeoutMs);
  redis.on('ready', onReady);
  redis.on('error', onError);
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    redis.off('ready', onReady);
    redis.off('error', onError);
  }
}
