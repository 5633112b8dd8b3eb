/**
 * One run of a sink task: a plugin instance, a reader, and one loop that does everything in turn, so no
 * two calls into the plugin ever overlap. The reader fetches ahead by itself, within its bounds.
 *
 *     loop   commit if due (sink-commits) → look for partitions if due (sink-assignment)
 *            → read (sink-reads) → put (sink-puts) → …
 *     end    preCommit, commit → close
 *
 * Committed is only what `put` took and `preCommit` (or `flush`) made durable. On failure of …
 * - put, retriably: the same batch again after `context.timeout` or a back-off (sink-puts). Nothing else is read
 *   meanwhile, which is what pausing all partitions does in Kafka Connect.
 * - put for good, with `errors.deadletterqueue.put.enable`: the records that it refuses are searched for, and given up.
 * - preCommit, flush: back to the committed offsets, as Kafka Connect does; what was put comes again.
 * - a commit, retriably: tried again at the next interval; puts go on.
 * - a conversion or transform of a record: what `errors.tolerance` and the other keys of error handling say. What is
 *   given up is in the dead letter queue before the batch counts as delivered.
 * - put otherwise, a record that must not be left out, the dead letter queue, a fenced commit: the run fails.
 * - the lease (expired): no further put, no commit. The next run begins at the committed offsets, exactly
 *   as after a crash: at least once, nothing lost.
 */
import type { SinkPlugin, SinkTask, SinkTaskContext } from '@sluice/connector-api';
import { assert, isFenced, toError } from '@sluice/kernel';
import type { LogReader } from '@sluice/record-log';

import { sinkBoundsOf } from './bounds.ts';
import { Changes } from './changes.ts';
import type { DefinitionPlugins } from './definition-plugins.ts';
import { DeadLetterQueue, ensureDeadLetterTopic } from './errors/dead-letter-queue.ts';
import { ErrantRecords } from './errors/errant-records.ts';
import { errorSettingsOf } from './errors/error-settings.ts';
import { TaskErrors } from './errors/task-errors.ts';
import { groupOf } from './group-name.ts';
import { LogCalls } from './log-calls.ts';
import type { TopicSelection } from './partition-share.ts';
import { createProcessing, type Processing } from './processing.ts';
import { SinkAssignment } from './sink-assignment.ts';
import { SinkCommits } from './sink-commits.ts';
import { type PartitionOffset, partitionKey, SinkPositions } from './sink-positions.ts';
import { emptyBatch, type SinkBatch, SinkPuts, withoutPartitions } from './sink-puts.ts';
import { SinkReads } from './sink-reads.ts';
import type { TaskRun, TaskRunContext } from './task-run.ts';
import { closeTransforms } from './task-transforms.ts';
import { topicSelectionOf } from './topic-catalog.ts';
import { RunTracing } from './tracing/run-tracing.ts';
import { withinLimit } from './within-limit.ts';

/** How long a failing run tries to commit what was made durable. */
const lastCommitMs = 1_000;

/** What a run has once the log let it in. */
interface Parts {
  readonly task: SinkTask;
  readonly reads: SinkReads;
  readonly commits: SinkCommits;
  readonly assignment: SinkAssignment;
  readonly puts: SinkPuts;
  readonly errant: ErrantRecords;
}

export class SinkTaskRun implements TaskRun {
  readonly #plugin: SinkPlugin;
  readonly #plugins: DefinitionPlugins;
  readonly #context: TaskRunContext;
  readonly #calls: LogCalls;
  readonly #errors: TaskErrors;
  #deadLetters: DeadLetterQueue | undefined;
  readonly #changes = new Changes();
  readonly #positions = new SinkPositions();
  readonly #selection: TopicSelection;
  readonly #tracing: RunTracing;
  #processing: Processing | undefined;
  #reader: LogReader | undefined;
  #parts: Parts | undefined;
  #finishing: Promise<void> = Promise.resolve();
  readonly #seeks = new Map<string, PartitionOffset>();
  #isPauseReported = false;

  constructor(plugin: SinkPlugin, plugins: DefinitionPlugins, context: TaskRunContext) {
    this.#plugins = plugins;
    this.#plugin = plugin;
    this.#context = context;
    this.#calls = new LogCalls(context);
    this.#errors = new TaskErrors(errorSettingsOf(context.config), context);
    this.#selection = topicSelectionOf(context.config);
    this.#tracing = new RunTracing(context);
  }

  async start(): Promise<void> {
    const { config, connector, counters, identity, options } = this.#context;
    // A run before this one may have ended with its lease; what it saw others may read now.
    counters.lag = 0;
    counters.lags.clear();
    const processing = createProcessing(this.#context, this.#plugins);
    this.#processing = processing;
    const { pollRecordsMax, prefetchBytesMax } = sinkBoundsOf(config, options);
    // Before committed offsets are read: from here on an older owner cannot commit any more.
    this.#reader = await this.#calls.untilAccepted('open', () =>
      options.log.openReader({
        identity,
        group: groupOf(connector, config),
        reset: config['consumer.override.auto.offset.reset'] === 'latest' ? 'latest' : 'earliest',
        isolation:
          config['consumer.override.isolation.level'] === 'read_committed'
            ? 'read_committed'
            : 'read_uncommitted',
        ...(prefetchBytesMax === undefined ? {} : { prefetchBytesMax }),
        pollRecordsMax,
      }),
    );
    this.#deadLetters = await this.#openDeadLetters();
    const task = this.#plugin.createTask();
    this.#parts = this.#assemble(this.#reader, task, processing);
    await this.#parts.task.start(config, this.#taskContext());
  }

  async move(): Promise<void> {
    const { options, scope } = this.#context;
    const parts = this.#parts;
    assert(parts, 'a run moves after it was started');
    scope.closing.addEventListener('abort', () => this.#wake(), { once: true });
    let failure: { readonly error: unknown } | undefined;
    try {
      await this.#loop(parts);
    } catch (error) {
      // While closing, whatever was interrupted was not delivered, so it is read again.
      if (!scope.isClosing) failure = { error };
    }
    this.#finishing = this.#finish(parts, failure?.error);
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
      await this.#parts?.task.stop();
    } finally {
      this.#tracing.end();
      await closeTransforms(this.#processing?.chain, this.#context.logger);
      await this.#deadLetters?.close();
      await this.#reader?.close();
    }
  }

  /** Under an identity of its own, since the task's is taken by the reader's commits. */
  async #openDeadLetters(): Promise<DeadLetterQueue | undefined> {
    const { counters, identity, options } = this.#context;
    const { deadLetters: settings } = this.#errors.settings;
    if (!settings) return undefined;
    const { log } = options;
    const shared = { settings, log, calls: this.#calls, counters };
    await ensureDeadLetterTopic(shared);
    const own = { id: `${identity.id}.dead-letters`, fence: identity.fence };
    const writer = await this.#calls.untilAccepted('open', () => log.openWriter(own));
    return new DeadLetterQueue(writer, shared);
  }

  #assemble(reader: LogReader, task: SinkTask, processing: Processing): Parts {
    const errant = new ErrantRecords({
      errors: this.#errors,
      converters: processing.converters,
      deadLetters: this.#deadLetters,
    });
    const shared = {
      context: this.#context,
      calls: this.#calls,
      positions: this.#positions,
      reader,
      task,
    };
    const reads = new SinkReads({
      ...shared,
      processing,
      errors: this.#errors,
      errant,
      deadLetters: this.#deadLetters,
      tracing: this.#tracing,
    });
    const commits = new SinkCommits({
      ...shared,
      tracing: this.#tracing,
      untilReported: () => errant.settled(),
      onRewind: () => puts.dropAll(),
    });
    const puts = new SinkPuts({
      ...shared,
      settings: this.#errors.settings,
      errant,
      onDelivered: (batch) => this.#delivered(commits, batch),
    });
    return {
      task,
      reads,
      errant,
      puts,
      commits,
      assignment: new SinkAssignment({
        ...shared,
        selection: this.#selection,
        onRemoved: (partitions) => {
          puts.drop(partitions);
          reads.forget(partitions);
        },
      }),
    };
  }

  async #loop(parts: Parts): Promise<void> {
    const { options, scope, turns } = this.#context;
    const { assignment, commits } = parts;
    for (;;) {
      const turn = turns.take();
      if (turn) await turn;
      const seen = this.#changes.version;
      if (scope.isClosing) return;
      if (!scope.isFresh) {
        // Committed now, while it may still be done, so that an expiry would find little to repeat.
        if (this.#positions.hasUncommitted) await commits.commit();
        await scope.untilFresh();
        continue;
      }
      this.#applySeeks();
      const isPausing = this.#context.isPaused() && !this.#isPauseReported;
      if (isPausing || commits.isDue()) await commits.commit();
      if (options.clock.monotonicMs() >= assignment.refreshAtMs) await assignment.refresh();
      if (isPausing && this.#context.isPaused()) {
        this.#isPauseReported = true;
        this.#context.reportPaused();
      }
      await this.#step(parts, seen);
    }
  }

  /** Reads and puts one batch, or waits until something is due. */
  async #step(parts: Parts, seen: number): Promise<void> {
    const { commits, puts } = parts;
    const isPaused = this.#context.isPaused();
    // What is held waits for the end of a pause; nothing, not even an empty put, comes before it.
    const isPutPossible = !(isPaused && puts.isHolding);
    const waitMs = this.#waitMs(parts, isPutPossible);
    if (!isPaused && !puts.isHolding) {
      const batch = await this.#read(parts, waitMs);
      if (batch.records.length > 0 || puts.isDue()) await puts.put(batch);
      else this.#delivered(commits, batch);
    } else if (isPutPossible && puts.isDue()) {
      await puts.put(emptyBatch);
    } else {
      await withinLimit(this.#changes.after(seen), waitMs, this.#context.options.clock);
    }
  }

  #waitMs({ assignment, commits, puts }: Parts, isPutPossible: boolean): number {
    const dueAtMs = Math.min(
      assignment.refreshAtMs,
      commits.dueAtMs,
      isPutPossible ? puts.dueAtMs : Number.POSITIVE_INFINITY,
    );
    return Math.max(1, dueAtMs - this.#context.options.clock.monotonicMs());
  }

  async #read({ reads }: Parts, waitMs: number): Promise<SinkBatch> {
    const batch = await reads.next(waitMs);
    if (batch === emptyBatch) return batch;
    // A partition that was moved meanwhile is read again from where it was moved to.
    const moved = this.#applySeeks();
    return moved.length > 0 ? withoutPartitions(batch, moved) : batch;
  }

  #delivered(commits: SinkCommits, { records, ends, trace }: SinkBatch): void {
    trace?.through();
    const { counters, options } = this.#context;
    const wasCommitted = !this.#positions.hasUncommitted;
    for (const end of ends) this.#positions.deliver(end, end.offset);
    if (wasCommitted && this.#positions.hasUncommitted) commits.begin();
    counters.recordsActive = 0;
    if (records.length === 0) return;
    options.observer?.put(records);
    counters.recordsOut += records.length;
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
    this.#parts?.puts.drop(moved);
    return moved;
  }

  /** Never rejects. */
  async #finish({ commits, task }: Parts, failure: unknown): Promise<void> {
    const { logger } = this.#context;
    try {
      if (!isFenced(failure)) await commits.commit(true);
    } catch (error) {
      logger.warn({ error: toError(error).message }, 'the last commit was refused');
    }
    const { assignment } = this.#positions;
    try {
      if (assignment.length > 0) await task.close?.(assignment);
    } catch (error) {
      logger.warn({ error: toError(error).message }, 'close of the task threw');
    }
  }

  // What the plugin may ask for

  #taskContext(): SinkTaskContext {
    const { config, connector, logger, scope, task } = this.#context;
    return {
      connector,
      task,
      logger,
      configs: () => config,
      signal: scope.closing,
      assignment: () => this.#positions.assignment,
      // Not at once: the batch that is being put still counts as delivered first.
      seek: ({ topic, partition }, offset) => {
        this.#seeks.set(partitionKey({ topic, partition }), { topic, partition, offset });
        this.#wake();
      },
      pause: (...partitions) => this.#reader?.pause(partitions),
      resume: (...partitions) => this.#reader?.resume(partitions),
      timeout: (ms) => this.#parts?.puts.timeout(ms),
      errantRecordReporter: () =>
        this.#parts?.errant.isAvailable ? this.#parts.errant : undefined,
      requestCommit: () => {
        this.#parts?.commits.request();
        this.#wake();
      },
    };
  }

  #wake(): void {
    this.#changes.notify();
    this.#parts?.reads.interrupt();
  }
}
