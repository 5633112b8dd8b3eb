/** Options of the runtime: what the app gives, and what they become. */
import type { ConverterPlugin, SinkRecord } from '@sluice/connector-api';
import { converterPlugins, workerConverterDefaults } from '@sluice/converters';
import {
  type BackoffOptions,
  type Clock,
  type Logger,
  silentLogger,
  systemClock,
} from '@sluice/kernel';
import type { ProduceAck, RecordLog } from '@sluice/record-log';
import type { PluginLoader } from './definition-plugins.ts';
import type { ProcessedBatch } from './process-source-batch.ts';
import { type ResolveConfig, resolveNothing } from './references/resolve-config.ts';
import type { Tracer } from './tracing/tracer.ts';

export interface RuntimeOptions {
  /** Started by the caller; one for all actors of an executor. */
  readonly log: RecordLog;
  readonly plugins: PluginLoader;
  /** Name of the cluster: begins the identity under which a task writes. */
  readonly cluster: string;
  /**
   * Worker configuration that connectors inherit: `key.converter`, `value.converter`, `header.converter`
   * and their sub-keys. Default: Kafka Connect's (JsonConverter).
   */
  readonly workerConfig?: Readonly<Record<string, string>>;
  /** Converters that definitions may name. Default: those that come with Kafka Connect. */
  readonly converters?: readonly ConverterPlugin[];
  /** Of the references in definitions, when a connector or a task starts. Default: a definition with one is refused. */
  readonly resolveConfig?: ResolveConfig;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** How often offsets are stored. Kafka Connect: 60 000. */
  readonly offsetFlushIntervalMs?: number;
  /** Source: polled and not acknowledged, before polling waits. */
  readonly recordsInFlightMax?: number;
  readonly bytesInFlightMax?: number;
  /** Sink: at most this many records in one `put`. Kafka Connect: 500. */
  readonly sinkBatchRecordsMax?: number;
  /** Default: the log's own. */
  readonly sinkPrefetchBytesMax?: number;
  /** Sink: a `put` of an empty batch comes at least this often. */
  readonly sinkIdlePutMs?: number;
  /** Sink: how often new topics and partitions are looked for. */
  readonly topicRefreshMs?: number;
  /**
   * How long a task whose every effect the log fences goes on after its lease ran out, ms. Default 0: it pauses as
   * all others do.
   */
  readonly continueFencedMs?: number;
  /**
   * Whether sources write their records and offsets in transactions, which needs a log that has some. Default false.
   */
  readonly exactlyOnce?: boolean;
  /** Whether tasks tell which topics they use: `topic.tracking.enable`. Default true. */
  readonly trackTopics?: boolean;
  readonly observer?: RecordObserver;
  /** Looks at batches on their way. Default: nobody does. */
  readonly tracer?: Tracer | undefined;
  /**
   * Time of this thread, ms, by which loops that never have to wait let others have a turn. Default: the real one, as
   * `clock` may be one that stands still meanwhile.
   */
  readonly threadMs?: () => number;
}

/** Sees the records that were moved, for `sluice dev`. Must not throw. */
export interface RecordObserver {
  /** By a source; `acks` belong to `batch.topics` one by one. */
  written(batch: ProcessedBatch, acks: readonly ProduceAck[]): void;
  /** By a sink. */
  put(records: readonly SinkRecord[]): void;
}

export interface CompiledRuntimeOptions
  extends Required<Omit<RuntimeOptions, 'observer' | 'sinkPrefetchBytesMax' | 'tracer'>> {
  readonly observer: RecordObserver | undefined;
  readonly tracer: Tracer | undefined;
  readonly sinkPrefetchBytesMax: number | undefined;
  /** Between attempts of a log call that failed retriably. */
  readonly logBackoff: BackoffOptions;
  /** After a RetriableError from `poll`, or from `put` without `context.timeout`. */
  readonly taskBackoff: BackoffOptions;
  /** While a topic that a sink asks for is missing: how soon to look again. */
  readonly missingTopicRefreshMs: number;
  /** Unchanged group offsets are stored again: Kafka forgets them 7 days after the last commit. */
  readonly sinkRecommitMs: number;
  /** The same, at the latest after a run began; a random part of it, so that not all tasks do it at once. */
  readonly sinkFirstRecommitMs: number;
  /** How long a plugin call that ignores its signal may hold up a task whose lease came back. */
  readonly stuckAfterMs: number;
}

export function compileRuntimeOptions(options: RuntimeOptions): CompiledRuntimeOptions {
  return Object.freeze({
    log: options.log,
    plugins: options.plugins,
    cluster: options.cluster,
    workerConfig: { ...workerConverterDefaults, ...options.workerConfig },
    converters: options.converters ?? converterPlugins,
    resolveConfig: options.resolveConfig ?? resolveNothing,
    logger: options.logger ?? silentLogger,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    threadMs: options.threadMs ?? (() => performance.now()),
    offsetFlushIntervalMs: options.offsetFlushIntervalMs ?? 1_000,
    recordsInFlightMax: options.recordsInFlightMax ?? 10_000,
    bytesInFlightMax: options.bytesInFlightMax ?? 8 * 1024 * 1024,
    sinkBatchRecordsMax: options.sinkBatchRecordsMax ?? 500,
    sinkPrefetchBytesMax: options.sinkPrefetchBytesMax,
    sinkIdlePutMs: options.sinkIdlePutMs ?? 1_000,
    topicRefreshMs: options.topicRefreshMs ?? 10_000,
    continueFencedMs: options.continueFencedMs ?? 0,
    exactlyOnce: options.exactlyOnce ?? false,
    trackTopics: options.trackTopics ?? true,
    observer: options.observer,
    tracer: options.tracer,
    logBackoff: { initialMs: 50, maxMs: 2_000 },
    taskBackoff: { initialMs: 100, maxMs: 5_000 },
    missingTopicRefreshMs: 1_000,
    sinkRecommitMs: 24 * 60 * 60 * 1_000,
    sinkFirstRecommitMs: 10 * 60 * 1_000,
    stuckAfterMs: 5_000,
  });
}
