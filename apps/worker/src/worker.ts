/**
 * Wires one worker. The control thread, this one, keeps the heartbeat and runs no connector code; the
 * executors run it.
 */
import { hostname } from 'node:os';

import { type ActorHost, createActorHost } from '@sluice/actor';
import { LevelFollower, type PluginInfo, WorkerAgent } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '@sluice/coordination-redis';
import { LeaderWakeQueue, QueueRegistry, StartQueueConsumer } from '@sluice/dispatch-bullmq';
import {
  type Logger,
  type LogLevels,
  type Service,
  SluiceError,
  systemClock,
} from '@sluice/kernel';
import { LogProbe } from '@sluice/log-choice';
import { type PluginScan, scanPlugins } from '@sluice/runtime';
import type { Redis } from 'ioredis';

import { ActorUnitRunner } from './actor-unit-runner.ts';
import { endProcess } from './end-process.ts';
import type { ExecutorData, ExecutorMessage } from './executor-data.ts';
import { WorkerHttp } from './http.ts';
import { pluginSpecifiers } from './plugins.ts';
import type { WorkerSettings } from './settings.ts';
import { TaskMetrics } from './task-metrics.ts';

const scanLimitMs = 20_000;
/** For writing a last line. With a lease that is over: less than the leader waits longer than we do. */
const lastWordsMs = { leaseOver: 50, stopped: 500 };
const isSource = import.meta.url.endsWith('.ts');
const executorEntry = new URL(isSource ? './executor.ts' : './executor.js', import.meta.url);

export interface WorkerParts {
  /** Of this thread's loggers. */
  readonly levels: LogLevels;
  /** The cluster will not have this process any more; it has to be stopped. */
  readonly onRefused: (error: SluiceError) => void;
}

export class Worker implements Service {
  readonly #settings: WorkerSettings;
  readonly #logger: Logger;
  readonly #onRefused: (error: SluiceError) => void;
  readonly #heartbeatRedis: Redis;
  readonly #redis: Redis;
  readonly #queues: QueueRegistry;
  readonly #metrics = new TaskMetrics();
  readonly #logProbe: LogProbe;
  readonly #levelFollower: LevelFollower;
  readonly #runner: ActorUnitRunner;
  readonly #http: WorkerHttp;
  #host: ActorHost | undefined;
  #agent: WorkerAgent | undefined;
  #jobs: StartQueueConsumer | undefined;

  constructor(settings: WorkerSettings, logger: Logger, { levels, onRefused }: WorkerParts) {
    this.#settings = settings;
    this.#onRefused = onRefused;
    this.#logger = logger;
    const { redisUrl, cluster, profile } = settings;
    this.#heartbeatRedis = connectCoordinationRedis(redisUrl, {
      role: 'heartbeat',
      cluster,
      // A beat that takes longer than the pause deadline is worth nothing.
      commandTimeoutMs: profile.pauseAfterMs,
    });
    this.#redis = connectCoordinationRedis(redisUrl, { role: 'coordination', cluster });
    this.#levelFollower = new LevelFollower({
      store: new RedisCoordinationStore({ redis: this.#redis, cluster }),
      levels,
      clock: systemClock,
      // An executor that was started meanwhile has not heard of it.
      onLook: (found) => {
        const message: ExecutorMessage = { type: 'levels', settings: found };
        if (found.size > 0) this.#host?.broadcast(message);
      },
    });
    this.#queues = new QueueRegistry({ redis: redisUrl, cluster, logger });
    this.#runner = new ActorUnitRunner(this.#metrics, logger, settings.workerConfig);
    this.#logProbe = new LogProbe({
      settings: settings.log,
      cluster,
      clientId: `${settings.worker}/probe`,
      logger,
    });
    this.#http = new WorkerHttp({
      settings,
      metrics: {
        contentType: this.#metrics.contentType,
        render: () => this.#metrics.render(this.#host?.executors() ?? [], this.#agent?.leaseAgeMs),
      },
      ready: () => this.#readiness(),
      logger,
      log: () => ({ ...this.#logProbe.health, waiting: this.#runner.waitingForLog ?? null }),
    });
  }

  get port(): number {
    return this.#http.port;
  }

  /** Callers and certificates of the listener, if their files have changed. Never rejects. */
  async reload(): Promise<void> {
    await this.#http.reload();
  }

  async start(): Promise<void> {
    const { redisWaitMs, plugins } = this.#settings;
    const specifiers = pluginSpecifiers(plugins);
    const [scan] = await Promise.all([
      scanPlugins(specifiers, { timeoutMs: scanLimitMs }),
      untilReady(this.#redis, redisWaitMs),
      untilReady(this.#heartbeatRedis, redisWaitMs),
    ]);
    for (const { specifier, error } of scan.failures) {
      this.#logger.error({ module: specifier }, error);
    }
    await this.#queues.start();
    await this.#http.start();
    await this.#logProbe.start();
    const found = announced(scan);
    this.#runner.knowPlugins(found);
    await this.#startAgent(scan.usable, found);
    await this.#levelFollower.start();
  }

  async #startAgent(specifiers: readonly string[], plugins: readonly PluginInfo[]): Promise<void> {
    const { cluster, worker, profile, drainTimeoutMs, sharedExecutors } = this.#settings;
    const { protocol, log } = this.#settings;
    const logger = this.#logger;
    const clock = systemClock;
    const runner = this.#runner;
    const host = createActorHost(
      {
        entry: executorEntry,
        executorData: this.#executorData(specifiers),
        heapLimitMb: this.#settings.heapLimitMb,
        stopGraceMs: this.#settings.stopGraceMs,
        killMarginMs: profile.killAfterMs - profile.quiesceAfterMs,
        refence: (actors) => runner.refence(actors),
        ...(sharedExecutors === undefined ? {} : { sharedExecutors }),
      },
      runner,
    );
    const agent = new WorkerAgent({
      identity: {
        worker,
        pid: process.pid,
        host: hostname(),
        address: this.#http.address,
        plugins,
        protocol,
        log: log.kind,
      },
      store: new RedisCoordinationStore({ redis: this.#redis, cluster }),
      heartbeatStore: new RedisCoordinationStore({ redis: this.#heartbeatRedis, cluster }),
      runner,
      waker: new LeaderWakeQueue({ queues: this.#queues, logger }),
      clock,
      profile,
      logger,
      drainTimeoutMs,
      refused: this.#onRefused,
      mustDie: (reason) => void dieNow(logger, reason, lastWordsMs.leaseOver),
    });
    runner.connect(host, agent.runnerEvents);
    this.#host = host;
    this.#agent = agent;
    await host.start();
    this.#jobs = new StartQueueConsumer({
      redis: this.#settings.redisUrl,
      cluster,
      worker,
      incarnation: () => agent.incarnation,
      handler: agent.jobs,
      logger,
    });
    await agent.start();
    await this.#jobs.start();
  }

  /** Hands over what it runs, then leaves. */
  async stop(): Promise<void> {
    await this.#levelFollower.stop();
    await this.#agent?.stop();
    await this.#jobs?.stop();
    await this.#host?.stop();
    const stuck = this.#host?.executors().length ?? 0;
    if (stuck > 0) {
      await dieNow(this.#logger, `${stuck} executors did not end`, lastWordsMs.stopped);
    }
    await this.#http.stop();
    await this.#logProbe.stop();
    await this.#queues.stop();
    this.#redis.disconnect();
    this.#heartbeatRedis.disconnect();
  }

  #executorData(plugins: readonly string[]): ExecutorData {
    const { log, cluster, worker, workerConfig, providers, logLevel } = this.#settings;
    const { offsetFlushIntervalMs, continueFencedMs, trackTopics } = this.#settings;
    const timings = { offsetFlushIntervalMs, continueFencedMs };
    return {
      log,
      cluster,
      worker,
      plugins,
      workerConfig,
      providers,
      logLevel,
      trackTopics,
      ...timings,
    };
  }

  /** A log that goes away later makes tasks wait, but nobody is to be sent elsewhere, or started anew, for it. */
  #readiness(): void {
    const { profile } = this.#settings;
    const ageMs = this.#agent?.leaseAgeMs;
    if (ageMs === undefined) throw new SluiceError('worker.not_joined', 'has not joined yet');
    if (ageMs > profile.pauseAfterMs) {
      throw new SluiceError(
        'worker.no_lease',
        `no heartbeat acknowledged for ${Math.round(ageMs)} ms: is Redis reachable?`,
      );
    }
    if (!this.#logProbe.hasAnswered) {
      throw new SluiceError('worker.no_log', this.#logProbe.health.message);
    }
  }
}

async function dieNow(logger: Logger, reason: string, afterMs: number): Promise<never> {
  logger.error({ reason }, 'killing this process: it cannot be made quiet');
  // The log is written in the background, and a write that waits for its reader must not keep us alive.
  await systemClock.sleep(afterMs);
  endProcess();
  return await new Promise<never>(() => {});
}

/** What the cluster is told: also what does not load, so that a definition's error can say why. */
function announced(scan: PluginScan): PluginInfo[] {
  const broken = scan.failures.map(({ specifier, error }) => ({
    class: specifier,
    aliases: [],
    type: 'source' as const,
    version: '',
    configKeys: [],
    error,
  }));
  return [...scan.plugins, ...broken];
}
