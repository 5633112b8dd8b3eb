/**
 * Sends processed batches in transactions, each with the offsets that it stands for: all of it is written, or nothing.
 * One is under way at a time, in the order of polling.
 *
 *     open ──its end──▶ ended ──transact──▶ committed, told
 *
 * Where an end comes: `poll`: behind each batch; those that came while one was under way go into one transaction, whose
 * reader sees no less of a batch than before. `interval`: so long after its first batch, sooner when no more fits. `connector`: where
 * the task says; what it leaves open when the run ends is not written, and polled again.
 *
 * On failure: what was surely not committed is sent again for as long as it takes. Where that is not known, the run is
 * over, and the next one goes on at the stored offsets. What is aborted was never sent: only its offsets are stored.
 */
import type { TransactionBoundary } from '@sluice/connector-api';
import { type Clock, SluiceError, type Timer } from '@sluice/kernel';
import { type LogWriter, type ProduceAck, RecordsRefusedError } from '@sluice/record-log';

import type { SourceBounds } from './bounds.ts';
import { Changes } from './changes.ts';
import type { TaskErrors } from './errors/task-errors.ts';
import type { LogCalls } from './log-calls.ts';
import { type BatchSender, refusedRecord, type Sendable } from './record-sender.ts';
import type { SubmittedBatches } from './submitted-batches.ts';
import { countCommit, type MutableCounters } from './task-metrics.ts';
import { producing } from './tracing/produce-step.ts';
import { TransactionContent } from './transaction-content.ts';
import type { TransactionEnd } from './transaction-requests.ts';

export interface TransactionSenderOptions {
  readonly connector: string;
  readonly boundary: TransactionBoundary;
  /** Of `interval`. */
  readonly intervalMs: number;
  readonly bounds: SourceBounds;
  readonly writer: LogWriter;
  readonly calls: LogCalls;
  readonly errors: TaskErrors;
  readonly submitted: SubmittedBatches;
  readonly counters: MutableCounters;
  readonly clock: Clock;
  /**
   * A transaction was committed. `acks` belong to the topics of its batches, one after the other; an aborted one has
   * none.
   */
  readonly onCommitted: (batches: readonly Sendable[], acks: readonly ProduceAck[]) => void;
}

interface Transaction {
  readonly batches: readonly Sendable[];
  readonly end: TransactionEnd;
}

export class TransactionSender implements BatchSender {
  readonly #options: TransactionSenderOptions;
  readonly #changes = new Changes();
  readonly #ended: Transaction[] = [];
  #open: Sendable[] = [];
  #openRecords = 0;
  #records = 0;
  #bytes = 0;
  #isFinishing = false;
  /** What is open is to be ended now, if its end is not the connector's. */
  #isEndWanted = false;
  #timer: Timer | undefined;

  constructor(options: TransactionSenderOptions) {
    this.#options = options;
  }

  get records(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Records that are committed without more being polled. */
  get settling(): number {
    return this.#isOpenDue() ? this.#records : this.#records - this.#openRecords;
  }

  /** `end`: where the connector wants one. */
  add(batch: Sendable, end?: TransactionEnd): void {
    const { boundary, clock, intervalMs } = this.#options;
    this.#open.push(batch);
    this.#openRecords += batch.records.length;
    this.#records += batch.records.length;
    this.#bytes += batch.bytes;
    if (boundary === 'connector' && end !== undefined) this.#end(end);
    if (boundary === 'interval')
      this.#timer ??= clock.after(intervalMs, () => {
        this.#isEndWanted = true;
        this.#changes.notify();
      });
    this.#changes.notify();
  }

  /** The task rests: what can be committed is. */
  endOpen(): void {
    this.#isEndWanted = this.#open.length > 0;
    this.#changes.notify();
  }

  /** Nothing more will be added. */
  finish(): void {
    this.#isFinishing = true;
    this.#timer?.cancel();
    this.#changes.notify();
  }

  /** @throws what the log refused for good, `log.outcome_unknown`, or the end of the run. */
  async run(): Promise<void> {
    for (;;) {
      const seen = this.#changes.version;
      if (this.#isOpenDue()) this.#end('commit');
      const next = this.#ended.shift();
      if (next) await this.#transact(next);
      else if (this.#isFinishing) return;
      else {
        this.#assertBounded();
        await this.#changes.after(seen);
      }
    }
  }

  #isOpenDue(): boolean {
    if (this.#open.length === 0) return false;
    switch (this.#options.boundary) {
      case 'poll':
        return true;
      case 'interval':
        return this.#isEndWanted || this.#isFinishing || this.#isFull();
      case 'connector':
        return false;
    }
  }

  #isFull(): boolean {
    const { bytesInFlightMax, recordsInFlightMax } = this.#options.bounds;
    return this.#records >= recordsInFlightMax || this.#bytes >= bytesInFlightMax;
  }

  #end(end: TransactionEnd): void {
    this.#ended.push({ batches: this.#open, end });
    this.#open = [];
    this.#openRecords = 0;
    this.#isEndWanted = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Nothing more is polled then, and so its end would never come. */
  #assertBounded(): void {
    if (this.#options.boundary !== 'connector' || this.#openRecords === 0 || !this.#isFull())
      return;
    throw new SluiceError(
      'task.transaction_too_large',
      `the connector's transaction has ${this.#openRecords} records (${this.#bytes} bytes) and no end yet: raise ` +
        'sluice.records.in.flight.max or producer.override.buffer.memory, or let the connector end its transactions sooner',
    );
  }

  async #transact({ batches, end }: Transaction): Promise<void> {
    const { clock, counters, onCommitted, submitted } = this.#options;
    for (const batch of batches) submitted.acknowledge(batch.submitted);
    const due = submitted.take();
    const beganMs = clock.monotonicMs();
    const acks =
      end === 'abort'
        ? await this.#write([], due)
        : await producing(batches, () => this.#write(batches, due));
    submitted.markStored(due);
    for (const batch of batches) {
      this.#records -= batch.records.length;
      this.#bytes -= batch.bytes;
    }
    if (due.length > 0) countCommit(counters, clock.monotonicMs() - beganMs);
    onCommitted(end === 'abort' ? batches.map(withoutContent) : batches, acks);
    this.#changes.notify();
  }

  async #write(
    batches: readonly Sendable[],
    offsets: ReturnType<SubmittedBatches['take']>,
  ): Promise<readonly ProduceAck[]> {
    const { calls, connector, counters, errors, writer } = this.#options;
    const letters = batches.flatMap((batch) => batch.deadLetters);
    counters.deadLetterRequests += letters.length;
    const topics = batches.flatMap((batch) => batch.topics);
    const content = new TransactionContent(
      topics,
      letters,
      errors.settings.deadLetters?.topic ?? '',
    );
    for (;;) {
      const { batches: written } = content;
      if (written.every(({ records }) => records.length === 0) && offsets.length === 0)
        return content.acksOf([]);
      try {
        const acks = await calls.untilAccepted('produce', async () =>
          writer.transact?.({ connector, batches: written, offsets }),
        );
        return content.acksOf(acks ?? []);
      } catch (error) {
        if (!(error instanceof RecordsRefusedError) || !errors.tolerates('KAFKA_PRODUCE', error))
          throw error;
        this.#leaveOut(content, batches, error);
      }
    }
  }

  #leaveOut(
    content: TransactionContent,
    batches: readonly Sendable[],
    error: RecordsRefusedError,
  ): void {
    const { counters, errors } = this.#options;
    const places = batches.flatMap((batch) => batch.topics.map((_, index) => ({ batch, index })));
    const failed = content.leaveOut(error).flatMap((each) => {
      const place = places[each.topic];
      const topic = place?.batch.topics[place.index]?.topic ?? '';
      return place ? (refusedRecord(each, place.batch, place.index, topic) ?? []) : [];
    });
    counters.recordFailures += failed.length;
    const letters = errors.giveUpPolled(failed);
    counters.deadLetterRequests += letters.length;
    content.addLetters(letters);
  }
}

/** Of a transaction that was aborted: its records were dropped. */
function withoutContent(batch: Sendable): Sendable {
  return {
    ...batch,
    topics: [],
    positions: [],
    transformed: batch.records.map(() => null),
    droppedCount: batch.records.length,
    deadLetters: [],
    bytes: 0,
  };
}
