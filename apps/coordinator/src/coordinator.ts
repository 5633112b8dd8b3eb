/** Wires one coordinator: stores, queues, the journal of definitions, the leader's loop, the API. */
import { readFileSync } from 'node:fs';

import { Access, hasAuthentication } from '@sluice/access';
import { configParts, partProblems } from '@sluice/config-parts';
import { inheritedConverters } from '@sluice/converters';
import {
  type ClusterClient,
  createClusterClient,
  LeaderLoop,
  type LeaderWaker,
  LevelFollower,
  OperatorDesk,
  ResultWaits,
} from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisAuditTrail,
  RedisCoordinationStore,
  RedisEventHistory,
  RedisLoadReports,
  RedisLogLines,
  RedisOperatorInbox,
  RedisSessionStore,
  untilReady,
} from '@sluice/coordination-redis';
import {
  BullDispatcher,
  boardPlugin,
  LeaderWakeConsumer,
  LeaderWakeQueue,
  QueueRegistry,
  startQueueName,
} from '@sluice/dispatch-bullmq';
import {
  type Logger,
  type LogLevels,
  type Service,
  type SluiceError,
  systemClock,
  toError,
} from '@sluice/kernel';
import { LogProbe } from '@sluice/log-choice';
import type { RecordLog } from '@sluice/record-log';
import {
  type ApiOptions,
  assertBindAllowed,
  buildAdminApi,
  buildApi,
  giveRoles,
  keepCertificates,
  LiveFeed,
  listenOn,
  SharedLimits,
  unencryptedWarning,
} from '@sluice/rest-api';
import { ConnectorOffsets } from '@sluice/runtime/offsets';
import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';

import { dashboardDirectory } from './dashboard-directory.ts';
import { DeadLetterQueues } from './dead-letter-queues.ts';
import { TopicJournal } from './journal/topic-journal.ts';
import type { Listener } from './listeners.ts';
import { coordinatorMetrics } from './metrics.ts';
import { OffsetChanges } from './offset-changes.ts';
import { CoordinatorPlugins } from './plugin-processes.ts';
import { Previews } from './previews.ts';
import type { CoordinatorSettings } from './settings.ts';
import { Validations } from './validations.ts';

/** What this build says of itself at `GET /`; clients parse the version as Kafka Connect's. */
const compatibleVersion = '4.1.0';

/** What people see. */
function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** At a time: as many cores as the smallest machine has. */
const validationsMax = 2;

export interface CoordinatorParts {
  /** Of this process's loggers. */
  readonly levels: LogLevels;
  /** A client of what carries records, for the offsets of connectors. */
  readonly offsetsLog: RecordLog;
  /** What carries records, if it can also remember definitions for Redis. */
  readonly log?: RecordLog;
  /** The cluster will not have this process; it has to be stopped. */
  readonly onRefused: (error: SluiceError) => void;
}

export class Coordinator implements Service {
  readonly #settings: CoordinatorSettings;
  readonly #logger: Logger;
  readonly #log: RecordLog | undefined;
  readonly #offsetsLog: RecordLog;
  readonly #levels: LogLevels;
  readonly #levelFollower: LevelFollower;
  readonly #redis: Redis;
  readonly #queues: QueueRegistry;
  readonly #loop: LeaderLoop;
  readonly #wakeUps: LeaderWakeConsumer;
  readonly #client: ClusterClient;
  readonly #operators: OperatorDesk;
  readonly #logProbe: LogProbe;
  readonly #plugins: CoordinatorPlugins;
  readonly #previews: Previews;
  readonly #validations: Validations;
  readonly #offsetChanges: OffsetChanges;
  readonly #access: Access;
  readonly #liveFeed: LiveFeed;
  readonly #deadLetters: DeadLetterQueues;
  readonly #limits: SharedLimits;
  /** One for each listener, in their order; behind them one where levels of loggers have a listener of their own. */
  readonly #servers: FastifyInstance[] = [];

  constructor(settings: CoordinatorSettings, logger: Logger, parts: CoordinatorParts) {
    const { log, levels, offsetsLog, onRefused } = parts;
    this.#levels = levels;
    this.#settings = settings;
    this.#log = log;
    this.#offsetsLog = offsetsLog;
    this.#logger = logger;
    const { redisUrl, cluster, coordinator, profile, configStorageTopic } = settings;
    const clock = systemClock;
    this.#redis = connectCoordinationRedis(redisUrl, { role: 'coordination', cluster });
    const store = new RedisCoordinationStore({ redis: this.#redis, cluster });
    const results = new ResultWaits({ store, clock });
    this.#levelFollower = new LevelFollower({ store, levels, clock });
    this.#queues = new QueueRegistry({ redis: redisUrl, cluster, logger });
    this.#loop = new LeaderLoop({
      coordinator,
      store,
      dispatcher: new BullDispatcher({ queues: this.#queues, logger }),
      clock,
      logger,
      profile,
      movement: settings.movement,
      settling: settings.settling,
      ...(log ? { journal: new TopicJournal({ log, cluster, topic: configStorageTopic }) } : {}),
      log: settings.log.kind,
      logPromise: () => this.#logProbe.promise,
      builtInPlugins: configParts.builtIn,
      checkConfig: partProblems,
      exactlyOnce: settings.exactlyOnce,
      protocol: settings.protocol,
      protocolQuietMs: settings.protocolQuietMs,
      onRefused,
      onLeadership: (leads) => this.#listenForWakeUps(leads),
      onApplied: (request) => results.applied(request),
    });
    this.#wakeUps = new LeaderWakeConsumer({
      redis: redisUrl,
      cluster,
      coordinator,
      logger,
      onWake: () => this.#loop.nudge(),
    });
    const queue = new LeaderWakeQueue({ queues: this.#queues, logger });
    const waker: LeaderWaker = {
      wake: async (reason, requestId) => {
        // Our own loop need not wait for the queue, if it leads.
        this.#loop.nudge();
        await queue.wake(reason, requestId);
      },
    };
    this.#client = createClusterClient({ store, waker, clock, profile, results });
    this.#operators = new OperatorDesk({
      inbox: new RedisOperatorInbox({ redis: this.#redis, cluster }),
      client: this.#client,
      trail: new RedisAuditTrail({ redis: this.#redis, cluster }),
      clock,
      logger,
    });
    this.#logProbe = new LogProbe({
      settings: settings.log,
      cluster,
      clientId: `${coordinator}/probe`,
      logger,
    });
    this.#access = new Access(settings.access, { clock, logger });
    this.#deadLetters = new DeadLetterQueues({ log: offsetsLog, cluster, clock });
    this.#liveFeed = new LiveFeed({
      client: this.#client,
      loads: new RedisLoadReports({ redis: this.#redis, cluster }),
      clock,
      names: {
        cluster,
        version: ownVersion(),
        boardOf: (worker) => `/queues/queue/${encodeURIComponent(startQueueName(worker))}`,
      },
    });
    this.#limits = new SharedLimits(settings);
    this.#plugins = new CoordinatorPlugins(settings, logger);
    this.#previews = new Previews({
      max: settings.previewsMax,
      plugins: this.#plugins,
      workerConfig: settings.workerConfig,
      providers: settings.providers,
      log: settings.log,
      cluster,
      coordinator,
      logger,
    });
    this.#validations = new Validations({
      max: validationsMax,
      timeoutMs: settings.validationTimeoutMs,
      plugins: this.#plugins,
      providers: settings.providers,
      logger,
    });
    this.#offsetChanges = new OffsetChanges({
      timeoutMs: settings.validationTimeoutMs,
      plugins: this.#plugins,
      providers: settings.providers,
    });
  }

  /** Port that the API listens on first. */
  get port(): number {
    const address = this.#servers[0]?.server.address();
    if (typeof address === 'object' && address !== null) return address.port;
    return this.#settings.listeners[0]?.port ?? 0;
  }

  async start(): Promise<void> {
    const { listeners, adminListener, redisWaitMs } = this.#settings;
    const admins = typeof adminListener === 'object' ? [adminListener] : [];
    for (const listener of [...listeners, ...admins]) this.#checkListener(listener);
    await this.#access.start();
    await this.#plugins.start();
    await untilReady(this.#redis, redisWaitMs);
    await this.#queues.start();
    // Before the election: whoever cannot listen must not lead either.
    for (const listener of listeners) await this.#listen(await this.#buildApi(listener), listener);
    for (const listener of admins) {
      await this.#listen(buildAdminApi(this.#apiOptions(listener)), listener);
    }
    await this.#levelFollower.start();
    await this.#logProbe.start();
    await this.#operators.start();
    await this.#loop.start();
  }

  /** Resigns first, so that another replica leads before this one stops answering. */
  async stop(): Promise<void> {
    await this.#operators.stop();
    await this.#loop.stop();
    await this.#log?.stop();
    await this.#wakeUps.stop();
    await this.#previews.stop();
    this.#validations.stop();
    this.#offsetChanges.stop();
    await this.#plugins.stop();
    await this.#access.stop();
    await this.#levelFollower.stop();
    this.#liveFeed.stop();
    await Promise.all(this.#servers.map((server) => server.close()));
    this.#offsetsLog.destroy();
    await this.#logProbe.stop();
    await this.#queues.stop();
    this.#redis.disconnect();
  }

  /** Callers and certificates, if their files have changed. Never rejects. */
  async reload(): Promise<void> {
    await this.#access.reload();
  }

  /** @throws SluiceError `bind.refused`. */
  #checkListener(listener: Listener): void {
    const { access, insecure } = this.#settings;
    const { host, port } = listener;
    assertBindAllowed({ host, hasAuth: hasAuthentication(access), insecure });
    const warning = unencryptedWarning(listener, access);
    if (warning !== undefined) this.#logger.warn({ host, port }, warning);
  }

  async #listen(server: FastifyInstance, on: Listener): Promise<void> {
    this.#servers.push(server);
    keepCertificates(server, this.#access);
    await listenOn(server, on);
  }

  #listenForWakeUps(leads: boolean): void {
    const change = leads ? this.#wakeUps.start() : this.#wakeUps.stop();
    change.catch((error: unknown) => {
      // Without wake-ups the leader still looks at every tick.
      this.#logger.warn({ error: toError(error).message }, 'wake-ups cannot be consumed');
    });
  }

  #apiOptions({ isEncrypted }: Listener): ApiOptions {
    const { allowedHosts, insecure, cluster, previewsMax, adminListener } = this.#settings;
    const { movement, settling } = this.#settings;
    const { corsOrigins, corsMethods, responseHeaders } = this.#settings;
    const { trustedProxies, workerConfig } = this.#settings;
    const { authenticator, tlsOptions } = this.#access;
    return {
      client: this.#client,
      info: { version: compatibleVersion, commit: 'sluice', clusterId: cluster },
      logger: this.#logger,
      offsets: new ConnectorOffsets({ log: this.#offsetsLog, cluster }),
      audit: new RedisAuditTrail({ redis: this.#redis, cluster }),
      live: { feed: this.#liveFeed },
      sessions: new RedisSessionStore({ redis: this.#redis, cluster }),
      history: new RedisEventHistory({ redis: this.#redis, cluster }),
      logLines: new RedisLogLines({ redis: this.#redis, cluster }),
      planning: { movement, halfLifeMs: settling.penaltyHalfLifeMs },
      deadLetters: this.#deadLetters,
      dashboard: { directory: dashboardDirectory() },
      levels: this.#levels,
      hasAdmin: adminListener === 'shared',
      parts: {
        ...configParts,
        exactlyOnce: this.#settings.exactlyOnce,
        inherited: inheritedConverters(workerConfig),
      },
      topicTracking: this.#settings.topicTracking,
      healthDetails: () => ({ log: this.#logProbe.health }),
      ...(previewsMax > 0
        ? { preview: (request, signal) => this.#previews.run(request, signal) }
        : {}),
      runValidations: (configs) => this.#validations.run(configs),
      askConnector: (change) => this.#offsetChanges.ask(change),
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

  async #buildApi(listener: Listener): Promise<FastifyInstance> {
    const api = buildApi(this.#apiOptions(listener));
    const boards = boardPlugin({
      queues: this.#queues,
      workers: async () =>
        (await this.#client.snapshot()).workers.map(({ member }) => member.worker),
      allowWrites: this.#settings.boardsWritable,
      logger: this.#logger,
    });
    await api.register(async (scope) => {
      // A job is only a wake-up: whatever is done to one, nothing that runs changes.
      giveRoles(scope, { read: 'viewer', write: 'operator', action: 'change-queue' });
      await scope.register(boards);
    });
    const metrics = coordinatorMetrics({
      loop: this.#loop,
      client: this.#client,
      connectorsMax: this.#settings.metricsConnectorsMax,
    });
    api.get('/metrics', { config: { role: 'viewer' } }, async (_request, reply) => {
      reply.header('content-type', metrics.contentType);
      return metrics.render();
    });
    return api;
  }
}
