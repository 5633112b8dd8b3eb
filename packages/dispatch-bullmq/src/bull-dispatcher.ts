/**
 * The leader's side of the start queues. Every method returns within its limit and never throws: a job
 * that could not be added costs its worker one heartbeat interval, since the beat's answer makes it
 * read its assignments. So nothing is retried here.
 *
 * A queue that nobody consumes (its worker hangs, or somebody paused it) is emptied when it grows past
 * its bound: jobs for grants that are long since other workers' are worth nothing.
 */
import type { Dispatcher, RefreshJob, StartJob } from '@sluice/coordination';
import { type Clock, type Logger, systemClock } from '@sluice/kernel';
import type { BulkJobOptions, Queue } from 'bullmq';

import { TroubleLog, within } from './limits.ts';
import { startJobId, startJobName } from './names.ts';
import type { QueueRegistry } from './queue-registry.ts';

export interface BullDispatcherOptions {
  readonly queues: QueueRegistry;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** For each call, and a millisecond more for each job; default 1 s. */
  readonly timeLimitMs?: number;
}

interface NewJob {
  readonly name: string;
  readonly data: StartJob | RefreshJob;
  readonly opts: BulkJobOptions;
}

/** Jobs in one round trip; keeps a burst of thousands from being one huge pipeline. */
const jobsPerBulk = 1_000;

/** Waiting jobs of one queue above which it is emptied. */
const waitingJobsMax = 10_000;

export class BullDispatcher implements Dispatcher {
  readonly #queues: QueueRegistry;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #timeLimitMs: number;
  readonly #trouble: TroubleLog;
  /** Jobs added to a worker's queue since its length was looked at. */
  readonly #addedSinceLook = new Map<string, number>();

  constructor(options: BullDispatcherOptions) {
    this.#queues = options.queues;
    this.#logger = options.logger;
    this.#clock = options.clock ?? systemClock;
    this.#timeLimitMs = options.timeLimitMs ?? 1_000;
    this.#trouble = new TroubleLog({
      logger: options.logger,
      clock: this.#clock,
      what: 'start jobs not queued: workers find their units with the next beat',
    });
  }

  async start(jobs: readonly StartJob[]): Promise<void> {
    await this.#addAll(
      jobs.map((data) => ({
        name: startJobName(data.unit),
        data,
        opts: { jobId: startJobId(data.unit, data.fence) },
      })),
    );
  }

  async refresh(jobs: readonly RefreshJob[]): Promise<void> {
    await this.#addAll(
      jobs.map((data) => ({
        name: 'refresh',
        data,
        // One waiting is enough; one that comes while another is handled is kept until that ends.
        opts: { deduplication: { id: `refresh~${data.incarnation}`, keepLastIfActive: true } },
      })),
    );
  }

  async forget(worker: string): Promise<void> {
    this.#addedSinceLook.delete(worker);
    await this.#attempt({ worker }, async () => {
      const queue = this.#queues.startQueue(worker);
      try {
        await queue.obliterate({ force: true });
      } catch (error) {
        // Obliterating pauses first: one that broke off in between must not leave the queue paused.
        await queue.resume();
        throw error;
      }
      await this.#queues.release(worker);
    });
  }

  async #addAll(jobs: readonly NewJob[]): Promise<void> {
    const byWorker = Map.groupBy(jobs, ({ data }) => data.worker);
    await Promise.all(
      Array.from(byWorker, ([worker, own]) =>
        this.#attempt({ worker, jobs: own.length }, () => this.#add(worker, own), jobs.length),
      ),
    );
  }

  async #add(worker: string, jobs: readonly NewJob[]): Promise<void> {
    const queue = this.#queues.startQueue(worker);
    for (let first = 0; first < jobs.length; first += jobsPerBulk) {
      await queue.addBulk(jobs.slice(first, first + jobsPerBulk));
    }
    const added = (this.#addedSinceLook.get(worker) ?? 0) + jobs.length;
    this.#addedSinceLook.set(worker, added);
    if (added >= jobsPerBulk) {
      this.#addedSinceLook.set(worker, 0);
      await this.#bound(queue, worker);
    }
  }

  async #bound(queue: Queue, worker: string): Promise<void> {
    const waiting = await queue.getWaitingCount();
    if (waiting <= waitingJobsMax) return;
    await queue.drain();
    this.#logger.warn({ worker, waiting }, 'start queue emptied: nobody consumes it');
  }

  async #attempt(fields: object, work: () => Promise<void>, jobs = 0): Promise<void> {
    try {
      if (!this.#queues.isReady) throw new Error('no connection to Redis');
      await within(work(), {
        ms: this.#timeLimitMs + jobs,
        what: 'a call to the start queues',
        clock: this.#clock,
      });
      this.#trouble.succeeded();
    } catch (error) {
      this.#trouble.failed(error, fields);
    }
  }
}
