/**
 * Sends processed batches in the order of polling. One produce call is in flight at a time, and everything
 * that was polled meanwhile goes into the next one: a slow log gets larger calls, not more of them, and a
 * failed call can be repeated without overtaking anything. A call that failed may have been appended, so
 * repeating it may duplicate records but never loses or reorders them.
 */
import type { LogWriter, ProduceAck, ProduceRecord, TopicBatch } from '@sluice/record-log';

import { Changes } from './changes.ts';
import type { DeadLetterQueue } from './errors/dead-letter-queue.ts';
import type { FailedPolled, TaskErrors } from './errors/task-errors.ts';
import type { LogCalls } from './log-calls.ts';
import type { ProcessedBatch } from './process-source-batch.ts';
import { type ProducedParts, produceTolerantly, type RefusedRecord } from './produce-tolerantly.ts';
import type { SubmittedBatch } from './submitted-batches.ts';
import type { MutableCounters } from './task-metrics.ts';
import type { BatchTrace } from './tracing/batch-trace.ts';
import { producing } from './tracing/produce-step.ts';
import type { TransactionEnd } from './transaction-requests.ts';

export interface Sendable extends ProcessedBatch {
  readonly submitted: SubmittedBatch;
  /** Of the poll that it comes from. */
  readonly trace: BatchTrace | undefined;
}

/** Sends batches in the order of polling, in the one way or the other. */
export interface BatchSender {
  /** Records added and not acknowledged. */
  readonly records: number;
  readonly bytes: number;
  /** Those of them that are acknowledged without more being polled. */
  readonly settling: number;
  /** `end`: where a transaction ends after it. */
  add(batch: Sendable, end?: TransactionEnd): void;
  /** The task rests: nothing is waited for that could be sent. */
  endOpen(): void;
  /** Nothing more will be added: `run` returns when all is acknowledged that can be. */
  finish(): void;
  /** @throws what the log refused for good, or the end of the run. */
  run(): Promise<void>;
}

export interface RecordSenderOptions {
  readonly writer: LogWriter;
  readonly calls: LogCalls;
  readonly errors: TaskErrors;
  /** Of the same writer. Undefined: what is given up is not kept. */
  readonly deadLetters: DeadLetterQueue | undefined;
  readonly counters: MutableCounters;
  /**
   * In the order of polling. `acks` belong to `batch.topics` one by one; an offset below 0 is that of a record that
   * the log refused and `errors.tolerance` lets pass.
   */
  readonly onAcknowledged: (batch: Sendable, acks: readonly ProduceAck[]) => void;
}

/** Kafka Connect's name of what produces. */
const producingClass = 'org.apache.kafka.connect.runtime.WorkerSourceTask';

export class RecordSender implements BatchSender {
  readonly #options: RecordSenderOptions;
  readonly #changes = new Changes();
  #queue: Sendable[] = [];
  #isFinishing = false;
  #records = 0;
  #bytes = 0;

  constructor(options: RecordSenderOptions) {
    this.#options = options;
  }

  get records(): number {
    return this.#records;
  }

  get settling(): number {
    return this.#records;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(batch: Sendable): void {
    this.#queue.push(batch);
    this.#records += batch.records.length;
    this.#bytes += batch.bytes;
    this.#changes.notify();
  }

  /** Nothing waits here. */
  endOpen(): void {}

  finish(): void {
    this.#isFinishing = true;
    this.#changes.notify();
  }

  async run(): Promise<void> {
    for (;;) {
      const seen = this.#changes.version;
      if (this.#queue.length > 0) await this.#send();
      else if (this.#isFinishing) return;
      else await this.#changes.after(seen);
    }
  }

  async #send(): Promise<void> {
    const { calls, counters, errors, onAcknowledged, writer } = this.#options;
    const group = this.#queue;
    this.#queue = [];
    const topics = group.flatMap((batch) => batch.topics);
    const letters = group.flatMap((batch) => batch.deadLetters);
    counters.deadLetterRequests += letters.length;
    const all = letters.length > 0 ? [...topics, this.#lettersBatch(letters)] : topics;
    const { acks, refused } =
      all.length === 0
        ? nothingProduced
        : await producing(group, () =>
            produceTolerantly(
              all,
              (batches) => calls.untilAccepted('produce', () => writer.produce(batches)),
              (error) => errors.tolerates('KAFKA_PRODUCE', error),
            ),
          );
    if (refused.length > 0) await this.#giveUp(group, topics, refused);
    let next = 0;
    for (const batch of group) {
      this.#records -= batch.records.length;
      this.#bytes -= batch.bytes;
      const end = next + batch.topics.length;
      onAcknowledged(batch, acks.slice(next, end));
      next = end;
    }
  }

  /** What is refused of the topics is a dead letter now; what is refused of the letters, a shorter one. */
  async #giveUp(
    group: readonly Sendable[],
    topics: readonly TopicBatch[],
    refused: readonly RefusedRecord[],
  ): Promise<void> {
    const { counters, deadLetters, errors } = this.#options;
    const places = group.flatMap((batch) => batch.topics.map((_, index) => ({ batch, index })));
    const failed = refused.flatMap((each) => {
      const place = places[each.topic];
      const topic = topics[each.topic]?.topic ?? '';
      return place ? (refusedRecord(each, place.batch, place.index, topic) ?? []) : [];
    });
    const letters = refused.flatMap(({ record, topic }) => (places[topic] ? [] : record));
    counters.recordFailures += failed.length;
    // The queue counts them.
    counters.deadLetterRequests -= letters.length;
    await deadLetters?.write([...letters, ...errors.giveUpPolled(failed)]);
  }

  #lettersBatch(records: readonly ProduceRecord[]): TopicBatch {
    return { topic: this.#options.errors.settings.deadLetters?.topic ?? '', records };
  }
}

const nothingProduced: ProducedParts = { acks: [], refused: [] };

export function refusedRecord(
  { error, index, record }: RefusedRecord,
  { positions, records }: Sendable,
  group: number,
  topic: string,
): FailedPolled | undefined {
  const polled = records[positions[group]?.[index] ?? index];
  if (!polled) return undefined;
  const { partition = -1, ...converted } = record;
  return {
    stage: 'KAFKA_PRODUCE',
    class: producingClass,
    error,
    polled,
    converted,
    place: { topic, partition, offset: -1 },
  };
}
