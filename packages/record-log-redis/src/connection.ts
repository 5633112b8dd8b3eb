import { backoffMs } from '@sluice/kernel';
import { closedError } from '@sluice/record-log';
import { isElsewhere, openRedis } from '@sluice/redis-connection';
import type { Redis } from 'ioredis';

import { toLogError, unreachableError } from './errors.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import type { Script } from './scripts.ts';

/**
 * One connection to Redis, opened when it is used. Every TCP session is a driver object of its own, which
 * never reconnects: so nothing of one session can be sent again in the next, and order cannot change.
 *
 * - `idle → opening → open`: a call opens the session, loads the scripts, then sends; calls made meanwhile
 *   follow in their order.
 * - The session breaks, or the server is silent for `requestTimeoutMs`: all calls in flight are refused
 *   with `log.unreachable` (they may have been executed), and the next call opens a new session, not
 *   before a back-off of at most a second after a failed attempt.
 * - `cut`: the socket is reset in this very call, so that what was still buffered here never leaves.
 * - `close`: the same, for good.
 */
export class Connection {
  readonly #purpose: string;
  readonly #options: CompiledRedisLogOptions;
  readonly #scripts: readonly Script[];
  readonly #prepare: (redis: Redis) => Promise<void>;
  readonly #inFlight = new Set<(error: Error) => void>();
  #opening: Promise<Session> | undefined;
  #redis: Redis | undefined;
  #sessions = 0;
  #failures = 0;
  #notBeforeMs = 0;
  #closed = false;
  /** Called when a session that was open has ended, for whatever reason. */
  onLost: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#purpose = options.purpose;
    this.#options = options.log;
    this.#scripts = options.scripts;
    this.#prepare = options.prepare ?? (async () => {});
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Runs a script; replies come as strings and numbers. */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.use(({ redis }) => redis.evalsha(script.sha1, keys.length, ...keys, ...args));
  }

  /** Sends commands, in the order of the calls. @throws SluiceError, see `toLogError`. */
  use<T>(action: (session: Session) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      // One entry for each call, so that a cut refuses it at once, whatever the driver does.
      const refuse = (error: Error): void => {
        if (!this.#inFlight.delete(refuse)) return;
        reject(toLogError(error, this.#options.address));
        // Another session may meet a server that is a master, or load the scripts again.
        if (isElsewhere(error) || error.message.startsWith('NOSCRIPT ')) this.cut();
      };
      this.#inFlight.add(refuse);
      this.#session()
        .then(action)
        .then((result) => {
          this.#inFlight.delete(refuse);
          resolve(result);
        }, refuse);
    });
  }

  /** As `use`, but without opening a session for it. */
  useIfOpen(action: (session: Session) => Promise<unknown>): Promise<unknown> {
    return this.#opening ? this.use(action) : Promise.resolve();
  }

  cut(): void {
    const redis = this.#redis;
    const refused = [...this.#inFlight];
    if (redis) reset(redis);
    const error = unreachableError(this.#options.address, new Error('connection was cut'));
    for (const refuse of refused) refuse(error);
    this.#forget();
  }

  close(): void {
    this.#closed = true;
    this.cut();
  }

  #session(): Promise<Session> {
    if (this.#closed) return Promise.reject(closedError('this client of the log'));
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<Session> {
    const { clock, route, clientId, connectTimeoutMs, requestTimeoutMs } = this.#options;
    const redis = openRedis(route, {
      connectionName: `${clientId}:${this.#purpose}`,
      lazyConnect: true,
      connectTimeout: connectTimeoutMs,
      socketTimeout: requestTimeoutMs,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      autoResubscribe: false,
      noDelay: true,
      disableClientInfo: true, // The name says who it is.
    });
    const number = ++this.#sessions;
    this.#redis = redis;
    let cause: unknown;
    redis.on('error', (error: Error) => {
      cause = error;
    });
    try {
      const waitMs = this.#notBeforeMs - clock.monotonicMs();
      if (waitMs > 0) await clock.sleep(waitMs);
      if (this.#redis !== redis) throw new Error('connection was cut');
      await redis.connect();
      await Promise.all(this.#scripts.map(({ source }) => redis.script('LOAD', source)));
      await this.#prepare(redis);
      if (redis.status !== 'ready') throw new Error('connection was lost');
    } catch (error) {
      this.#failures += 1;
      this.#notBeforeMs =
        clock.monotonicMs() + backoffMs(this.#failures, { initialMs: 50, maxMs: 1_000 });
      reset(redis);
      if (this.#redis === redis) this.#forget();
      throw toLogError(cause ?? error, this.#options.address);
    }
    // Not before: what ends while it is opened is a failure, which the next attempt must know of.
    redis.on('end', () => this.#lose(redis));
    this.#failures = 0;
    return { redis, number };
  }

  /** The driver has already refused what was in flight. */
  #lose(redis: Redis): void {
    if (this.#redis === redis) this.#forget();
  }

  #forget(): void {
    const wasInUse = this.#redis !== undefined;
    this.#redis = undefined;
    this.#opening = undefined;
    if (wasInUse) this.onLost();
  }
}

export type Argument = string | number | Buffer;

export interface Session {
  readonly redis: Redis;
  /** 1 for the first session of the connection; a new number means that the server may have restarted. */
  readonly number: number;
}

export interface ConnectionOptions {
  /** Seen in `CLIENT LIST`. */
  readonly purpose: string;
  readonly log: CompiledRedisLogOptions;
  readonly scripts: readonly Script[];
  /** Runs in each new session before any call. */
  readonly prepare?: (redis: Redis) => Promise<void>;
}

/**
 * Ends a session without flushing. The driver's own `disconnect` ends the stream, which sends what is
 * buffered; a plain `destroy` leaves what the kernel has already taken. A reset drops both.
 */
function reset(redis: Redis): void {
  const stream = streamOf(redis);
  if (stream && !stream.destroyed) {
    try {
      stream.resetAndDestroy();
    } catch {
      stream.destroy(); // TLS has no reset.
    }
  }
  redis.disconnect();
}

function streamOf(
  redis: Redis,
): { destroyed: boolean; destroy(): void; resetAndDestroy(): void } | undefined {
  const { stream } = redis as unknown as { stream?: ReturnType<typeof streamOf> };
  return stream;
}
