/** The worker's settings: environment variables, checked all at once. */
import { hostname } from 'node:os';
import { type AccessSettings, accessSettingsHelp, readAccessSettings } from '@sluice/access';
import { builtInConverters } from '@sluice/built-in';
import {
  type ProviderSettings,
  providerSettingsHelp,
  readProviderSettings,
} from '@sluice/config-providers';
import { converterSettingsHelp, readConverterSettings } from '@sluice/converters';
import {
  limitedTo,
  type ProtocolRange,
  protocolSpoken,
  type TimingProfile,
  timingProfile,
} from '@sluice/coordination';
import { type Environment, newShortId, SettingsReader } from '@sluice/kernel';
import {
  exactlyOnceHelp,
  type LogSettings,
  logSettingsHelp,
  readExactlyOnce,
  readLogSettings,
} from '@sluice/log-choice';
import { redisUrlProblem } from '@sluice/redis-connection';

import { readTraceSettings, type TraceSettings, traceSettingsHelp } from './traces/settings.ts';

export interface WorkerSettings {
  readonly redisUrl: string;
  /** Where records travel. */
  readonly log: LogSettings;
  readonly cluster: string;
  readonly worker: string;
  readonly host: string;
  readonly port: number;
  readonly profile: TimingProfile;
  /** Modules with connectors of the user, besides the built-in ones. */
  readonly plugins: readonly string[];
  /** Directories of packages with plugins, looked at for as long as the worker runs. */
  readonly pluginPath: readonly string[];
  readonly pluginLookMs: number;
  /** Worker threads; undefined: one a core. */
  readonly sharedExecutors: number | undefined;
  readonly heapLimitMb: number;
  /** Converters and their keys that connectors inherit; with passwords. */
  readonly workerConfig: Readonly<Record<string, string>>;
  /** What references in definitions stand for; with keys: not to be logged. */
  readonly providers: ProviderSettings;
  readonly offsetFlushIntervalMs: number;
  readonly stopGraceMs: number;
  readonly drainTimeoutMs: number;
  /** How long tasks that the log fences go on without Redis; 0 by the policy `pause`. */
  readonly continueFencedMs: number;
  readonly trackTopics: boolean;
  /** Sources write records and offsets together. */
  readonly exactlyOnce: boolean;
  /** To its listener. */
  readonly access: AccessSettings;
  readonly insecure: boolean;
  readonly protocol: ProtocolRange;
  /** Whether it tells its load, and keeps lines of its log, in Redis. */
  readonly tellsLoad: boolean;
  /** Of what `/metrics` shows at most. */
  readonly metrics: { readonly tasks: number; readonly partitions: number };
  readonly logLevel: string;
  /** Undefined: no traces. With keys: not to be logged. */
  readonly traces: TraceSettings | undefined;
  readonly redisWaitMs: number;
}

export const settingsHelp = `Settings (environment variables):
  REDIS_URL                    redis://127.0.0.1:6379   coordination; redis://, redis+sentinel://,
                                                        redis+cluster://, or rediss…:// with TLS
  SLUICE_CLUSTER               default                  all processes of one cluster share it
  SLUICE_WORKER_NAME           <host>-<random>          keep it over restarts to keep the slot
  SLUICE_HOST                  127.0.0.1                address of /health and /metrics
  SLUICE_WORKER_PORT           8084                     0 takes a free one
  SLUICE_PROFILE               default                  default (4 s leases) or fast (1 s); as the coordinator's
  SLUICE_PLUGIN_PATH                                    plugin.path: directories of packages with plugins,
                                                        comma-separated; what is put there is noticed …
  SLUICE_PLUGIN_LOOK_MS        2000                     … by looking this often, twice
  SLUICE_PLUGINS                                        modules with plugins, loaded at start: comma-separated
                                                        paths, or names of installed packages
  SLUICE_EXECUTORS             one a core               worker threads that run tasks
  SLUICE_EXECUTOR_HEAP_MB      512                      heap limit of each executor
${converterSettingsHelp}
${providerSettingsHelp}
  SLUICE_OFFSET_FLUSH_INTERVAL_MS  1000
  SLUICE_STOP_GRACE_MS         5000                     for a task to stop
  SLUICE_DRAIN_TIMEOUT_MS      15000                    for all tasks to stop on SIGTERM; the process ends 10 s
                                                        later at the latest
  SLUICE_ON_REDIS_LOSS         pause                    or continue-if-fenced: tasks whose every effect Kafka fences
                                                        go on …
  SLUICE_ON_REDIS_LOSS_LIMIT_SECONDS  300               … for this long
${exactlyOnceHelp}
  SLUICE_TOPIC_TRACKING_ENABLE  true                    topic.tracking.enable: note which topics tasks use
${accessSettingsHelp}
  SLUICE_INSECURE              false                    as --insecure
  SLUICE_TELL_LOAD             true                     tell in Redis what it does, and keep lines of its log there
  SLUICE_METRICS_TASKS_MAX     1000                     tasks that /metrics shows at most …
  SLUICE_METRICS_PARTITIONS_MAX  1000                   … and partitions of sinks with their lag
  SLUICE_LOG_LEVEL             info                     debug, info, warn, error
  SLUICE_PROTOCOL_MAX                                   keeps the cluster from going to a higher version of
                                                        the protocol, while an upgrade may be taken back
  SLUICE_REDIS_WAIT_MS         5000                     how long to wait for Redis at start

${logSettingsHelp}

${traceSettingsHelp}`;

const hourMs = 3_600_000;

/** @throws SluiceError `config.invalid` that lists every problem. */
export function readSettings(
  environment: Environment,
  flags: { readonly insecure: boolean },
): WorkerSettings {
  const settings = new SettingsReader(environment);
  const redisUrl = settings.string('REDIS_URL', 'redis://127.0.0.1:6379');
  const log = readLogSettings(settings, redisUrl);
  const executors = settings.integer('SLUICE_EXECUTORS', 0, { min: 0, max: 256 });
  const cluster = settings.string('SLUICE_CLUSTER', 'default');
  const compiled: WorkerSettings = {
    redisUrl,
    log,
    continueFencedMs: readContinueFenced(settings, log.kind),
    cluster,
    worker: settings.string('SLUICE_WORKER_NAME', `${hostname()}-${newShortId()}`),
    host: settings.string('SLUICE_HOST', '127.0.0.1'),
    port: settings.integer('SLUICE_WORKER_PORT', 8084, { min: 0, max: 65_535 }),
    profile: timingProfile(settings.oneOf('SLUICE_PROFILE', ['default', 'fast'], 'default')),
    plugins: settings.list('SLUICE_PLUGINS'),
    pluginPath: settings.list('SLUICE_PLUGIN_PATH'),
    pluginLookMs: settings.integer('SLUICE_PLUGIN_LOOK_MS', 2_000, { min: 100, max: hourMs }),
    sharedExecutors: executors === 0 ? undefined : executors,
    heapLimitMb: settings.integer('SLUICE_EXECUTOR_HEAP_MB', 512, { min: 32, max: 65_536 }),
    workerConfig: readConverterSettings(settings, builtInConverters),
    providers: readProviderSettings(settings, { redisUrl, cluster }),
    offsetFlushIntervalMs: settings.integer('SLUICE_OFFSET_FLUSH_INTERVAL_MS', 1_000, {
      min: 10,
      max: hourMs,
    }),
    stopGraceMs: settings.integer('SLUICE_STOP_GRACE_MS', 5_000, { min: 0, max: hourMs }),
    drainTimeoutMs: settings.integer('SLUICE_DRAIN_TIMEOUT_MS', 15_000, { min: 0, max: hourMs }),
    exactlyOnce: readExactlyOnce(settings, log.kind),
    trackTopics: settings.boolean('SLUICE_TOPIC_TRACKING_ENABLE', true),
    access: readAccessSettings(settings),
    insecure: flags.insecure || settings.boolean('SLUICE_INSECURE'),
    protocol: readProtocol(settings),
    tellsLoad: settings.boolean('SLUICE_TELL_LOAD', true),
    metrics: {
      tasks: settings.integer('SLUICE_METRICS_TASKS_MAX', 1_000, { min: 0, max: 100_000 }),
      partitions: settings.integer('SLUICE_METRICS_PARTITIONS_MAX', 1_000, {
        min: 0,
        max: 100_000,
      }),
    },
    traces: readTraceSettings(settings),
    logLevel: settings.oneOf('SLUICE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    redisWaitMs: settings.integer('SLUICE_REDIS_WAIT_MS', 5_000, { min: 0, max: hourMs }),
  };
  const problem = redisUrlProblem(redisUrl);
  if (problem !== undefined) settings.problem(`REDIS_URL ${problem}`);
  settings.check();
  return Object.freeze(compiled);
}

/** The Redis log's fences may be lost with the Redis: only Kafka's are outside. */
function readContinueFenced(settings: SettingsReader, log: LogSettings['kind']): number {
  const policy = settings.oneOf('SLUICE_ON_REDIS_LOSS', ['pause', 'continue-if-fenced'], 'pause');
  const limits = { min: 1, max: hourMs / 1_000 };
  const seconds = settings.integer('SLUICE_ON_REDIS_LOSS_LIMIT_SECONDS', 300, limits);
  if (policy === 'pause') return 0;
  if (log !== 'kafka') {
    settings.problem(
      'SLUICE_ON_REDIS_LOSS=continue-if-fenced needs a log outside Redis: set KAFKA_BROKERS, or leave it at pause',
    );
  }
  return seconds * 1_000;
}

function readProtocol(settings: SettingsReader): ProtocolRange {
  const { min, max } = protocolSpoken;
  return limitedTo(settings.integer('SLUICE_PROTOCOL_MAX', max, { min, max: 1_000_000 }));
}
