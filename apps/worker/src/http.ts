/** `/health` and `/metrics` of a worker. No configuration values, no writes; the probes are open to anybody. */
import { hostname } from 'node:os';

import { Access, hasAuthentication } from '@sluice/access';
import { type Logger, type Service, systemClock, toError } from '@sluice/kernel';
import type { LogHealth } from '@sluice/log-choice';
import {
  assertBindAllowed,
  createHttpServer,
  keepCertificates,
  listenOn,
  type RouteRole,
  secure,
  unencryptedWarning,
} from '@sluice/rest-api';
import type { FastifyInstance } from 'fastify';

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
  readonly logger: Logger;
}

const as = (role: RouteRole): { config: { role: RouteRole } } => ({ config: { role } });

export class WorkerHttp implements Service {
  readonly #options: WorkerHttpOptions;
  readonly #access: Access;
  #app: FastifyInstance | undefined;

  constructor(options: WorkerHttpOptions) {
    this.#options = options;
    const { settings, logger } = options;
    this.#access = new Access(settings.access, { clock: systemClock, logger });
  }

  get port(): number {
    const address = this.#app?.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Kafka Connect's worker_id. */
  get address(): string {
    return reachableAddress(this.#options.settings.host, this.port, hostname());
  }

  async start(): Promise<void> {
    const { host, port, access, insecure } = this.#options.settings;
    assertBindAllowed({ host, hasAuth: hasAuthentication(access), insecure });
    const isEncrypted = access.tls !== undefined;
    const warning = unencryptedWarning({ host, isEncrypted }, access);
    if (warning !== undefined) this.#options.logger.warn({ host }, warning);
    await this.#access.start();
    const app = this.#build();
    this.#app = app;
    keepCertificates(app, this.#access);
    const settings = { host: 'SLUICE_HOST', port: 'SLUICE_WORKER_PORT' };
    await listenOn(app, { host, port, settings });
  }

  /** Callers and certificates, if their files have changed. Never rejects. */
  async reload(): Promise<void> {
    await this.#access.reload();
  }

  async stop(): Promise<void> {
    await this.#access.stop();
    await this.#app?.close();
  }

  #build(): FastifyInstance {
    const { settings, metrics, logger } = this.#options;
    const { authenticator, tlsOptions } = this.#access;
    const app = createHttpServer({ tls: tlsOptions }, { forceCloseConnections: true });
    // Nothing here is written, and other names of this machine may well be used.
    secure(app, { authenticator, allowedHosts: 'any' }, logger);
    app.get('/health', as('viewer'), async () => {
      const problem = this.#problem();
      return {
        status: 'healthy',
        message: problem ?? 'Worker has completed startup and is ready to handle requests.',
        ready: problem === undefined,
        worker: settings.worker,
        log: this.#options.log(),
      };
    });
    app.get('/health/live', as('open'), async () => ({ status: 'alive' }));
    app.get('/health/ready', as('open'), async (_request, reply) => {
      const problem = this.#problem();
      if (problem === undefined) return { status: 'ready' };
      return reply.status(503).send({ status: 'not ready', message: problem });
    });
    app.get('/metrics', as('viewer'), async (_request, reply) => {
      reply.header('content-type', metrics.contentType);
      return metrics.render();
    });
    return app;
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
