/**
 * One run of a source task: a plugin instance, a writer, and three activities that share them.
 *
 *     task loop   tell acknowledgements → poll → process ──▶ sender   one produce call at a time
 *        ▲  the only one that calls the plugin                 │ acknowledged
 *        └──────────── acknowledgements ◀──────────────────────┤
 *     flush       every interval: offsets of the acknowledged ◀┘ prefix → log → acknowledgements: commit
 *
 * With exactly once there is no flush: the sender writes records and offsets in one transaction (transaction-sender.ts).
 *
 * On failure of …
 * - the log, retriably: the same batches are sent again for as long as it takes; polling goes on until the
 *   bound of records in flight is reached.
 * - a transform or conversion of a record, or a record that the log refuses: what `errors.tolerance` and the other
 *   keys of error handling say. What is given up goes to the dead letter queue with the batch that it was in.
 * - the log, fenced or for good; `poll` not retriably; a record that must not be left out: the run fails. What was
 *   acknowledged is stored first, if the log still takes it.
 * - commitRecord, commit: counted and logged.
 * - the lease (expired): everything ends where it is. The next run begins at the stored offsets, exactly as
 *   after a crash, so nothing is lost: offsets never pass a record that was not acknowledged. Keeping the
 *   unsent batches instead would save a few duplicates, but the plugin's own connections (a replication
 *   slot, a queue) must be given up anyway, since a new owner elsewhere may need them. Polling already stops
 *   at the earlier pause deadline and offsets are stored then, so usually there is nothing to repeat.
 */
import {
  type SourceOffsetValue,
  type SourcePartition,
  type SourcePlugin,
  type SourceTask,
  transactionBoundaryOf,
} from '@sluice/connector-api';
import { assert, isFenced } from '@sluice/kernel';
import type { LogWriter, ProduceAck } from '@sluice/record-log';

import { Acknowledgements } from './acknowledgements.ts';
import { boundaryIntervalOf, type SourceBounds, sourceBoundsOf } from './bounds.ts';
import { Changes } from './changes.ts';
import type { DefinitionPlugins } from './definition-plugins.ts';
import { DeadLetterQueue, ensureDeadLetterTopic } from './errors/dead-letter-queue.ts';
import { errorSettingsOf } from './errors/error-settings.ts';
import { TaskErrors } from './errors/task-errors.ts';
import { LogCalls } from './log-calls.ts';
import { OffsetFlusher } from './offset-flusher.ts';
import { type ProcessedBatch, processSourceBatch } from './process-source-batch.ts';
import { createProcessing, type Processing } from './processing.ts';
import { type BatchSender, RecordSender, type Sendable } from './record-sender.ts';
import { assertDurable, assertExactlyOnce } from './source-demands.ts';
import { type PolledBatch, SourcePolls } from './source-polls.ts';
import { SubmittedBatches } from './submitted-batches.ts';
import type { TaskRun, TaskRunContext } from './task-run.ts';
import { closeTransforms } from './task-transforms.ts';
import type { BatchTrace } from './tracing/batch-trace.ts';
import { RunTracing } from './tracing/run-tracing.ts';
import { type Segment, TransactionRequests } from './transaction-requests.ts';
import { TransactionSender } from './transaction-sender.ts';
import { withinLimit } from './within-limit.ts';

/** How long a pause waits for a running poll before PAUSED is reported; its records are then held back. */
const pausePatienceMs = 1_000;
/**
 * How long the next poll of a task with `commitRecord` waits for acknowledgements. It is told nothing while
 * it polls, and what it polls from (a queue) often hands out nothing more until it was told.
 */
const acknowledgementPatienceMs = 50;
/** How long a failing run tries to store what was acknowledged. */
const lastFlushMs = 1_000;

export class SourceTaskRun implements TaskRun {
  readonly #plugin: SourcePlugin;
  readonly #plugins: DefinitionPlugins;
  readonly #context: TaskRunContext;
  readonly #calls: LogCalls;
  readonly #errors: TaskErrors;
  readonly #bounds: SourceBounds;
  readonly #changes = new Changes();
  readonly #submitted = new SubmittedBatches();
  /** Where transactions end, if the connector says it. */
  readonly #requests: TransactionRequests | undefined;
  readonly #failed = Promise.withResolvers<never>();
  readonly #tracing: RunTracing;
  readonly #polls: SourcePolls;
  #processing: Processing | undefined;
  #writer: LogWriter | undefined;
  #task: SourceTask | undefined;
  #sender: BatchSender | undefined;
  #acknowledgements: Acknowledgements | undefined;
  #activities: Promise<unknown> = Promise.resolve();
  /** The current poll until its records are handed to the sender. */
  #step: Promise<void> | undefined;
  /** Undefined with exactly once. */
  #flusher: OffsetFlusher | undefined;

  constructor(plugin: SourcePlugin, plugins: DefinitionPlugins, context: TaskRunContext) {
    this.#plugins = plugins;
    this.#plugin = plugin;
    this.#context = context;
    this.#calls = new LogCalls({ ...context, onChange: () => this.#changes.notify() });
    this.#errors = new TaskErrors(errorSettingsOf(context.config), context);
    this.#bounds = sourceBoundsOf(context.config, context.options);
    this.#tracing = new RunTracing(context);
    this.#polls = new SourcePolls(context, this.#calls, this.#tracing);
    const { exactlyOnce } = context.options;
    if (exactlyOnce && transactionBoundaryOf(context.config) === 'connector')
      this.#requests = new TransactionRequests();
    // Whoever races with it handles it; without this, a failure after the race would be unhandled.
    this.#failed.promise.catch(() => {});
  }

  async start(): Promise<void> {
    const { config, counters, identity, logger, options, scope } = this.#context;
    assertExactlyOnce(this.#plugin, this.#context);
    this.#processing = createProcessing(this.#context, this.#plugins);
    // Before the task reads its offsets: from here on an older owner cannot move them any more.
    const writer = await this.#calls.untilAccepted('open', () => options.log.openWriter(identity));
    this.#writer = writer;
    assertDurable(this.#plugin, this.#context);
    const deadLetters = await this.#openDeadLetters(writer);
    const task = this.#plugin.createTask();
    this.#task = task;
    this.#acknowledgements = new Acknowledgements({ task, scope, counters, logger });
    this.#sender = options.exactlyOnce
      ? this.#transactionSender(writer)
      : this.#recordSender(writer, deadLetters, this.#acknowledgements);
    await task.start(config, {
      connector: this.#context.connector,
      task: this.#context.task,
      logger,
      signal: scope.closing,
      configs: () => config,
      offsets: (partitions) => this.#readOffsets(partitions),
      transactions: this.#requests,
    });
  }

  async move(): Promise<void> {
    const { scope } = this.#context;
    const sender = this.#sender;
    assert(sender, 'a run moves after it was started');
    const onClosing = (): void => this.#changes.notify();
    scope.closing.addEventListener('abort', onClosing, { once: true });
    const polling = this.#pollUntilClosing().finally(() => sender.finish());
    const sending = sender.run();
    const both = Promise.allSettled([polling, sending]);
    this.#activities = both;
    if (this.#context.isPaused()) this.pauseOrResume();
    try {
      await Promise.race([Promise.all([polling, sending]), this.#failed.promise]);
    } catch (error) {
      if (!scope.isClosing) {
        scope.close();
        const storing = sending
          .catch(() => {})
          .then(() => (isFenced(error) ? undefined : this.#flusher?.last()));
        await withinLimit(storing, lastFlushMs, this.#context.options.clock);
        throw error;
      }
      // The stop goes on: what could not be sent was not acknowledged and will be read again.
      await both;
    }
    await this.#flusher?.last();
    await this.#acknowledgements?.tell();
  }

  pauseOrResume(): void {
    this.#changes.notify();
    if (this.#context.isPaused()) void this.#settlePause();
  }

  async close(): Promise<void> {
    await this.#activities;
    await this.#flusher?.close();
    try {
      await this.#task?.stop();
    } finally {
      this.#tracing.end();
      await closeTransforms(this.#processing?.chain, this.#context.logger);
      await this.#writer?.close();
    }
  }

  #recordSender(
    writer: LogWriter,
    deadLetters: DeadLetterQueue | undefined,
    acknowledgements: Acknowledgements,
  ): RecordSender {
    this.#flusher = new OffsetFlusher({
      context: this.#context,
      calls: this.#calls,
      submitted: this.#submitted,
      acknowledgements,
      tracing: this.#tracing,
      writer,
      onFatal: (error) => this.#failed.reject(error),
      onChange: () => this.#changes.notify(),
    });
    return new RecordSender({
      writer,
      calls: this.#calls,
      errors: this.#errors,
      deadLetters,
      counters: this.#context.counters,
      onAcknowledged: (batch, acks) => {
        this.#submitted.acknowledge(batch.submitted);
        this.#acknowledged(batch, acks);
        this.#flusher?.soon(batch.records.at(-1)?.isOffsetOnly);
      },
    });
  }

  #transactionSender(writer: LogWriter): TransactionSender {
    const { config, connector, counters, options } = this.#context;
    return new TransactionSender({
      connector,
      boundary: transactionBoundaryOf(config),
      intervalMs: boundaryIntervalOf(config) ?? options.offsetFlushIntervalMs,
      bounds: this.#bounds,
      writer,
      calls: this.#calls,
      errors: this.#errors,
      submitted: this.#submitted,
      counters,
      clock: options.clock,
      onCommitted: (batches, acks) => {
        let next = 0;
        for (const batch of batches) {
          const end = next + batch.topics.length;
          this.#acknowledged(batch, acks.slice(next, end));
          next = end;
        }
        const mark = this.#acknowledgements?.markFlush();
        if (mark) mark.outcome = 'stored';
        counters.lastCommitAtMs = options.clock.wallMs();
      },
    });
  }

  async #openDeadLetters(writer: LogWriter): Promise<DeadLetterQueue | undefined> {
    const { counters, options } = this.#context;
    const { deadLetters: settings } = this.#errors.settings;
    if (!settings) return undefined;
    const shared = { settings, log: options.log, calls: this.#calls, counters };
    await ensureDeadLetterTopic(shared);
    return new DeadLetterQueue(writer, shared);
  }

  async #readOffsets(
    partitions: readonly SourcePartition[],
  ): Promise<(SourceOffsetValue | undefined)[]> {
    const { connector, options } = this.#context;
    const offsets = await this.#calls.untilAccepted('offsets', () =>
      options.log.readSourceOffsets(connector, partitions),
    );
    return offsets as (SourceOffsetValue | undefined)[];
  }

  // Task loop

  async #pollUntilClosing(): Promise<void> {
    const { scope, turns } = this.#context;
    for (;;) {
      const seen = this.#changes.version;
      await this.#acknowledgements?.tell();
      const turn = turns.take();
      if (turn) await turn;
      if (scope.isClosing) return;
      if (this.#context.isPaused() || !this.#hasRoom()) {
        await this.#changes.after(seen);
      } else if (!scope.isFresh) {
        // Stored now, while it may still be done, so that an expiry would find nothing to repeat.
        this.#sender?.endOpen();
        void this.#flusher?.flush();
        await scope.untilFresh();
      } else if (this.#task?.commitRecord && (await this.#acknowledgedMore(seen))) {
        // Told first.
      } else {
        const step = this.#pollOnce();
        this.#step = step;
        await step;
        this.#step = undefined;
      }
    }
  }

  /** True if something was acknowledged, or changed otherwise, before the patience was over. */
  async #acknowledgedMore(seen: number): Promise<boolean> {
    if ((this.#sender?.settling ?? 0) === 0) return false;
    const { clock } = this.#context.options;
    return withinLimit(this.#changes.after(seen), acknowledgementPatienceMs, clock);
  }

  #hasRoom(): boolean {
    const { recordsInFlightMax, bytesInFlightMax } = this.#bounds;
    const sent = this.#sender?.records ?? 0;
    const untold = this.#acknowledgements?.records ?? 0;
    return sent + untold < recordsInFlightMax && (this.#sender?.bytes ?? 0) < bytesInFlightMax;
  }

  async #pollOnce(): Promise<void> {
    assert(this.#task, 'a run polls after it was started');
    const polled = await this.#polls.next(this.#task);
    if (polled) await this.#hand(polled);
  }

  async #hand({ records, trace }: PolledBatch): Promise<void> {
    const { counters, options, scope } = this.#context;
    assert(this.#processing && this.#sender, 'a run polls after it was started');
    counters.recordsIn += records.length;
    const newestMs = records.at(-1)?.timestampMs;
    if (newestMs !== undefined) {
      counters.sourceDelayMs = Math.max(0, options.clock.wallMs() - newestMs);
    }
    const segments = this.#requests?.apart(records) ?? [{ records, end: undefined }];
    let processed: ProcessedBatch[];
    try {
      processed = await this.#processed(segments, this.#processing, trace);
    } catch (error) {
      // One that was tried again when the stop came is polled again by the next owner.
      if (scope.isClosing) return;
      trace?.fail(error);
      throw error;
    }
    await this.#untilResumed();
    // Not sent, so not acknowledged: read again by the next owner.
    if (scope.isOver || (scope.isClosing && this.#context.isPaused())) return;
    trace?.split(processed.length);
    for (const [index, batch] of processed.entries()) {
      const submitted = this.#submitted.submit(batch.records);
      this.#sender.add({ ...batch, submitted, trace }, segments[index]?.end);
    }
    counters.recordsActive = this.#sender.records;
  }

  async #processed(
    segments: readonly Segment[],
    { chain, converters, stages }: Processing,
    trace: BatchTrace | undefined,
  ): Promise<ProcessedBatch[]> {
    const processed: ProcessedBatch[] = [];
    const watch = { stages, trace };
    for (const { records } of segments)
      processed.push(await processSourceBatch(records, converters, chain, this.#errors, watch));
    return processed;
  }

  /** What was polled while the task was being paused is held back until it is resumed. */
  async #untilResumed(): Promise<void> {
    const { scope } = this.#context;
    while (this.#context.isPaused() && !scope.isClosing) {
      const seen = this.#changes.version;
      await this.#acknowledgements?.tell();
      if (this.#context.isPaused() && !scope.isClosing) await this.#changes.after(seen);
    }
  }

  // Sender

  #acknowledged(batch: Sendable, acks: readonly ProduceAck[]): void {
    const { counters, options } = this.#context;
    assertDurable(this.#plugin, this.#context);
    this.#acknowledgements?.add(batch, acks);
    batch.trace?.through();
    counters.recordsOut += batch.records.length - batch.droppedCount - refusedIn(acks);
    counters.bytes += batch.bytes;
    counters.recordsActive = this.#sender?.records ?? 0;
    options.observer?.written(batch, acks);
    for (const { topic } of batch.topics) this.#context.usedTopics.add(topic);
    this.#changes.notify();
  }

  // Pause

  /** PAUSED is reported when nothing moves any more, or when the log does not take what is left. */
  async #settlePause(): Promise<void> {
    const { options, scope } = this.#context;
    const isWanted = (): boolean => this.#context.isPaused() && !scope.isClosing;
    await withinLimit(this.#step ?? Promise.resolve(), pausePatienceMs, options.clock);
    this.#sender?.endOpen();
    for (;;) {
      const seen = this.#changes.version;
      if (!isWanted()) return;
      const isStalled = this.#calls.isStalled('produce') || this.#calls.isStalled('dead-letters');
      if (this.#sender?.settling === 0 || isStalled) break;
      await this.#changes.after(seen);
    }
    await this.#flusher?.flush();
    if (isWanted()) this.#context.reportPaused();
  }
}

function refusedIn(acks: readonly ProduceAck[]): number {
  let refused = 0;
  for (const { offsets } of acks)
    for (let index = 0; index < offsets.length; index += 1)
      if ((offsets[index] ?? 0) < 0) refused += 1;
  return refused;
}
