/**
 * The queue `requests`: any process adds wake-ups, only the leader consumes them. A wake-up tells the
 * leader to look at the store now instead of at its next tick; what to do stands in the store, so one
 * that is lost, doubled or a week old changes nothing.
 */
import type { LeaderWaker } from '@sluice/coordination';
import { type Clock, type Logger, type Service, systemClock } from '@sluice/kernel';
import type { Job } from 'bullmq';

import type { RedisTarget } from './connection.ts';
import { TroubleLog, within } from './limits.ts';
import { requestsQueueName } from './names.ts';
import { QueueConsumer } from './queue-consumer.ts';
import type { QueueRegistry } from './queue-registry.ts';

export interface LeaderWakeQueueOptions {
  readonly queues: QueueRegistry;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** For each wake-up; default 1 s. */
  readonly timeLimitMs?: number;
}

/** Wake-ups that may wait for a leader; more of them say nothing new. */
const waitingWakeUpsMax = 10_000;

/** How often, in wake-ups, their number is looked at. */
const wakeUpsBetweenLooks = 1_000;

export class LeaderWakeQueue implements LeaderWaker {
  readonly #queues: QueueRegistry;
  readonly #clock: Clock;
  readonly #timeLimitMs: number;
  readonly #trouble: TroubleLog;
  #addedSinceLook = 0;

  constructor(options: LeaderWakeQueueOptions) {
    this.#queues = options.queues;
    this.#clock = options.clock ?? systemClock;
    this.#timeLimitMs = options.timeLimitMs ?? 1_000;
    this.#trouble = new TroubleLog({
      logger: options.logger,
      clock: this.#clock,
      what: 'leader not woken: it looks by itself with its next tick',
    });
  }

  /** Never throws, and returns within its limit. */
  async wake(reason: string, requestId?: string): Promise<void> {
    try {
      if (!this.#queues.isReady) throw new Error('no connection to Redis');
      await within(this.#add(reason, requestId), {
        ms: this.#timeLimitMs,
        what: 'waking the leader',
        clock: this.#clock,
      });
      this.#trouble.succeeded();
    } catch (error) {
      this.#trouble.failed(error, { reason });
    }
  }

  async #add(reason: string, requestId?: string): Promise<void> {
    const queue = this.#queues.requestsQueue();
    await queue.add(reason, requestId === undefined ? {} : { requestId });
    this.#addedSinceLook += 1;
    if (this.#addedSinceLook < wakeUpsBetweenLooks) return;
    this.#addedSinceLook = 0;
    if ((await queue.getWaitingCount()) > waitingWakeUpsMax) await queue.drain();
  }
}

export interface LeaderWakeConsumerOptions {
  readonly redis: RedisTarget;
  readonly cluster: string;
  /** Shown on the board as the queue's worker. */
  readonly coordinator: string;
  /** Called for each wake-up, often several at once: sets a flag and returns. */
  readonly onWake: (reason: string, requestId?: string) => void;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly closeLimitMs?: number;
}

/**
 * The leader's ear. Started when leadership is won, stopped when it is lost; the two may be called in
 * any order and without waiting, the last call wins.
 */
export class LeaderWakeConsumer implements Service {
  readonly #consumer: QueueConsumer;
  #isWanted = false;
  #transition: Promise<void> = Promise.resolve();

  constructor(options: LeaderWakeConsumerOptions) {
    const { onWake } = options;
    this.#consumer = new QueueConsumer({
      redis: options.redis,
      cluster: options.cluster,
      queue: requestsQueueName,
      consumer: options.coordinator,
      concurrency: 32,
      handle: async (job: Job<{ requestId?: unknown } | null>) => {
        const requestId = job.data?.requestId;
        onWake(job.name, typeof requestId === 'string' ? requestId : undefined);
        return 'seen';
      },
      logger: options.logger,
      ...(options.clock && { clock: options.clock }),
      ...(options.closeLimitMs !== undefined && { closeLimitMs: options.closeLimitMs }),
    });
  }

  start(): Promise<void> {
    return this.#become(true);
  }

  stop(): Promise<void> {
    return this.#become(false);
  }

  #become(isWanted: boolean): Promise<void> {
    this.#isWanted = isWanted;
    const step = this.#transition.then(() =>
      this.#isWanted ? this.#consumer.start() : this.#consumer.stop(),
    );
    // One step that fails must not keep later ones from being tried.
    this.#transition = step.catch(() => {});
    return step;
  }
}
