/**
 * Jobs of one queue, held until their records are in the log. BullMQ's Worker does what it does for everybody: it
 * fetches, renews locks, looks for stalled jobs, keeps to a rate and reconnects. Only "processing" a job means here to
 * wait until somebody says what became of it:
 *
 *     waiting ──fetch──▶ held ──complete──▶ completed
 *                         │ ├───fail──────▶ failed
 *                         │ └───close─────▶ waiting, in front of those that were not read
 *                         └─ the process dies: its lock expires, the stalled check of whoever lives makes it wait again
 *
 * At most `heldMax` are held; BullMQ's concurrency is that bound.
 */
import type { Password, TaskLogger } from '@sluice/connector-api';
import { type Job, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { blockingReadSeconds, connectConsumer, reasonOf } from './redis.ts';

export interface QueueReaderOptions {
  readonly url: Password;
  readonly prefix: string;
  readonly queue: string;
  /** Shown by BullMQ as the worker's name. */
  readonly name: string;
  readonly heldMax: number;
  readonly lockMs: number;
  readonly stalledIntervalMs: number;
  readonly rate?: { readonly max: number; readonly duration: number };
  /** Of completed and of failed jobs; undefined: what each job says. */
  readonly keepCompleted?: number;
  readonly keepFailed?: number;
  readonly logger: TaskLogger;
  readonly onJob: (held: HeldJob) => void;
}

/** A job that is locked by this reader. */
export interface HeldJob {
  readonly job: Job;
  readonly queue: string;
  /** Its record is in the log, or is not wanted there. */
  complete(result: object): void;
  fail(reason: string): void;
}

interface Holding extends HeldJob {
  release(): Promise<void>;
}

/** A job may lose its lock as often as tasks die: BullMQ's default, 1, would fail it the second time. */
const stallsMax = 1_000_000_000;
/** BullMQ's default after a lost connection is 15 s. */
const retryMs = 500;
/** Between two lines about the same trouble. */
const quietMs = 30_000;
/** All of a close; a task's stop is limited to 5 s. */
const closeLimitMs = 2_500;

export class QueueReader {
  readonly #options: QueueReaderOptions;
  readonly #connection: Redis;
  readonly #worker: Worker;
  readonly #held = new Set<Holding>();
  #isClosing = false;
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: QueueReaderOptions) {
    this.#options = options;
    const { heldMax, keepCompleted, keepFailed, lockMs, name, prefix, queue, rate } = options;
    this.#connection = connectConsumer(options.url);
    this.#connection.on('error', (error) => this.#tell(error));
    this.#worker = new Worker(queue, (job, token) => this.#hold(job, token), {
      connection: this.#connection,
      prefix,
      name,
      autorun: false,
      concurrency: heldMax,
      lockDuration: lockMs,
      stalledInterval: options.stalledIntervalMs,
      maxStalledCount: stallsMax,
      drainDelay: blockingReadSeconds,
      runRetryDelay: retryMs,
      ...(rate ? { limiter: rate } : {}),
      ...(keepCompleted === undefined ? {} : { removeOnComplete: { count: keepCompleted } }),
      ...(keepFailed === undefined ? {} : { removeOnFail: { count: keepFailed } }),
    });
    this.#worker.on('error', (error) => this.#tell(error));
  }

  /** Returns at once; until Redis is there, it waits for it. */
  start(): void {
    void this.#worker.run().catch((error: unknown) => this.#tell(error));
  }

  /** Gives back what is held, and waits a while until the rest is completed. What is not done then stalls. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(() => limit.resolve(), closeLimitMs);
    const inOrder = this.#closeInOrder().then(() => 'closed' as const);
    const outcome = await Promise.race([inOrder, limit.promise]);
    clearTimeout(timer);
    if (outcome !== 'closed') void this.#worker.disconnect().catch(() => {});
    this.#connection.disconnect();
  }

  async #closeInOrder(): Promise<void> {
    const closed = this.#worker.close();
    // Each goes in front of the queue, so the oldest has to be last.
    for (const held of [...this.#held].toReversed()) await held.release();
    await closed.catch((error: unknown) => this.#tell(error));
  }

  async #hold(job: Job, token: string | undefined): Promise<object> {
    const settled = Promise.withResolvers<object>();
    const held: Holding = {
      job,
      queue: this.#options.queue,
      complete: settled.resolve,
      fail: (reason) => settled.reject(new UnrecoverableError(reason)),
      release: async () => {
        try {
          await job.moveToWait(token);
        } catch (error) {
          this.#tell(error);
        }
        // Says that it was moved already; where that failed, the lock expires.
        settled.reject(new WaitingError());
      },
    };
    // Fetched while the reader was told to close.
    if (this.#isClosing) void held.release();
    else {
      this.#held.add(held);
      this.#options.onJob(held);
    }
    try {
      return await settled.promise;
    } finally {
      this.#held.delete(held);
    }
  }

  #tell(error: unknown): void {
    const nowMs = performance.now();
    if (this.#isClosing || nowMs - this.#toldMs < quietMs) return;
    this.#toldMs = nowMs;
    const { logger, queue } = this.#options;
    logger.warn(
      { queue, error: reasonOf(error) },
      'trouble with the Redis of a queue; it is tried again',
    );
  }
}
