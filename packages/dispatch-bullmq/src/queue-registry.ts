/**
 * The BullMQ Queue objects of one process: a start queue for each worker that was asked for, and the
 * queue of requests. They all share one Redis connection; dispatcher, leader's wake-ups and boards
 * share them.
 *
 * Redis away: nothing waits for it; adding fails at once and reconnecting goes on in the background.
 * A queue that somebody obliterates is there again with the next job.
 */
import { assert, type Clock, type Logger, type Service, systemClock } from '@sluice/kernel';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';

import { connectForQueues, type RedisTarget } from './connection.ts';
import { TroubleLog, within } from './limits.ts';
import { queuePrefix, requestsQueueName, startQueueName } from './names.ts';

export interface QueueRegistryOptions {
  readonly redis: RedisTarget;
  readonly cluster: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/**
 * Finished jobs that stay readable on the board, for each queue. A thousand of them are 2 MB, which for a thousand
 * workers is more than all that coordination stores.
 */
const finishedJobsKept = 100;

/** BullMQ's own event stream, for each queue; nothing is driven by it. */
const queueEventsKept = 100;

/** `start()` does not wait longer for Redis: a process comes up without it. */
const connectWaitMs = 2_000;

const closeWaitMs = 1_000;

export class QueueRegistry implements Service {
  readonly #options: QueueRegistryOptions;
  readonly #clock: Clock;
  readonly #trouble: TroubleLog;
  readonly #queues = new Map<string, Queue>();
  #connection: Redis | undefined;

  constructor(options: QueueRegistryOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#trouble = new TroubleLog({
      logger: options.logger,
      clock: this.#clock,
      what: 'queues cannot reach Redis',
    });
  }

  /** Resolves when connected, or after a bounded wait without Redis. */
  async start(): Promise<void> {
    if (this.#connection) return;
    const connection = connectForQueues(this.#options.redis, this.#options.cluster);
    this.#connection = connection;
    connection.on('error', (error) => this.#trouble.failed(error));
    connection.on('ready', () => this.#trouble.succeeded());
    await within(connection.connect(), {
      ms: connectWaitMs,
      what: 'connecting to Redis',
      clock: this.#clock,
    }).catch((error: unknown) => this.#trouble.failed(error));
  }

  async stop(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    this.#connection = undefined;
    const queues = [...this.#queues.values()];
    this.#queues.clear();
    await within(Promise.all(queues.map((queue) => queue.close())), {
      ms: closeWaitMs,
      what: 'closing the queues',
      clock: this.#clock,
    }).catch((error: unknown) => this.#trouble.failed(error));
    connection.disconnect();
  }

  /** Whether a command sent now would reach Redis. */
  get isReady(): boolean {
    return this.#connection?.status === 'ready';
  }

  startQueue(worker: string): Queue {
    return this.#queue(startQueueName(worker));
  }

  requestsQueue(): Queue {
    return this.#queue(requestsQueueName);
  }

  /** Lets go of the object of a worker's queue; what is in Redis stays. */
  async release(worker: string): Promise<void> {
    const name = startQueueName(worker);
    const queue = this.#queues.get(name);
    this.#queues.delete(name);
    await queue?.close();
  }

  #queue(name: string): Queue {
    const existing = this.#queues.get(name);
    if (existing) return existing;
    assert(this.#connection, 'the queues are used between start() and stop()');
    const queue = new Queue(name, {
      connection: this.#connection,
      prefix: queuePrefix(this.#options.cluster),
      defaultJobOptions: {
        removeOnComplete: finishedJobsKept,
        removeOnFail: finishedJobsKept,
        attempts: 1,
      },
      streams: { events: { maxLen: queueEventsKept } },
    });
    queue.on('error', (error) => this.#trouble.failed(error, { queue: name }));
    this.#queues.set(name, queue);
    return queue;
  }
}
