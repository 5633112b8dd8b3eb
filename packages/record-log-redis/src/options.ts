import { assert, type Clock, type Logger, silentLogger, systemClock } from '@sluice/kernel';
import { recordBytesMaxDefault } from '@sluice/record-log';
import { parseRedisUrl, type RedisRoute, redisLabel, redisRoute } from '@sluice/redis-connection';

const mebibyte = 1024 * 1024;
const hourMs = 3_600_000;
/** A step of the log's time; see `lua/shared/log-time.lua`. */
const groupTouchMaxMs = hourMs;

export interface RedisLogOptions {
  /** As `parseRedisUrl` takes it: one server (7.0 or newer), sentinels, or a Redis Cluster. */
  readonly url: string;
  /** Name of the cluster: logs of different clusters may share a server. */
  readonly cluster: string;
  /** Seen in `CLIENT LIST`, with the connection's purpose. */
  readonly clientId: string;
  /** First part of every key. Default `sluice-log`. */
  readonly namespace?: string;
  /** Partitions of a topic that is created by a produce. Default 1. */
  readonly defaultPartitions?: number;
  /** Bytes that a partition may hold. Default 256 MiB. */
  readonly partitionBytesMax?: number;
  /** Bytes that all partitions together may hold. Default: no limit but the server's memory. */
  readonly logBytesMax?: number;
  /**
   * What happens when a quota is reached and groups still need what is there: `block` makes produce wait
   * and then fail with `log.full`; `delete` removes the oldest records, read or not, as Kafka does.
   */
  readonly retention?: 'block' | 'delete';
  /**
   * A group that was not heard of for so long holds no records back any more. Readers give a sign at least
   * eight times as often. Default 7 days, as Kafka's `offsets.retention`.
   */
  readonly groupRetentionMs?: number;
  readonly recordBytesMax?: number;
  /** How long a produce waits for room before it fails with `log.full`. Default 5 s. */
  readonly fullWaitMs?: number;
  readonly connectTimeoutMs?: number;
  /** A server that has not answered for so long is cut off. Default 10 s. */
  readonly requestTimeoutMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface CompiledRedisLogOptions extends Required<RedisLogOptions> {
  /** How often a reader says that its group is still there. */
  readonly groupTouchMs: number;
  /** Trimming goes by segments: what a partition keeps although everybody has read it. */
  readonly segmentBytes: number;
  /** Large enough to make the cost of an entry small, small enough to fetch a partition piece by piece. */
  readonly entryBytesMax: number;
  /** What one run of the produce script appends; Redis executes nothing else meanwhile. */
  readonly chunkBytesMax: number;
  /** How ioredis reaches it. */
  readonly route: RedisRoute;
  /** Where the server is, for messages; the URL may hold a password. */
  readonly address: string;
}

export function compileRedisLogOptions(options: RedisLogOptions): CompiledRedisLogOptions {
  const { partitionBytesMax = 256 * mebibyte, namespace = 'sluice-log' } = options;
  // A name with braces would move keys out of the slot that the scripts need.
  assert(
    !/[{}]/.test(namespace + options.cluster),
    'namespace and cluster must not contain braces',
  );
  const groupRetentionMs = options.groupRetentionMs ?? 7 * 24 * hourMs;
  assert(groupRetentionMs > 0, 'groupRetentionMs must be more than 0');
  const quotaBytes = Math.min(partitionBytesMax, options.logBytesMax ?? partitionBytesMax);
  return {
    url: options.url,
    cluster: options.cluster,
    clientId: options.clientId,
    namespace,
    defaultPartitions: options.defaultPartitions ?? 1,
    partitionBytesMax,
    logBytesMax: options.logBytesMax ?? Number.MAX_SAFE_INTEGER,
    retention: options.retention ?? 'block',
    // A record that no quota could ever admit would be refused as `log.full` for ever.
    recordBytesMax: Math.min(
      options.recordBytesMax ?? recordBytesMaxDefault,
      Math.floor(quotaBytes / 2),
    ),
    groupRetentionMs,
    groupTouchMs: Math.min(groupTouchMaxMs, groupRetentionMs / 8),
    fullWaitMs: options.fullWaitMs ?? 5_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    requestTimeoutMs: options.requestTimeoutMs ?? 10_000,
    logger: options.logger ?? silentLogger,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    segmentBytes: Math.min(mebibyte, Math.ceil(partitionBytesMax / 16)),
    entryBytesMax: Math.min(mebibyte / 4, Math.ceil(quotaBytes / 4)),
    chunkBytesMax: Math.min(mebibyte / 2, Math.ceil(quotaBytes / 4)),
    route: redisRoute(options.url, {
      hashTag: `{${namespace}:${options.cluster}}`,
      keepsTrying: false,
    }),
    address: addressOf(options.url),
  };
}

function addressOf(url: string): string {
  const address = parseRedisUrl(url);
  if (address.kind !== 'server') return redisLabel(address);
  const { protocol, hostname, port, pathname } = new URL(url);
  if (hostname === '') return pathname;
  return `${protocol === 'rediss:' ? 'rediss://' : ''}${hostname}:${port === '' ? '6379' : port}`;
}
