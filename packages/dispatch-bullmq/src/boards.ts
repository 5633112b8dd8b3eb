/**
 * bull-board for fastify: every worker's start queue and the queue of requests, workers that come and go
 * included. Which workers there are is asked when somebody looks, so an unwatched board costs nothing;
 * while the store does not answer, the board shows the queues that it knew.
 *
 * Read-only unless enabled: bull-board then refuses most writes for a queue, and a hook here refuses every
 * request that is not a read, whatever route it takes.
 */
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { type Clock, type Logger, systemClock } from '@sluice/kernel';
import type { Queue } from 'bullmq';
import type { FastifyPluginAsync } from 'fastify';

import { TroubleLog, within } from './limits.ts';
import type { QueueRegistry } from './queue-registry.ts';

export interface BoardOptions {
  readonly queues: QueueRegistry;
  /** Names of the cluster's members. */
  readonly workers: () => Promise<readonly string[]>;
  readonly allowWrites: boolean;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Default `/queues`. */
  readonly basePath?: string;
}

/** Between two looks at the members, however many browsers watch. */
const membersAgeMaxMs = 1_000;

const membersWaitMs = 1_000;

/** Everything that the board needs comes from here; its page asks for fonts elsewhere, in vain. */
const contentSecurityPolicy =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";

export function boardPlugin(options: BoardOptions): FastifyPluginAsync {
  const { allowWrites, basePath = '/queues' } = options;
  return async (app) => {
    const serverAdapter = new FastifyAdapter();
    serverAdapter.setBasePath(basePath);
    const board = createBullBoard({
      queues: [],
      serverAdapter,
      options: { uiConfig: { boardTitle: 'Sluice queues' } },
    });
    const shown = new ShownQueues(options, board);
    app.addHook('onRequest', async (request, reply) => {
      reply.header('content-security-policy', contentSecurityPolicy);
      if (!allowWrites && request.method !== 'GET' && request.method !== 'HEAD') {
        return reply.status(405).header('allow', 'GET, HEAD').send({
          error_code: 405,
          message: 'The boards are read-only: start the coordinator with writes on boards enabled',
        });
      }
      await shown.refresh();
      return undefined;
    });
    await app.register(serverAdapter.registerPlugin(), { prefix: basePath });
  };
}

class ShownQueues {
  readonly #options: BoardOptions;
  readonly #board: ReturnType<typeof createBullBoard>;
  readonly #clock: Clock;
  readonly #trouble: TroubleLog;
  readonly #shown = new Map<string, Queue>();
  #refreshedAtMs: number | undefined;
  #refreshing: Promise<void> | undefined;

  constructor(options: BoardOptions, board: ReturnType<typeof createBullBoard>) {
    this.#options = options;
    this.#board = board;
    this.#clock = options.clock ?? systemClock;
    this.#trouble = new TroubleLog({
      logger: options.logger,
      clock: this.#clock,
      what: 'boards cannot read which workers there are',
    });
  }

  async refresh(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    if (this.#refreshedAtMs !== undefined && nowMs - this.#refreshedAtMs < membersAgeMaxMs) return;
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshedAtMs = this.#clock.monotonicMs();
      this.#refreshing = undefined;
    });
    await this.#refreshing;
  }

  async #read(): Promise<void> {
    const { queues } = this.#options;
    this.#show(queues.requestsQueue(), 'requests', 'Wake-ups for the leading coordinator');
    try {
      const workers = await within(this.#options.workers(), {
        ms: membersWaitMs,
        what: 'reading the members',
        clock: this.#clock,
      });
      const wanted = new Set<string>([queues.requestsQueue().name]);
      for (const worker of workers) {
        const queue = queues.startQueue(worker);
        wanted.add(queue.name);
        this.#show(queue, `start ${worker}`, `Units that ${worker} shall start`);
      }
      for (const name of this.#shown.keys()) {
        if (!wanted.has(name)) this.#hide(name);
      }
      this.#trouble.succeeded();
    } catch (error) {
      this.#trouble.failed(error);
    }
  }

  #show(queue: Queue, displayName: string, description: string): void {
    // A queue that was released and asked for again is a new object under its old name.
    if (this.#shown.get(queue.name) === queue) return;
    this.#shown.set(queue.name, queue);
    this.#board.addQueue(
      new BullMQAdapter(queue, {
        readOnlyMode: !this.#options.allowWrites,
        displayName,
        description,
      }),
    );
  }

  #hide(name: string): void {
    this.#shown.delete(name);
    this.#board.removeQueue(name);
  }
}
