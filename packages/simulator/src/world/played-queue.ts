/**
 * The queues of jobs and wake-ups: at least once, mostly. What they carry may be lost, doubled, late, or come in
 * another order; a job may even be from another life of its worker.
 */
import type {
  Dispatcher,
  LeaderWaker,
  RefreshJob,
  StartJob,
  StartJobHandler,
} from '@sluice/coordination';

import type { PlayedProcess } from './played-process.ts';
import type { Random } from './random.ts';
import type { QueueTrouble } from './scenario.ts';
import type { World } from './world.ts';

/** Whoever runs under a worker's name when a job arrives. */
export interface JobConsumer {
  readonly process: PlayedProcess;
  readonly jobs: StartJobHandler;
}

export interface PlayedQueueOptions {
  readonly world: World;
  readonly random: Random;
  readonly isUp: () => boolean;
  readonly consumerOf: (worker: string) => JobConsumer | undefined;
  readonly wakeLeaders: () => void;
}

const latencyMs = { usual: 15, delayed: 20_000 };
/** Without any trouble, too, since queues are never perfect. */
const lostShare = 0.01;
const doubledShare = 0.02;
/** A job that comes again a long time later. */
const staleShare = 0.005;
const staleMs = 60_000;

export class PlayedQueue {
  readonly #options: PlayedQueueOptions;
  readonly #troubles = new Set<QueueTrouble>();

  constructor(options: PlayedQueueOptions) {
    this.#options = options;
  }

  begin(trouble: QueueTrouble): void {
    this.#troubles.add(trouble);
  }

  end(trouble: QueueTrouble): void {
    this.#troubles.delete(trouble);
  }

  calmDown(): void {
    this.#troubles.clear();
  }

  readonly dispatcher: Dispatcher = {
    start: async (jobs) => {
      for (const job of jobs) this.#post(() => this.#start(job));
    },
    refresh: async (jobs) => {
      for (const job of jobs) this.#post(() => this.#refresh(job));
    },
    forget: async () => {},
  };

  readonly waker: LeaderWaker = {
    wake: async () => this.#post(() => this.#options.wakeLeaders()),
  };

  #start(job: StartJob): void {
    const consumer = this.#options.consumerOf(job.worker);
    consumer?.process.deliver(() => {
      void consumer.jobs.start(job).then(
        (result) => this.#options.world.coverage.add(`seen: start job ${result}`),
        // The store did not answer: reconciliation makes up for it.
        () => this.#options.world.coverage.add('seen: start job failed'),
      );
    });
  }

  #refresh(job: RefreshJob): void {
    const consumer = this.#options.consumerOf(job.worker);
    consumer?.process.deliver(() => void consumer.jobs.refresh(job));
  }

  #post(deliver: () => void): void {
    const { random, isUp } = this.#options;
    if (!isUp() || random.chance(this.#troubles.has('loses') ? 0.5 : lostShare)) return;
    this.#later(deliver);
    if (random.chance(this.#troubles.has('doubles') ? 0.5 : doubledShare)) this.#later(deliver);
    if (random.chance(staleShare)) this.#options.world.time.after(staleMs, deliver);
  }

  #later(deliver: () => void): void {
    const { random, world, isUp } = this.#options;
    const isDelayed =
      this.#troubles.has('delays') || (this.#troubles.has('reorders') && random.chance(0.5));
    const delayMs = random.between(1, isDelayed ? latencyMs.delayed : latencyMs.usual);
    world.time.after(delayMs, () => {
      if (this.#troubles.has('stands still')) {
        world.time.after(random.between(1_000, latencyMs.delayed), deliver);
      } else if (isUp()) deliver();
    });
  }
}
