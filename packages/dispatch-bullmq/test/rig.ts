/** A dispatcher and a consumer on a Redis of their own, as a coordinator and a worker would have them. */

import type { RefreshJob, StartJob, StartJobHandler } from '@sluice/coordination';
import { BullDispatcher, QueueRegistry, StartQueueConsumer } from '@sluice/dispatch-bullmq';
import { type Logger, silentLogger } from '@sluice/kernel';
import { startRedis, waitFor } from '@sluice/testkit';
import { Redis } from 'ioredis';

export interface Rig extends AsyncDisposable {
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  /** A plain connection to look at what is stored. */
  readonly inspect: Redis;
  readonly queues: QueueRegistry;
  readonly dispatcher: BullDispatcher;
  /** Everything that was told to it is stopped at the end of the test. */
  consumer(options: ConsumerOptions): Promise<StartQueueConsumer>;
}

export interface ConsumerOptions {
  readonly handler: StartJobHandler;
  readonly worker?: string;
  readonly incarnation?: () => string;
  readonly logger?: Logger;
  readonly closeLimitMs?: number;
}

export const cluster = 'test';

export async function startRig(
  options: { config?: readonly string[]; appendOnly?: boolean; logger?: Logger } = {},
): Promise<Rig> {
  const { logger = silentLogger, ...redisOptions } = options;
  const redis = await startRedis(redisOptions);
  const inspect = new Redis(redis.url, { maxRetriesPerRequest: 1 });
  inspect.on('error', () => {});
  const queues = new QueueRegistry({ redis: redis.url, cluster, logger });
  await queues.start();
  // A start does not wait for long, and what is dispatched before there is a connection is lost.
  await waitFor(() => queues.isReady, { what: 'the queues to be connected' });
  const consumers: StartQueueConsumer[] = [];
  return {
    redis,
    inspect,
    queues,
    // Jobs that are late on a busy machine are not lost.
    dispatcher: new BullDispatcher({ queues, logger, timeLimitMs: 10_000 }),
    async consumer({
      worker = 'worker-1',
      incarnation = () => 'first',
      logger: own,
      closeLimitMs = 2_000,
      handler,
    }) {
      const consumer = new StartQueueConsumer({
        redis: redis.url,
        cluster,
        worker,
        incarnation,
        handler,
        logger: own ?? logger,
        closeLimitMs,
      });
      consumers.push(consumer);
      await consumer.start();
      return consumer;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await queues.stop();
      inspect.disconnect();
      await redis.stop();
    },
  };
}

/** Claims everything, and remembers it. */
export class ClaimingHandler implements StartJobHandler {
  readonly started: StartJob[] = [];
  readonly refreshed: RefreshJob[] = [];

  async start(job: StartJob): Promise<'claimed'> {
    this.started.push(job);
    return 'claimed';
  }

  async refresh(job: RefreshJob): Promise<void> {
    this.refreshed.push(job);
  }
}

export function startJob(unit: string, changes: Partial<StartJob> = {}): StartJob {
  return {
    unit,
    fence: 1_700_000_000_000_001,
    worker: 'worker-1',
    incarnation: 'first',
    reason: 'first assignment',
    ...changes,
  };
}

/** Connections of BullMQ and of the queues, without the one that looks. */
export async function connectionCount(inspect: Redis): Promise<number> {
  const list = String(await inspect.client('LIST'));
  return list.trim().split('\n').length - 1;
}

export class RecordingLogger implements Logger {
  readonly lines: { level: string; fields: object; message: string }[] = [];
  debug = (fields: object, message: string): void => this.#add('debug', fields, message);
  info = (fields: object, message: string): void => this.#add('info', fields, message);
  warn = (fields: object, message: string): void => this.#add('warn', fields, message);
  error = (fields: object, message: string): void => this.#add('error', fields, message);
  child = (): Logger => this;

  #add(level: string, fields: object, message: string): void {
    this.lines.push({ level, fields, message });
  }
}
