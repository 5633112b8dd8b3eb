/** How ioredis reaches what a URL names: options for one connection, whichever of the three it is. */
import { Redis, type RedisOptions } from 'ioredis';

import { parseRedisUrl } from './redis-address.ts';
import { slotConnector } from './slot-connector.ts';

/** Replies come in ioredis' own mapping. */
export type ConnectionSettings = Omit<RedisOptions, 'replyMapping'>;

export interface RedisRoute {
  /** Undefined: everything is in the options. */
  readonly url: string | undefined;
  readonly options: ConnectionSettings;
}

export interface RedisRouteOptions {
  /** All keys of the connection have this hash tag, as `{sluice:default}`: in a cluster it goes to the node that has it. */
  readonly hashTag: string;
  /** Whether it goes on trying within one attempt to connect; else the attempt fails, and the caller tries again. */
  readonly keepsTrying: boolean;
}

const retryMs = { first: 50, max: 1_000 };

/**
 * Whether a reply says that the right server is, or may be, another one by now: it is a replica, the slot is not its own,
 * or its replicas or its cluster are out of its sight and may have chosen another master. The connection is then to be
 * made anew, which asks the sentinels or nodes again.
 */
export function isElsewhere({ message }: Error): boolean {
  return /^(READONLY|MOVED|NOREPLICAS|CLUSTERDOWN|MASTERDOWN) /.test(message);
}

/** A connection with these settings, by that route. */
export function openRedis({ url, options }: RedisRoute, settings: ConnectionSettings): Redis {
  const all = { ...options, ...settings };
  return url === undefined ? new Redis(all) : new Redis(url, all);
}

/** @throws SluiceError `config.invalid`. */
export function redisRoute(url: string, { hashTag, keepsTrying }: RedisRouteOptions): RedisRoute {
  const address = parseRedisUrl(url);
  if (address.kind === 'server') return { url, options: {} };
  const { credentials } = address;
  const tls = address.tls ? { tls: {} } : {};
  const retry = (attempt: number): number | null =>
    keepsTrying ? Math.min(retryMs.first * 2 ** (attempt - 1), retryMs.max) : null;
  if (address.kind === 'cluster') {
    const Connector = slotConnector({ nodes: address.nodes, hashTag, retry });
    return { url: undefined, options: { ...credentials, ...tls, Connector } };
  }
  const { sentinels, master, db, sentinelCredentials } = address;
  const { username: sentinelUsername, password: sentinelPassword } = sentinelCredentials;
  return {
    url: undefined,
    options: {
      ...credentials,
      ...tls,
      ...(address.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
      ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
      ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
      sentinels: sentinels.map((each) => ({ ...each })),
      name: master,
      db,
      sentinelRetryStrategy: retry,
      // A sentinel that is gone must not hold up the next one for long.
      sentinelCommandTimeout: 1_000,
    },
  };
}
