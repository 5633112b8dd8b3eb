/**
 * One run of a sink task: a plugin instance, a reader, and one loop that does everything in turn, so no
 * two calls into the plugin ever overlap. The reader fetches ahead by itself, within its bounds.
 *
 *     loop   commit if due → look for new partitions if due → read → process → put → …
 *     end    preCommit, commit → close
 *
 * Committed is only what `put` took and `preCommit` (or `flush`) made durable. On failure of …
 * - put, retriably: the same batch again after `context.timeout` or a back-off. Nothing else is read
 *   meanwhile, which is what pausing all partitions does in Kafka Connect.
 * - preCommit, flush: back to the committed offsets, as Kafka Connect does; what was put comes again.
 * - a commit, retriably: tried again at the next interval; puts go on.
 * - put otherwise, a conversion, a fenced commit: the run fails.
 * - the lease (expired): no further put, no commit. The next run begins at the committed offsets, exactly
 *   as after a crash: at least once, nothing lost.
 */
import type {
  SinkOffsets,
  SinkPlugin,
  SinkRecord,
  SinkTask,
  SinkTaskContext,
  TopicPartition,
} from '@sluice/connector-api';
import { assert, backoffMs, isFenced, isRetriable, toError } from '@sluice/kernel';
import type { FetchedBatch, LogReader } from '@sluice/record-log';

import { Changes } from './changes.ts';
import { LogCalls } from './log-calls.ts';
import { partitionsOf, type TopicSelection } from './partition-share.ts';
import { processSinkBatches } from './process-batch.ts';
import { type PartitionOffset, partitionKey, SinkPositions } from './sink-positions.ts';
import { createTaskConverters, type TaskConverters } from './task-converters.ts';
import type { TaskRun, TaskRunContext } from './task-run.ts';
import { topicSelectionOf } from './topic-catalog.ts';
import { withinLimit } from './within-limit.ts';

/** How long a failing run tries to commit what was made durable. */
const lastCommitMs = 1_000;

interface SinkBatch {
  readonly records: readonly SinkRecord[];
  /** The offset after each partition's part of the batch. */
  readonly ends: readonly PartitionOffset[];
}

export class SinkTaskRun implements TaskRun {
  readonly #plugin: SinkPlugin;
  readonly #context: TaskRunContext;
  readonly #calls: LogCalls;
  readonly #changes = new Changes();
  readonly #positions = new SinkPositions();
  readonly #lags = new Map<string, number>();
  readonly #selection: TopicSelection;
  #converters: TaskConverters | undefined;
  #reader: LogReader | undefined;
  #task: SinkTask | undefined;
  #finishing: Promise<void> = Promise.resolve();
  /** Ends a wait of the reader; replaced when used up. */
  #interrupt = new AbortController();
  /** Refused retriably: comes again before anything else. */
  #refused: { readonly batch: SinkBatch; readonly attempts: number } | undefined;
  readonly #seeks = new Map<string, PartitionOffset>();
  /** Asked for by `context.timeout`, once. */
  #timeoutMs: number | undefined;
  #putAtMs = 0;
  #isCommitRequested = false;
  #commitAtMs = 0;
  #storedAtMs = 0;
  #refreshAtMs = 0;
  #refreshEveryMs = 0;
  #isPauseReported = false;

  constructor(plugin: SinkPlugin, context: TaskRunContext) {
    this.#plugin = plugin;
    this.#context = context;
    this.#calls = new LogCalls(context);
    this.#selection = topicSelectionOf(context.config);
  }

  async start(): Promise<void> {
    const { config, connector, identity, options } = this.#context;
    this.#converters = createTaskConverters(config, options.workerConfig);
    // Before committed offsets are read: from here on an older owner cannot commit any more.
    this.#reader = await this.#calls.untilAccepted('open', () =>
      options.log.openReader({
        identity,
        group: groupOf(connector, config),
        reset: config['consumer.override.auto.offset.reset'] === 'latest' ? 'latest' : 'earliest',
        prefetchBytesMax: options.sinkPrefetchBytesMax,
        pollRecordsMax: options.sinkBatchRecordsMax,
      }),
    );
    this.#task = this.#plugin.createTask();
    await this.#task.start(config, this.#taskContext());
  }

  async move(): Promise<void> {
    const { options, scope } = this.#context;
    scope.closing.addEventListener('abort', () => this.#wake(), { once: true });
    this.#storedAtMs = options.clock.monotonicMs();
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#loop();
    } catch (error) {
      // While closing, whatever was interrupted was not delivered, so it is read again.
      if (!scope.isClosing) failure = { error };
    }
    this.#finishing = this.#finish(failure?.error);
    if (!failure) return this.#finishing;
    scope.close();
    await withinLimit(this.#finishing, lastCommitMs, options.clock);
    throw failure.error;
  }

  pauseOrResume(): void {
    this.#isPauseReported = false;
    this.#wake();
  }

  async close(): Promise<void> {
    await this.#finishing;
    try {
      await this.#task?.stop();
    } finally {
      await this.#reader?.close();
    }
  }

  async #loop(): Promise<void> {
    const { options, scope, turns } = this.#context;
    for (;;) {
      const turn = turns.take();
      if (turn) await turn;
      const seen = this.#changes.version;
      if (scope.isClosing) return;
      if (!scope.isFresh) {
        // Committed now, while it may still be done, so that an expiry would find little to repeat.
        if (this.#positions.hasUncommitted) await this.#commit();
        await scope.untilFresh();
        continue;
      }
      this.#applySeeks();
      const isPausing = this.#context.isPaused() && !this.#isPauseReported;
      const nowMs = options.clock.monotonicMs();
      if (this.#isCommitRequested || isPausing || this.#isCommitDue(nowMs)) await this.#commit();
      if (nowMs >= this.#refreshAtMs) await this.#refreshTopics();
      if (isPausing && this.#context.isPaused()) {
        this.#isPauseReported = true;
        this.#context.reportPaused();
      }
      await this.#step(seen);
    }
  }

  /** Reads and puts one batch, or waits until something is due. */
  async #step(seen: number): Promise<void> {
    const isPaused = this.#context.isPaused();
    const refused = this.#refused;
    // What was refused waits for the end of a pause; nothing, not even an empty put, comes before it.
    const isPutPossible = !(isPaused && refused);
    const waitMs = this.#waitMs(isPutPossible);
    if (!isPaused && !refused) {
      const batch = await this.#read(waitMs);
      if (batch.records.length > 0 || this.#isPutDue()) await this.#put(batch, 0);
      else this.#delivered(batch);
    } else if (isPutPossible && this.#isPutDue()) {
      await this.#put(refused?.batch ?? emptyBatch, refused?.attempts ?? 0);
    } else {
      await withinLimit(this.#changes.after(seen), waitMs, this.#context.options.clock);
    }
  }

  #isPutDue(): boolean {
    return this.#context.options.clock.monotonicMs() >= this.#putAtMs;
  }

  #waitMs(isPutPossible: boolean): number {
    const dueAtMs = Math.min(
      this.#refreshAtMs,
      isPutPossible ? this.#putAtMs : Number.POSITIVE_INFINITY,
      this.#positions.hasUncommitted ? this.#commitAtMs : Number.POSITIVE_INFINITY,
    );
    return Math.max(1, dueAtMs - this.#context.options.clock.monotonicMs());
  }

  async #read(waitMs: number): Promise<SinkBatch> {
    const { counters, scope } = this.#context;
    const reader = this.#reader;
    assert(reader && this.#converters, 'a run reads after it was started');
    if (this.#interrupt.signal.aborted) {
      this.#interrupt = new AbortController();
      // Woken between two waits: look at what changed first.
      return emptyBatch;
    }
    const { signal } = this.#interrupt;
    const fetched = await this.#calls.untilAccepted('read', () => reader.poll(waitMs, signal));
    if (fetched.length === 0 || scope.isClosing) return emptyBatch;
    const records = await processSinkBatches(fetched, this.#converters);
    counters.recordsIn += records.length;
    counters.recordsActive = records.length;
    for (const batch of fetched) this.#countFetched(batch);
    const batch = {
      records,
      ends: fetched.map(({ topic, partition, nextOffset }) => ({
        topic,
        partition,
        offset: nextOffset,
      })),
    };
    // A partition that was moved meanwhile is read again from where it was moved to.
    const moved = this.#applySeeks();
    return moved.length > 0 ? withoutPartitions(batch, moved) : batch;
  }

  #countFetched(batch: FetchedBatch): void {
    const { counters } = this.#context;
    for (const { key, value } of batch.records)
      counters.bytes += (key?.length ?? 0) + (value?.length ?? 0);
    const name = partitionKey(batch);
    const lag = Math.max(0, batch.highWatermark - batch.nextOffset);
    counters.lag += lag - (this.#lags.get(name) ?? 0);
    this.#lags.set(name, lag);
  }

  async #put(batch: SinkBatch, attempts: number): Promise<void> {
    const { counters, options, scope } = this.#context;
    this.#timeoutMs = undefined;
    scope.assertMayAct();
    try {
      await this.#task?.put(batch.records);
    } catch (error) {
      if (scope.isClosing || !isRetriable(error)) throw error;
      counters.retries += 1;
      this.#calls.noteFailure('put', error);
      this.#refused = { batch, attempts: attempts + 1 };
      const retryMs =
        this.#timeoutMs ?? backoffMs(attempts + 1, options.taskBackoff, options.random);
      this.#putAtMs = options.clock.monotonicMs() + retryMs;
      return;
    }
    this.#refused = undefined;
    this.#calls.noteSuccess('put');
    this.#putAtMs =
      options.clock.monotonicMs() + Math.min(this.#timeoutMs ?? Infinity, options.sinkIdlePutMs);
    this.#delivered(batch);
  }

  #delivered({ records, ends }: SinkBatch): void {
    const { counters, options } = this.#context;
    const wasCommitted = !this.#positions.hasUncommitted;
    for (const end of ends) this.#positions.deliver(end, end.offset);
    // From the first record on, so that what comes after a quiet time is not flushed by itself.
    if (wasCommitted && ends.length > 0)
      this.#commitAtMs = options.clock.monotonicMs() + options.offsetFlushIntervalMs;
    counters.recordsActive = 0;
    if (records.length === 0) return;
    options.observer?.put(records);
    counters.recordsOut += records.length;
    counters.batches += 1;
  }

  // Offsets

  #isCommitDue(nowMs: number): boolean {
    if (nowMs < this.#commitAtMs) return false;
    return this.#positions.hasUncommitted || this.#isRecommitDue(nowMs);
  }

  #isRecommitDue(nowMs: number): boolean {
    return nowMs - this.#storedAtMs >= this.#context.options.sinkRecommitMs;
  }

  /** @throws what the log refused for good. A failed flush or a log that is away is not thrown. */
  async #commit(isLast = false): Promise<void> {
    const { clock, offsetFlushIntervalMs } = this.#context.options;
    const { counters, logger, scope } = this.#context;
    const nowMs = clock.monotonicMs();
    this.#isCommitRequested = false;
    this.#commitAtMs = nowMs + offsetFlushIntervalMs;
    if (!scope.mayAct() || this.#positions.assignment.length === 0) return;
    const offered = await this.#preCommit(isLast);
    if (!offered || !scope.mayAct()) return;
    const { changed, refused } = this.#positions.committable(offered);
    if (refused.length > 0)
      logger.warn(
        { refused },
        'preCommit returned offsets that were not put; they are not committed',
      );
    const offsets = this.#isRecommitDue(nowMs)
      ? merged(this.#positions.committed(), changed)
      : changed;
    if (offsets.length === 0) return;
    try {
      await this.#calls.attempt(async () => this.#reader?.commit(offsets));
    } catch (error) {
      if (scope.isOver) return;
      counters.commitFailures += 1;
      if (isFenced(error) || !isRetriable(error)) throw error;
      this.#calls.noteFailure('commit', error);
      return;
    }
    this.#positions.commit(changed);
    this.#calls.noteSuccess('commit');
    this.#storedAtMs = nowMs;
    counters.commits += 1;
    counters.lastCommitAtMs = clock.wallMs();
  }

  /** Undefined if it failed: then what was put since the last commit comes again. */
  async #preCommit(isLast: boolean): Promise<SinkOffsets | undefined> {
    const { counters, logger, scope } = this.#context;
    const delivered = this.#positions.delivered();
    try {
      let safe: SinkOffsets = delivered;
      if (this.#task?.preCommit) safe = await this.#task.preCommit(delivered);
      else await this.#task?.flush?.(delivered);
      this.#calls.noteSuccess('flush');
      return safe;
    } catch (error) {
      if (scope.isOver) return undefined;
      counters.commitFailures += 1;
      counters.errors += 1;
      logger.warn(
        { error: toError(error).message },
        isLast
          ? 'the last flush of the task failed; what it covers is read again by the next owner'
          : 'a flush of the task failed; going back to the committed offsets',
      );
      if (isLast) return undefined;
      this.#calls.noteFailure('flush', error);
      this.#refused = undefined;
      for (const back of this.#positions.rewind()) this.#reader?.seek(back, back.offset);
      return undefined;
    }
  }

  /** Returns the partitions that were moved. */
  #applySeeks(): readonly PartitionOffset[] {
    if (this.#seeks.size === 0) return [];
    const moved = [...this.#seeks.values()].filter((each) => this.#positions.has(each));
    this.#seeks.clear();
    for (const each of moved) {
      this.#reader?.seek(each, each.offset);
      this.#positions.seek(each, each.offset);
    }
    if (this.#refused)
      this.#refused = { ...this.#refused, batch: withoutPartitions(this.#refused.batch, moved) };
    return moved;
  }

  // Partitions

  async #refreshTopics(): Promise<void> {
    const { catalog, options, task, taskCount } = this.#context;
    const { missingTopicRefreshMs, topicRefreshMs } = options;
    let found: ReadonlyMap<string, { readonly partitions: number }>;
    const nowMs = options.clock.monotonicMs();
    // An answer that others got a moment ago will do.
    const ageMsMax = this.#refreshEveryMs / 2;
    this.#refreshEveryMs = missingTopicRefreshMs;
    this.#refreshAtMs = nowMs + missingTopicRefreshMs;
    try {
      found = await catalog.find(this.#selection, ageMsMax);
      this.#calls.noteSuccess('topics');
    } catch (error) {
      if (isFenced(error) || !isRetriable(error)) throw error;
      this.#calls.noteFailure('topics', error);
      return;
    }
    const isMissing =
      this.#selection.kind === 'list'
        ? this.#selection.topics.some((topic) => !found.has(topic))
        : found.size === 0;
    if (!isMissing) {
      this.#refreshEveryMs = topicRefreshMs;
      this.#refreshAtMs = nowMs + topicRefreshMs;
    }
    await this.#assign(partitionsOf(found, this.#selection, { task, taskCount }));
  }

  async #assign(wanted: readonly TopicPartition[]): Promise<void> {
    const names = new Set(wanted.map(partitionKey));
    const added = wanted.filter((partition) => !this.#positions.has(partition));
    const removed = this.#positions.assignment.filter((each) => !names.has(partitionKey(each)));
    if (added.length === 0 && removed.length === 0) return;
    if (removed.length > 0) await this.#giveUp(removed);
    await this.#calls.untilAccepted('assign', async () => this.#reader?.assign(wanted));
    for (const partition of added) {
      const offset = this.#reader?.position(partition) ?? 0;
      this.#positions.assign({ ...partition, offset });
    }
    this.#context.counters.partitions = wanted.length;
    if (added.length > 0) await this.#task?.open?.(added);
  }

  /** The topic was deleted. Nothing is committed: offsets must not outlive it into a topic of its name. */
  async #giveUp(removed: readonly TopicPartition[]): Promise<void> {
    const { counters } = this.#context;
    if (this.#refused)
      this.#refused = { ...this.#refused, batch: withoutPartitions(this.#refused.batch, removed) };
    await this.#task?.close?.(removed);
    for (const partition of removed) {
      this.#positions.forget(partition);
      counters.lag -= this.#lags.get(partitionKey(partition)) ?? 0;
      this.#lags.delete(partitionKey(partition));
    }
  }

  /** Never rejects. */
  async #finish(failure: unknown): Promise<void> {
    const { logger } = this.#context;
    try {
      if (!isFenced(failure)) await this.#commit(true);
    } catch (error) {
      logger.warn({ error: toError(error).message }, 'the last commit was refused');
    }
    const { assignment } = this.#positions;
    try {
      if (assignment.length > 0) await this.#task?.close?.(assignment);
    } catch (error) {
      logger.warn({ error: toError(error).message }, 'close of the task threw');
    }
  }

  // What the plugin may ask for

  #taskContext(): SinkTaskContext {
    const { connector, logger, scope, task } = this.#context;
    return {
      connector,
      task,
      logger,
      signal: scope.closing,
      assignment: () => this.#positions.assignment,
      // Not at once: the batch that is being put still counts as delivered first.
      seek: ({ topic, partition }, offset) => {
        this.#seeks.set(partitionKey({ topic, partition }), { topic, partition, offset });
        this.#wake();
      },
      pause: (...partitions) => this.#reader?.pause(partitions),
      resume: (...partitions) => this.#reader?.resume(partitions),
      timeout: (ms) => {
        this.#timeoutMs = ms;
      },
      requestCommit: () => {
        this.#isCommitRequested = true;
        this.#wake();
      },
    };
  }

  #wake(): void {
    this.#changes.notify();
    this.#interrupt.abort();
  }
}

const emptyBatch: SinkBatch = { records: [], ends: [] };

/** Kafka Connect's name, so that standard tools find it. */
export function groupOf(connector: string, config: Readonly<Record<string, string>>): string {
  return config['consumer.override.group.id'] ?? `connect-${connector}`;
}

function withoutPartitions(batch: SinkBatch, partitions: readonly TopicPartition[]): SinkBatch {
  const names = new Set(partitions.map(partitionKey));
  return {
    records: batch.records.filter((record) => !names.has(partitionKey(record))),
    ends: batch.ends.filter((end) => !names.has(partitionKey(end))),
  };
}

function merged(
  base: readonly PartitionOffset[],
  changes: readonly PartitionOffset[],
): PartitionOffset[] {
  const all = new Map(base.map((each) => [partitionKey(each), each]));
  for (const each of changes) all.set(partitionKey(each), each);
  return [...all.values()];
}
