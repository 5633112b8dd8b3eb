/** Adds jobs to queues over one connection; a queue is opened when its first job comes. */
import {
  ConnectError,
  type Password,
  RetriableError,
  type TaskLogger,
} from '@sluice/connector-api';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { QueuedJob } from './record-job.ts';
import { connectProducer, reasonOf, toConnectError } from './redis.ts';

export interface QueueWriterOptions {
  readonly url: Password;
  readonly prefix: string;
  readonly logger: TaskLogger;
  /** Aborted when the task has to stop: what waits for Redis is given up. */
  readonly signal: AbortSignal;
}

/** Jobs of one round trip. */
const bulkMax = 500;
/** Topics come from a pattern, perhaps; each queue that is open costs a little memory. */
const queuesMax = 10_000;
/** One round trip with all that reconnecting may need. */
const addLimitMs = 5_000;
/** Between two lines about the same trouble. */
const quietMs = 30_000;

export class QueueWriter {
  readonly #options: QueueWriterOptions;
  readonly #connection: Redis;
  readonly #queues = new Map<string, Queue>();
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: QueueWriterOptions) {
    this.#options = options;
    this.#connection = connectProducer(options.url);
    this.#connection.on('error', (error) => this.#tell(error));
  }

  /**
   * In the order in which they are given, within each queue. A job whose id is there already stays as it is.
   * @throws RetriableError when Redis did not take all of them; those that it took do no harm when they come again.
   */
  async add(jobs: readonly QueuedJob[]): Promise<void> {
    const byQueue = Map.groupBy(jobs, (job) => job.queue);
    for (const [name, all] of byQueue) {
      const queue = this.#queues.get(name) ?? (await this.#open(name));
      for (let from = 0; from < all.length; from += bulkMax)
        await this.#add(queue, all.slice(from, from + bulkMax));
    }
  }

  close(): void {
    this.#connection.disconnect();
    this.#queues.clear();
  }

  async #add(queue: Queue, jobs: readonly QueuedJob[]): Promise<void> {
    const adding = queue.addBulk(jobs.map(({ data, name, opts }) => ({ name, data, opts })));
    await this.#within(adding, queue.name);
  }

  async #untilReady(queue: string): Promise<void> {
    const ready = Promise.withResolvers<void>();
    const onReady = (): void => ready.resolve();
    this.#connection.once('ready', onReady);
    try {
      await this.#within(ready.promise, queue);
    } finally {
      this.#connection.off('ready', onReady);
    }
  }

  async #within(work: Promise<unknown>, queue: string): Promise<void> {
    const { signal } = this.#options;
    const given = Promise.withResolvers<never>();
    const giveUp = (why: string): void => given.reject(new RetriableError(why));
    const onAbort = (): void => giveUp('the task has to stop');
    const timer = setTimeout(
      () => giveUp(`Redis did not answer within ${String(addLimitMs)} ms`),
      addLimitMs,
    );
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await Promise.race([work, given.promise]);
    } catch (error) {
      work.catch(() => {});
      throw toConnectError(`cannot add jobs to queue ${queue}`, error);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Kept once it is ready: a queue whose first look at Redis failed stays of no use. */
  async #open(name: string): Promise<Queue> {
    if (this.#queues.size >= queuesMax)
      throw new ConnectError(
        `there are more than ${String(queuesMax)} queues: give "queue" fewer names`,
      );
    if (this.#connection.status !== 'ready') await this.#untilReady(name);
    const queue = new Queue(name, {
      connection: this.#connection,
      prefix: this.#options.prefix,
      skipWaitingForReady: true,
    });
    queue.on('error', (error) => this.#tell(error));
    try {
      await this.#within(queue.waitUntilReady(), name);
    } catch (error) {
      void queue.close().catch(() => {});
      throw error;
    }
    this.#queues.set(name, queue);
    return queue;
  }

  #tell(error: unknown): void {
    const nowMs = performance.now();
    if (this.#options.signal.aborted || nowMs - this.#toldMs < quietMs) return;
    this.#toldMs = nowMs;
    this.#options.logger.warn({ error: reasonOf(error) }, 'trouble with the Redis of the queues');
  }
}
