/**
 * Wires one worker. The control thread, this one, keeps the heartbeat and runs no connector code; the
 * executors run it.
 */
import { hostname } from 'node:os';

import { type ActorHost, createActorHost, processUsage } from '@sluice/actor';
import { pluginEnvironment } from '@sluice/config-providers';
import { LevelFollower, WorkerAgent } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  RedisLoadReports,
  RedisLogLines,
  untilReady,
} from '@sluice/coordination-redis';
import { LeaderWakeQueue, QueueRegistry, StartQueueConsumer } from '@sluice/dispatch-bullmq';
import {
  type Logger,
  type LogLevels,
  leveledLogger,
  type Service,
  SluiceError,
  systemClock,
} from '@sluice/kernel';
import { LogProbe } from '@sluice/log-choice';
import type { Redis } from 'ioredis';

import { ActorUnitRunner } from './actor-unit-runner.ts';
import { endProcess } from './end-process.ts';
import type { ExecutorData, ExecutorMessage } from './executor-data.ts';
import { WorkerHttp } from './http.ts';
import { LineKeeper } from './lines/line-keeper.ts';
import { tellingLogger, toldLine } from './lines/told-line.ts';
import { LoadReporter } from './load/load-reporter.ts';
import { ProcessLoad } from './load/process-load.ts';
import { TaskLoads } from './load/task-loads.ts';
import { countedBeats, LeaseStats } from './metrics/lease-stats.ts';
import { WorkerMetrics } from './metrics/worker-metrics.ts';
import { WorkerPlugins } from './plugins.ts';
import type { WorkerSettings } from './settings.ts';
import { SpanReports } from './traces/span-reports.ts';
import { allObservers } from './unit-observer.ts';

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
  readonly #metrics: WorkerMetrics;
  readonly #logProbe: LogProbe;
  readonly #levelFollower: LevelFollower;
  readonly #runner: ActorUnitRunner;
  readonly #lines: LineKeeper;
  readonly #loads: LoadReporter;
  readonly #spans: SpanReports;
  readonly #http: WorkerHttp;
  readonly #plugins: WorkerPlugins;
  readonly #executorData: ExecutorData;
  #host: ActorHost | undefined;
  #agent: WorkerAgent | undefined;
  #jobs: StartQueueConsumer | undefined;

  /** `written` writes all that it is given. */
  constructor(settings: WorkerSettings, written: Logger, { levels, onRefused }: WorkerParts) {
    this.#settings = settings;
    this.#onRefused = onRefused;
    const { redisUrl, cluster, profile, worker } = settings;
    const clock = systemClock;
    this.#heartbeatRedis = connectCoordinationRedis(redisUrl, {
      role: 'heartbeat',
      cluster,
      // A beat that takes longer than the pause deadline is worth nothing.
      commandTimeoutMs: profile.pauseAfterMs,
    });
    this.#redis = connectCoordinationRedis(redisUrl, { role: 'coordination', cluster });
    const lines = new LineKeeper({
      worker,
      lines: new RedisLogLines({ redis: this.#redis, cluster }),
      hide: (unit, text) => this.#runner.hideValues(unit, text),
      clock,
    });
    this.#lines = lines;
    const kept = tellingLogger(written, (level, fields, message) =>
      lines.add(toldLine(level, fields, message, clock.wallMs())),
    );
    const logger = leveledLogger(kept, levels, 'sluice.worker');
    this.#logger = logger;
    this.#levelFollower = new LevelFollower({
      store: new RedisCoordinationStore({ redis: this.#redis, cluster }),
      levels,
      clock: systemClock,
      // An executor that was started meanwhile has not heard of it.
      onLook: (found) => {
        const message: ExecutorMessage = { type: 'levels', settings: found };
        if (found.size > 0) this.#host?.broadcast(message);
        this.#plugins.tellAgain();
      },
    });
    this.#executorData = executorDataOf(settings);
    this.#plugins = new WorkerPlugins({
      settings,
      logger,
      onInventory: ({ index, plugins }) => {
        this.#executorData.plugins = index;
        this.#runner.knowPlugins(plugins);
      },
      tellExecutors: (index) => this.#host?.broadcast({ type: 'plugins', index }),
      announce: (plugins) => void this.#agent?.announce(plugins),
    });
    this.#queues = new QueueRegistry({ redis: redisUrl, cluster, logger });
    const metrics = new WorkerMetrics(new LeaseStats(), settings.metrics, clock);
    this.#metrics = metrics;
    const loads = new TaskLoads(clock);
    const observer = allObservers([metrics.observer, loads]);
    const spans = new SpanReports({ count: (told) => metrics.spans(told), logger, clock });
    this.#spans = spans;
    this.#runner = new ActorUnitRunner(observer, logger, settings.workerConfig, {
      onLines: (told) => lines.addAll(told),
      onSpans: (executor, told) => spans.told(executor, told),
      onExecutorLost: (loss) => metrics.executorLost(loss),
    });
    this.#loads = new LoadReporter({
      worker,
      reports: new RedisLoadReports({ redis: this.#redis, cluster }),
      tasks: loads,
      processes: new ProcessLoad(clock, processUsage),
      executors: () => this.#host?.executors() ?? [],
      clock,
    });
    this.#logProbe = new LogProbe({
      settings: settings.log,
      cluster,
      clientId: `${settings.worker}/probe`,
      logger,
    });
    this.#http = new WorkerHttp({
      settings,
      metrics: {
        contentType: metrics.contentType,
        render: () =>
          metrics.render({
            executors: this.#host?.executors() ?? [],
            leaseAgeMs: this.#agent?.leaseAgeMs,
            linesDropped: lines.dropped,
          }),
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
    const { redisWaitMs } = this.#settings;
    await Promise.all([
      this.#plugins.start(),
      untilReady(this.#redis, redisWaitMs),
      untilReady(this.#heartbeatRedis, redisWaitMs),
    ]);
    await this.#queues.start();
    await this.#http.start();
    await this.#logProbe.start();
    await this.#startAgent();
    await this.#levelFollower.start();
    if (this.#settings.tellsLoad) {
      await this.#lines.start();
      await this.#loads.start();
    }
  }

  async #startAgent(): Promise<void> {
    const { cluster, worker, profile, drainTimeoutMs, sharedExecutors } = this.#settings;
    const { protocol, log } = this.#settings;
    const logger = this.#logger;
    const clock = systemClock;
    const runner = this.#runner;
    const host = createActorHost(
      {
        entry: executorEntry,
        executorData: this.#executorData,
        heapLimitMb: this.#settings.heapLimitMb,
        environment: pluginEnvironment(),
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
        plugins: this.#plugins.announced,
        protocol,
        log: log.kind,
      },
      store: new RedisCoordinationStore({ redis: this.#redis, cluster }),
      heartbeatStore: countedBeats(
        new RedisCoordinationStore({ redis: this.#heartbeatRedis, cluster }),
        {
          stats: this.#metrics.lease,
          clock,
          lateAfterMs: profile.heartbeatIntervalMs,
          quiesceAfterMs: profile.quiesceAfterMs,
        },
      ),
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
      onClaimed: (waitedMs) => this.#metrics.claimed(waitedMs),
      logger,
    });
    await agent.start();
    await this.#jobs.start();
  }

  /** Hands over what it runs, then leaves. */
  async stop(): Promise<void> {
    await this.#plugins.stop();
    await this.#levelFollower.stop();
    await this.#agent?.stop();
    await this.#jobs?.stop();
    await this.#flushTraces();
    await this.#host?.stop();
    const stuck = this.#host?.executors().length ?? 0;
    if (stuck > 0) {
      await dieNow(this.#logger, `${stuck} executors did not end`, lastWordsMs.stopped);
    }
    await this.#loads.stop();
    await this.#lines.stop();
    await this.#http.stop();
    await this.#logProbe.stop();
    await this.#queues.stop();
    this.#redis.disconnect();
    this.#heartbeatRedis.disconnect();
  }

  /** Of tasks, which have stopped. */
  async #flushTraces(): Promise<void> {
    const host = this.#host;
    if (!host || !this.#settings.traces) return;
    const message: ExecutorMessage = { type: 'flush-traces' };
    const executors = host.executors().map(({ id }) => id);
    await this.#spans.flush(executors, () => host.broadcast(message));
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

function executorDataOf(settings: WorkerSettings): ExecutorData {
  const { log, cluster, worker, workerConfig, providers, logLevel, traces } = settings;
  const { offsetFlushIntervalMs, continueFencedMs, trackTopics, exactlyOnce } = settings;
  const timings = { offsetFlushIntervalMs, continueFencedMs };
  return {
    log,
    cluster,
    worker,
    plugins: [],
    workerConfig,
    providers,
    logLevel,
    traces,
    trackTopics,
    exactlyOnce,
    ...timings,
  };
}

async function dieNow(logger: Logger, reason: string, afterMs: number): Promise<never> {
  logger.error({ reason }, 'killing this process: it cannot be made quiet');
  // The log is written in the background, and a write that waits for its reader must not keep us alive.
  await systemClock.sleep(afterMs);
  endProcess();
  return await new Promise<never>(() => {});
}
