/** `/health` and `/metrics` of a worker. No configuration values, no writes. */
import { hostname } from 'node:os';

import { type Service, toError } from '@sluice/kernel';
import type { LogHealth } from '@sluice/log-choice';
import { assertBindAllowed, listenOn } from '@sluice/rest-api';
import { type FastifyInstance, fastify } from 'fastify';

import type { WorkerSettings } from './settings.ts';

export interface WorkerLogHealth extends LogHealth {
  /** Tasks that wait for it, and why the first of them does; null if none does. */
  readonly waiting: { readonly tasks: number; readonly reason: string } | null;
}

export interface WorkerHttpOptions {
  readonly settings: WorkerSettings;
  readonly metrics: { readonly contentType: string; render(): Promise<string> };
  /** Throws with the reason while the worker cannot do its work. */
  readonly ready: () => void;
  readonly log: () => WorkerLogHealth;
}

export class WorkerHttp implements Service {
  readonly #options: WorkerHttpOptions;
  readonly #app: FastifyInstance;

  constructor(options: WorkerHttpOptions) {
    this.#options = options;
    this.#app = fastify({ forceCloseConnections: true });
  }

  get port(): number {
    const address = this.#app.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Kafka Connect's worker_id. */
  get address(): string {
    return reachableAddress(this.#options.settings.host, this.port, hostname());
  }

  async start(): Promise<void> {
    const { settings, metrics } = this.#options;
    const { host, port, insecure } = settings;
    assertBindAllowed({ host, hasAuth: false, insecure });
    this.#app.get('/health', async () => {
      const problem = this.#problem();
      return {
        status: 'healthy',
        message: problem ?? 'Worker has completed startup and is ready to handle requests.',
        ready: problem === undefined,
        worker: settings.worker,
        log: this.#options.log(),
      };
    });
    this.#app.get('/health/live', async () => ({ status: 'alive' }));
    this.#app.get('/health/ready', async (_request, reply) => {
      const problem = this.#problem();
      if (problem === undefined) return { status: 'ready' };
      return reply.status(503).send({ status: 'not ready', message: problem });
    });
    this.#app.get('/metrics', async (_request, reply) => {
      reply.header('content-type', metrics.contentType);
      return metrics.render();
    });
    await listenOn(this.#app, { host, port, setting: 'SLUICE_WORKER_PORT' });
  }

  async stop(): Promise<void> {
    await this.#app.close();
  }

  #problem(): string | undefined {
    try {
      this.#options.ready();
      return undefined;
    } catch (error) {
      return toError(error).message;
    }
  }
}

/** Where others reach a worker. One that listens everywhere is told from the others by its machine's name. */
export function reachableAddress(host: string, port: number, machine: string): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  return `${isEverywhere ? machine : host}:${port}`;
}
