/** Wires one coordinator: stores, queues, the journal of definitions, the leader's loop, the API. */
import { configParts, partProblems } from '@sluice/config-parts';
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
import { LiveFeed } from '@sluice/rest-api';
import { ConnectorOffsets } from '@sluice/runtime/offsets';
import type { Redis } from 'ioredis';

import { DeadLetterQueues } from './dead-letter-queues.ts';
import { type ApiSources, CoordinatorHttp, ownVersion } from './http.ts';
import { TopicJournal } from './journal/topic-journal.ts';
import { coordinatorMetrics } from './metrics.ts';
import { OffsetChanges } from './offset-changes.ts';
import { CoordinatorPlugins } from './plugin-processes.ts';
import { Previews } from './previews.ts';
import type { CoordinatorSettings } from './settings.ts';
import { RecordsOfTopics } from './topic-records.ts';
import { Validations } from './validations.ts';

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
  readonly #topicRecords: RecordsOfTopics;
  readonly #liveFeed: LiveFeed;
  readonly #http: CoordinatorHttp;

  constructor(settings: CoordinatorSettings, logger: Logger, parts: CoordinatorParts) {
    const { log, levels, offsetsLog, onRefused } = parts;
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
    this.#topicRecords = new RecordsOfTopics({
      log: offsetsLog,
      plugins: this.#plugins,
      workerConfig: settings.workerConfig,
      providers: settings.providers,
    });
    this.#http = new CoordinatorHttp({
      settings,
      sources: this.#apiSources(levels),
      queues: this.#queues,
      metrics: () =>
        coordinatorMetrics({
          loop: this.#loop,
          client: this.#client,
          connectorsMax: settings.metricsConnectorsMax,
        }),
      logger,
    });
  }

  /** Port that the API listens on first. */
  get port(): number {
    return this.#http.port;
  }

  async start(): Promise<void> {
    await this.#http.prepare();
    await this.#plugins.start();
    await untilReady(this.#redis, this.#settings.redisWaitMs);
    await this.#queues.start();
    // Before the election: whoever cannot listen must not lead either.
    await this.#http.start();
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
    this.#topicRecords.stop();
    await this.#plugins.stop();
    await this.#levelFollower.stop();
    this.#liveFeed.stop();
    await this.#http.stop();
    this.#offsetsLog.destroy();
    await this.#logProbe.stop();
    await this.#queues.stop();
    this.#redis.disconnect();
  }

  /** Callers and certificates, if their files have changed. Never rejects. */
  async reload(): Promise<void> {
    await this.#http.reload();
  }

  #listenForWakeUps(leads: boolean): void {
    const change = leads ? this.#wakeUps.start() : this.#wakeUps.stop();
    change.catch((error: unknown) => {
      // Without wake-ups the leader still looks at every tick.
      this.#logger.warn({ error: toError(error).message }, 'wake-ups cannot be consumed');
    });
  }

  #apiSources(levels: LogLevels): ApiSources {
    const { cluster, previewsMax } = this.#settings;
    const place = { redis: this.#redis, cluster };
    return {
      client: this.#client,
      offsets: new ConnectorOffsets({ log: this.#offsetsLog, cluster }),
      audit: new RedisAuditTrail(place),
      live: { feed: this.#liveFeed },
      sessions: new RedisSessionStore(place),
      history: new RedisEventHistory(place),
      logLines: new RedisLogLines(place),
      deadLetters: new DeadLetterQueues({ log: this.#offsetsLog, cluster, clock: systemClock }),
      topicRecords: this.#topicRecords,
      levels,
      healthDetails: () => ({ log: this.#logProbe.health }),
      ...(previewsMax > 0
        ? { preview: (request, signal) => this.#previews.run(request, signal) }
        : {}),
      runValidations: (configs) => this.#validations.run(configs),
      askConnector: (change) => this.#offsetChanges.ask(change),
    };
  }
}
