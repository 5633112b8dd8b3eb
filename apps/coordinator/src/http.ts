/**
 * Where a coordinator is asked over HTTP: on each listener the API, the boards and `/metrics`, and besides, if they
 * have one of their own, the levels of loggers. Who may ask, and by which certificates, is the same on all of them.
 */
import { readFileSync } from 'node:fs';

import { Access, hasAuthentication } from '@sluice/access';
import { configParts } from '@sluice/config-parts';
import { inheritedConverters } from '@sluice/converters';
import { boardPlugin, type QueueRegistry } from '@sluice/dispatch-bullmq';
import { type Logger, type Service, systemClock } from '@sluice/kernel';
import {
  type ApiOptions,
  assertBindAllowed,
  buildAdminApi,
  buildApi,
  giveRoles,
  keepCertificates,
  listenOn,
  SharedLimits,
  unencryptedWarning,
} from '@sluice/rest-api';
import type { FastifyInstance } from 'fastify';

import { dashboardDirectory } from './dashboard-directory.ts';
import type { Listener } from './listeners.ts';
import type { Metrics } from './metrics.ts';
import type { CoordinatorSettings } from './settings.ts';

/** What this build says of itself at `GET /`; clients parse the version as Kafka Connect's. */
const compatibleVersion = '4.1.0';

/** What people see. */
export function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** What the API answers from; the rest is settings. */
export type ApiSources = Pick<
  ApiOptions,
  | 'askConnector'
  | 'audit'
  | 'client'
  | 'deadLetters'
  | 'healthDetails'
  | 'history'
  | 'levels'
  | 'live'
  | 'logLines'
  | 'offsets'
  | 'preview'
  | 'runValidations'
  | 'sessions'
  | 'topicRecords'
>;

export interface CoordinatorHttpOptions {
  readonly settings: CoordinatorSettings;
  readonly sources: ApiSources;
  /** That the boards show. */
  readonly queues: QueueRegistry;
  /** One for each listener. */
  readonly metrics: () => Metrics;
  readonly logger: Logger;
}

export class CoordinatorHttp implements Service {
  readonly #options: CoordinatorHttpOptions;
  readonly #access: Access;
  readonly #limits: SharedLimits;
  /** One for each listener, in their order; behind them one where levels of loggers have a listener of their own. */
  readonly #servers: FastifyInstance[] = [];

  constructor(options: CoordinatorHttpOptions) {
    this.#options = options;
    const { settings, logger } = options;
    this.#access = new Access(settings.access, { clock: systemClock, logger });
    this.#limits = new SharedLimits(settings);
  }

  /** Port that the API listens on first. */
  get port(): number {
    const address = this.#servers[0]?.server.address();
    if (typeof address === 'object' && address !== null) return address.port;
    return this.#options.settings.listeners[0]?.port ?? 0;
  }

  /** Reads the files of callers and certificates. @throws SluiceError `bind.refused`. */
  async prepare(): Promise<void> {
    for (const listener of [...this.#options.settings.listeners, ...this.#adminListeners]) {
      this.#checkListener(listener);
    }
    await this.#access.start();
  }

  async start(): Promise<void> {
    for (const listener of this.#options.settings.listeners) {
      await this.#listen(await this.#buildApi(listener), listener);
    }
    for (const listener of this.#adminListeners) {
      await this.#listen(buildAdminApi(this.#apiOptions(listener)), listener);
    }
  }

  /** Callers and certificates, if their files have changed. Never rejects. */
  async reload(): Promise<void> {
    await this.#access.reload();
  }

  async stop(): Promise<void> {
    await this.#access.stop();
    await Promise.all(this.#servers.map((server) => server.close()));
  }

  get #adminListeners(): readonly Listener[] {
    const { adminListener } = this.#options.settings;
    return typeof adminListener === 'object' ? [adminListener] : [];
  }

  #checkListener(listener: Listener): void {
    const { access, insecure } = this.#options.settings;
    const { host, port } = listener;
    assertBindAllowed({ host, hasAuth: hasAuthentication(access), insecure });
    const warning = unencryptedWarning(listener, access);
    if (warning !== undefined) this.#options.logger.warn({ host, port }, warning);
  }

  async #listen(server: FastifyInstance, on: Listener): Promise<void> {
    this.#servers.push(server);
    keepCertificates(server, this.#access);
    await listenOn(server, on);
  }

  async #buildApi(listener: Listener): Promise<FastifyInstance> {
    const { settings, sources, queues, logger } = this.#options;
    const api = buildApi(this.#apiOptions(listener));
    const boards = boardPlugin({
      queues,
      workers: async () =>
        (await sources.client.snapshot()).workers.map(({ member }) => member.worker),
      allowWrites: settings.boardsWritable,
      logger,
    });
    await api.register(async (scope) => {
      // A job is only a wake-up: whatever is done to one, nothing that runs changes.
      giveRoles(scope, { read: 'viewer', write: 'operator', action: 'change-queue' });
      await scope.register(boards);
    });
    const metrics = this.#options.metrics();
    api.get('/metrics', { config: { role: 'viewer' } }, async (_request, reply) => {
      reply.header('content-type', metrics.contentType);
      return metrics.render();
    });
    return api;
  }

  #apiOptions({ isEncrypted }: Listener): ApiOptions {
    const { settings, sources, logger } = this.#options;
    const { allowedHosts, insecure, movement, settling } = settings;
    const { corsOrigins, corsMethods, responseHeaders, topicTracking, trustedProxies } = settings;
    const { workerConfig } = settings;
    const { authenticator, tlsOptions } = this.#access;
    return {
      ...sources,
      info: { version: compatibleVersion, commit: 'sluice', clusterId: settings.cluster },
      logger,
      planning: { movement, halfLifeMs: settling.penaltyHalfLifeMs },
      dashboard: { directory: dashboardDirectory() },
      hasAdmin: settings.adminListener === 'shared',
      parts: {
        ...configParts,
        exactlyOnce: settings.exactlyOnce,
        inherited: inheritedConverters(workerConfig),
      },
      topicTracking,
      corsOrigins,
      corsMethods,
      responseHeaders,
      limits: this.#limits,
      trustedProxies,
      authenticator,
      tls: isEncrypted ? tlsOptions : undefined,
      ...(insecure ? { allowedHosts: 'any' as const } : allowedHosts ? { allowedHosts } : {}),
    };
  }
}
