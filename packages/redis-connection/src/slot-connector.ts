/**
 * A connection to the node of a Redis Cluster that has a certain slot. All keys of a cluster of Sluice carry one hash tag,
 * so that one plain connection is enough, and scripts, pipelines and BullMQ work as on a single server. Each attempt asks
 * the nodes who has the slot now; a node that does not have it any more answers MOVED, upon which the connection is to be
 * made anew (`reconnectOnError`).
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';

import type { HostPort } from './redis-address.ts';

export interface SlotConnectorOptions {
  readonly nodes: readonly HostPort[];
  readonly hashTag: string;
  /** ms until the nodes are asked again when none could tell; null: the attempt fails. */
  readonly retry: (attempt: number) => number | null;
  readonly random?: () => number;
}

const askTimeoutMs = 1_000;

export function slotConnector({
  nodes,
  hashTag,
  retry,
  random = Math.random,
}: SlotConnectorOptions): NonNullable<RedisOptions['Connector']> {
  return class SlotConnector extends AbstractConnector {
    readonly #options: RedisOptions;

    constructor(options: unknown) {
      const given = options as RedisOptions;
      super(given.disconnectTimeout ?? 2_000);
      this.#options = given;
    }

    override async connect(emit: (event: string, error: Error) => void): Promise<Socket> {
      this.connecting = true;
      for (let attempt = 1; ; attempt += 1) {
        const found = await this.#find();
        if (!this.connecting) throw new Error('Connection is closed.');
        if (!(found instanceof Error)) return this.#open(found);
        const pauseMs = retry(attempt);
        if (pauseMs === null) throw found;
        emit('error', found);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        if (!this.connecting) throw new Error('Connection is closed.');
      }
    }

    #open({ host, port }: HostPort): Socket {
      const { tls } = this.#options;
      const socket = tls ? connectTls({ ...tls, host, port }) : connectTcp({ host, port });
      socket.once('error', (error) => {
        this.firstError = error;
      });
      this.stream = socket;
      return socket;
    }

    /**
     * Whoever has the slot, as the first node says that answers; or why none did. Any of them is asked first: one that is cut off from the others may name a master that they have replaced.
     */
    async #find(): Promise<HostPort | Error> {
      let problem = new Error('no node of the Redis Cluster answers');
      const first = Math.floor(random() * nodes.length);
      for (const node of [...nodes.slice(first), ...nodes.slice(0, first)]) {
        try {
          return await this.#ask(node);
        } catch (error) {
          problem = error instanceof Error ? error : new Error(String(error));
        }
      }
      return problem;
    }

    async #ask(node: HostPort): Promise<HostPort> {
      const { username, password, tls, connectTimeout } = this.#options;
      const redis = new Redis({
        ...node,
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password }),
        ...(tls === undefined ? {} : { tls }),
        connectTimeout: Math.min(connectTimeout ?? askTimeoutMs, askTimeoutMs),
        commandTimeout: askTimeoutMs,
        lazyConnect: true,
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
        retryStrategy: () => null,
      });
      let cause: Error | undefined;
      redis.on('error', (error: Error) => {
        cause = error;
      });
      try {
        await redis.connect();
        const slot = await redis.cluster('KEYSLOT', hashTag);
        const ranges = await redis.cluster('SLOTS');
        return ownerOf(slot, ranges, node);
      } catch (error) {
        throw cause ?? error;
      } finally {
        redis.disconnect();
      }
    }
  };
}

/** `CLUSTER SLOTS`: first and last slot, then the master: host, port, … An empty host is the one that was asked. */
function ownerOf(slot: number, ranges: readonly unknown[], asked: HostPort): HostPort {
  for (const range of ranges) {
    const [first, last, master] = range as [number, number, [string | null, number]];
    if (slot < first || slot > last) continue;
    const [host, port] = master;
    return { host: host === null || host === '' ? asked.host : host, port };
  }
  throw new Error(`no node of the Redis Cluster has slot ${slot}`);
}
