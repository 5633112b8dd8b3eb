/**
 * The worker's side of its start queue. Handlers run concurrently, so that a burst of jobs becomes few
 * claims if the handler gathers them; none of them may run for as long as its task does.
 *
 * A job says nothing that is believed: the handler claims the unit in the store, and what is doubled,
 * late or forged ends as `stale`. A job that is no start job at all ends as failed, for the board to show.
 */
import type { RefreshJob, StartJob, StartJobHandler } from '@sluice/coordination';
import { type Clock, type Logger, type Service, systemClock } from '@sluice/kernel';
import { type Job, UnrecoverableError } from 'bullmq';

import type { RedisTarget } from './connection.ts';
import { startQueueName } from './names.ts';
import { QueueConsumer } from './queue-consumer.ts';

export interface StartQueueConsumerOptions {
  readonly redis: RedisTarget;
  readonly cluster: string;
  readonly worker: string;
  /** Now: a worker that was declared dead comes back as another one in the same process. */
  readonly incarnation: () => string;
  readonly handler: StartJobHandler;
  readonly logger: Logger;
  /** How long a job waited from when it was added, by the clock of who added it, until its unit was claimed. */
  readonly onClaimed?: (waitedMs: number) => void;
  readonly clock?: Clock;
  /** Jobs handled at a time; default 128: the more, the fewer claims a burst needs. */
  readonly concurrency?: number;
  /** `stop()` cuts the connections after it; default 2 s. */
  readonly closeLimitMs?: number;
}

/** What the board shows as the result of a job. */
export type StartJobOutcome = 'claimed' | 'stale' | 'draining' | 'refreshed';

export class StartQueueConsumer implements Service {
  readonly #options: StartQueueConsumerOptions;
  readonly #consumer: QueueConsumer;

  constructor(options: StartQueueConsumerOptions) {
    this.#options = options;
    this.#consumer = new QueueConsumer({
      redis: options.redis,
      cluster: options.cluster,
      queue: startQueueName(options.worker),
      consumer: options.worker,
      concurrency: options.concurrency ?? 128,
      handle: (job) => this.#handle(job),
      logger: options.logger,
      ...(options.clock && { clock: options.clock }),
      ...(options.closeLimitMs !== undefined && { closeLimitMs: options.closeLimitMs }),
    });
  }

  start(): Promise<void> {
    return this.#consumer.start();
  }

  stop(): Promise<void> {
    return this.#consumer.stop();
  }

  async #handle(job: Job<unknown>): Promise<StartJobOutcome> {
    const { handler, worker, incarnation } = this.#options;
    const parsed = parseJobData(job.data);
    if (parsed.worker !== worker || parsed.incarnation !== incarnation()) return 'stale';
    if ('unit' in parsed) {
      const outcome = await handler.start(parsed);
      if (outcome === 'claimed')
        this.#options.onClaimed?.(Math.max(0, this.#wallMs() - job.timestamp));
      return outcome;
    }
    await handler.refresh(parsed);
    return 'refreshed';
  }

  #wallMs(): number {
    return (this.#options.clock ?? systemClock).wallMs();
  }
}

function parseJobData(data: unknown): StartJob | RefreshJob {
  const { unit, fence, worker, incarnation, reason } = (data ?? {}) as Partial<
    Record<keyof StartJob, unknown>
  >;
  if (typeof worker === 'string' && typeof incarnation === 'string') {
    const common = { worker, incarnation, reason: typeof reason === 'string' ? reason : '' };
    if (unit === undefined) return common;
    if (typeof unit === 'string' && Number.isSafeInteger(fence)) {
      return { ...common, unit, fence: fence as number };
    }
  }
  throw new UnrecoverableError(
    'not a start job: its data must be {unit, fence, worker, incarnation, reason}; delete it',
  );
}
