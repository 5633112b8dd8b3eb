/** The worker's settings: environment variables, checked all at once. */
import { hostname } from 'node:os';

import { type TimingProfile, timingProfile } from '@sluice/coordination';
import { type Environment, newShortId, SettingsReader } from '@sluice/kernel';

export interface WorkerSettings {
  readonly redisUrl: string;
  /** Where records travel; the coordination Redis unless another is given. */
  readonly logRedisUrl: string;
  /** Quota of each partition of the Redis log. */
  readonly logPartitionBytesMax: number;
  /** At the quota: `block` producers, or `delete` the oldest records. */
  readonly logRetention: 'block' | 'delete';
  /** A group of the Redis log that was not heard of for so long holds no records back any more. */
  readonly logGroupRetentionMs: number;
  readonly cluster: string;
  readonly worker: string;
  readonly host: string;
  readonly port: number;
  readonly profile: TimingProfile;
  /** Modules with connectors of the user, besides the built-in ones. */
  readonly plugins: readonly string[];
  /** Worker threads; undefined: one a core. */
  readonly sharedExecutors: number | undefined;
  readonly heapLimitMb: number;
  /** Converters and their keys that connectors inherit. */
  readonly workerConfig: Readonly<Record<string, string>>;
  readonly offsetFlushIntervalMs: number;
  readonly stopGraceMs: number;
  readonly drainTimeoutMs: number;
  readonly insecure: boolean;
  readonly logLevel: string;
  readonly redisWaitMs: number;
}

export const settingsHelp = `Settings (environment variables):
  REDIS_URL                    redis://127.0.0.1:6379   coordination; redis:// or rediss://
  SLUICE_LOG_REDIS_URL         REDIS_URL                the Redis that carries records
  SLUICE_LOG_PARTITION_MB      256                      quota of each topic partition
  SLUICE_LOG_RETENTION         block                    at the quota: block producers, or delete the oldest
  SLUICE_LOG_GROUP_RETENTION_HOURS  168                 a sink's group that was gone for so long holds
                                                        no records back any more
  SLUICE_CLUSTER               default                  all processes of one cluster share it
  SLUICE_WORKER_NAME           <host>-<random>          keep it over restarts to keep the slot
  SLUICE_HOST                  127.0.0.1                address of /health and /metrics
  SLUICE_WORKER_PORT           8084                     0 takes a free one
  SLUICE_PROFILE               default                  default (4 s leases) or fast (1 s); as the coordinator's
  SLUICE_PLUGINS                                        connector modules, comma-separated paths
  SLUICE_EXECUTORS             one a core               worker threads that run tasks
  SLUICE_EXECUTOR_HEAP_MB      512                      heap limit of each executor
  SLUICE_KEY_CONVERTER         …json.JsonConverter      converter that connectors inherit
  SLUICE_VALUE_CONVERTER       …json.JsonConverter
  SLUICE_OFFSET_FLUSH_INTERVAL_MS  1000
  SLUICE_STOP_GRACE_MS         5000                     for a task to stop
  SLUICE_DRAIN_TIMEOUT_MS      30000                    for all tasks to stop on SIGTERM
  SLUICE_INSECURE              false                    as --insecure
  SLUICE_LOG_LEVEL             info                     debug, info, warn, error
  SLUICE_REDIS_WAIT_MS         5000                     how long to wait for Redis at start`;

const hourMs = 3_600_000;

/** @throws SluiceError `config.invalid` that lists every problem. */
export function readSettings(
  environment: Environment,
  flags: { readonly insecure: boolean },
): WorkerSettings {
  const settings = new SettingsReader(environment);
  const redisUrl = settings.string('REDIS_URL', 'redis://127.0.0.1:6379');
  const executors = settings.integer('SLUICE_EXECUTORS', 0, { min: 0, max: 256 });
  const compiled: WorkerSettings = {
    redisUrl,
    logRedisUrl: settings.string('SLUICE_LOG_REDIS_URL', redisUrl),
    logPartitionBytesMax:
      settings.integer('SLUICE_LOG_PARTITION_MB', 256, { min: 1, max: 1_048_576 }) * 1024 * 1024,
    logRetention: settings.oneOf('SLUICE_LOG_RETENTION', ['block', 'delete'], 'block'),
    logGroupRetentionMs:
      settings.integer('SLUICE_LOG_GROUP_RETENTION_HOURS', 168, { min: 1, max: 1_000_000 }) *
      hourMs,
    cluster: settings.string('SLUICE_CLUSTER', 'default'),
    worker: settings.string('SLUICE_WORKER_NAME', `${hostname()}-${newShortId()}`),
    host: settings.string('SLUICE_HOST', '127.0.0.1'),
    port: settings.integer('SLUICE_WORKER_PORT', 8084, { min: 0, max: 65_535 }),
    profile: timingProfile(settings.oneOf('SLUICE_PROFILE', ['default', 'fast'], 'default')),
    plugins: settings.list('SLUICE_PLUGINS'),
    sharedExecutors: executors === 0 ? undefined : executors,
    heapLimitMb: settings.integer('SLUICE_EXECUTOR_HEAP_MB', 512, { min: 32, max: 65_536 }),
    workerConfig: converterConfig(settings),
    offsetFlushIntervalMs: settings.integer('SLUICE_OFFSET_FLUSH_INTERVAL_MS', 1_000, {
      min: 10,
      max: hourMs,
    }),
    stopGraceMs: settings.integer('SLUICE_STOP_GRACE_MS', 5_000, { min: 0, max: hourMs }),
    drainTimeoutMs: settings.integer('SLUICE_DRAIN_TIMEOUT_MS', 30_000, { min: 0, max: hourMs }),
    insecure: flags.insecure || settings.boolean('SLUICE_INSECURE'),
    logLevel: settings.oneOf('SLUICE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    redisWaitMs: settings.integer('SLUICE_REDIS_WAIT_MS', 5_000, { min: 0, max: hourMs }),
  };
  for (const [name, url] of [
    ['REDIS_URL', compiled.redisUrl],
    ['SLUICE_LOG_REDIS_URL', compiled.logRedisUrl],
  ] as const) {
    if (!/^rediss?:\/\//.test(url))
      settings.problem(`${name} must begin with redis:// or rediss://`);
  }
  settings.check();
  return Object.freeze(compiled);
}

function converterConfig(settings: SettingsReader): Record<string, string> {
  const config: Record<string, string> = {};
  for (const [key, name] of [
    ['key.converter', 'SLUICE_KEY_CONVERTER'],
    ['value.converter', 'SLUICE_VALUE_CONVERTER'],
  ] as const) {
    const value = settings.optional(name);
    if (value !== undefined) config[key] = value;
  }
  return config;
}
