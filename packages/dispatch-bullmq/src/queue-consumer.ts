/**
 * One BullMQ Worker with its two connections, made to survive what happens to Redis and to queues:
 *
 *     new ──start──▶ consuming ──stop──▶ stopped (a new start() begins afresh)
 *
 * Redis away: the Worker reconnects within a second of its return. Redis answering every fetch with an
 * error (out of memory, a replica after a failover): BullMQ would ask again at once, forever; here it
 * pauses for a moment after a burst of errors. A handler that does not return fails its job, before its
 * lock runs out. Closing has a limit, after which the connections are cut: a job that was being handled
 * is then delivered again to somebody, which every handler must stand.
 */
import { type Clock, type Logger, systemClock, type Timer } from '@sluice/kernel';
import { type Job, Worker } from 'bullmq';
import type { Redis } from 'ioredis';

import { blockingReadSeconds, connectForConsumer, type RedisTarget } from './connection.ts';
import { TroubleLog, within } from './limits.ts';
import { queuePrefix } from './names.ts';

export interface QueueConsumerOptions {
  readonly redis: RedisTarget;
  readonly cluster: string;
  readonly queue: string;
  /** Shown on the board. */
  readonly consumer: string;
  readonly concurrency: number;
  readonly handle: (job: Job) => Promise<string>;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly closeLimitMs?: number;
}

/** Errors in a row, without a job in between, after which the consumer rests. */
const errorsPerBurst = 20;

const restMs = 500;

/** Nobody renews the lock of a job, since none is handled for long. */
const lockMs = 10_000;

const handlingMs = 5_000;

/** How long `start()` waits for Redis before it leaves connecting to the background. */
const readyWaitMs = 2_000;

export class QueueConsumer {
  readonly #options: QueueConsumerOptions;
  readonly #clock: Clock;
  readonly #trouble: TroubleLog;
  #connection: Redis | undefined;
  #worker: Worker | undefined;
  #errorsInBurst = 0;
  #rest: Timer | undefined;

  constructor(options: QueueConsumerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#trouble = new TroubleLog({
      logger: options.logger,
      clock: this.#clock,
      what: `consumer of queue ${options.queue} has trouble with Redis`,
    });
  }

  /** Resolves when jobs are being fetched, or after a bounded wait without Redis. */
  async start(): Promise<void> {
    if (this.#worker) return;
    const { redis, cluster, queue, consumer, concurrency, handle } = this.#options;
    const connection = connectForConsumer(redis, cluster);
    connection.on('error', (error) => this.#trouble.failed(error));
    const worker = new Worker(queue, (job) => this.#handle(job, handle), {
      connection,
      prefix: queuePrefix(cluster),
      name: consumer,
      concurrency,
      autorun: false,
      lockDuration: lockMs,
      skipLockRenewal: true,
      stalledInterval: 5_000,
      maxStalledCount: 5,
      drainDelay: blockingReadSeconds,
      // BullMQ's default after a lost connection is 15 s.
      runRetryDelay: 500,
    });
    this.#connection = connection;
    this.#worker = worker;
    worker.on('error', (error) => this.#onError(worker, error));
    worker.on('ready', () => this.#trouble.succeeded());
    // Runs until stop(); what goes wrong comes as an event.
    void worker.run().catch((error: unknown) => this.#trouble.failed(error));
    await within(worker.waitUntilReady(), {
      ms: readyWaitMs,
      what: 'connecting to Redis',
      clock: this.#clock,
    }).catch((error: unknown) => this.#trouble.failed(error));
  }

  async stop(): Promise<void> {
    const worker = this.#worker;
    const connection = this.#connection;
    if (!worker || !connection) return;
    this.#worker = undefined;
    this.#connection = undefined;
    this.#rest?.cancel();
    // Without Redis there is nobody to say goodbye to.
    const isLost = new Promise<never>((_resolve, reject) => {
      const lose = (): void => reject(new Error('no connection to Redis'));
      if (connection.status === 'ready') connection.once('close', lose);
      else lose();
    });
    try {
      await within(Promise.race([worker.close(), isLost]), {
        ms: this.#options.closeLimitMs ?? 2_000,
        what: `closing the consumer of queue ${this.#options.queue}`,
        clock: this.#clock,
      });
    } catch (error) {
      this.#trouble.failed(error);
      void worker.disconnect().catch(() => {});
    } finally {
      connection.disconnect();
    }
  }

  async #handle(job: Job, handle: (job: Job) => Promise<string>): Promise<string> {
    this.#errorsInBurst = 0;
    return within(handle(job), {
      ms: handlingMs,
      what: `handling "${job.name}"`,
      clock: this.#clock,
    });
  }

  #onError(worker: Worker, error: Error): void {
    this.#trouble.failed(error);
    this.#errorsInBurst += 1;
    if (this.#errorsInBurst < errorsPerBurst || this.#worker !== worker) return;
    this.#errorsInBurst = 0;
    void worker.pause(true).catch(() => {});
    this.#rest = this.#clock.after(restMs, () => {
      if (this.#worker === worker) void worker.resume().catch(() => {});
    });
  }
}
