/**
 * Sends processed batches in the order of polling. One produce call is in flight at a time, and everything
 * that was polled meanwhile goes into the next one: a slow log gets larger calls, not more of them, and a
 * failed call can be repeated without overtaking anything. A call that failed may have been appended, so
 * repeating it may duplicate records but never loses or reorders them.
 */
import { isFenced, isRetriable, SluiceError, toError } from '@sluice/kernel';
import type { LogWriter, ProduceAck, ProduceRecord, TopicBatch } from '@sluice/record-log';

import { Changes } from './changes.ts';
import { sourceHeaders } from './errors/letter-of-source.ts';
import type { FailedPolled, TaskErrors } from './errors/task-errors.ts';
import type { LogCalls } from './log-calls.ts';
import type { ProcessedBatch } from './process-source-batch.ts';
import { produceTolerantly, type RefusedRecord } from './produce-tolerantly.ts';
import type { SubmittedBatch } from './submitted-batches.ts';
import type { MutableCounters } from './task-metrics.ts';

export interface Sendable extends ProcessedBatch {
  readonly submitted: SubmittedBatch;
}

export interface RecordSenderOptions {
  readonly writer: LogWriter;
  readonly calls: LogCalls;
  readonly errors: TaskErrors;
  readonly counters: MutableCounters;
  /**
   * In the order of polling. `acks` belong to `batch.topics` one by one; an offset below 0 is that of a record that
   * the log refused and `errors.tolerance` lets pass.
   */
  readonly onAcknowledged: (batch: Sendable, acks: readonly ProduceAck[]) => void;
}

/** What the log says of one record, whoever sends it. */
const refusals = new Set(['log.record_too_large', 'log.unknown_partition', 'log.invalid_topic']);

function isRefusal(error: unknown): boolean {
  return error instanceof SluiceError && refusals.has(error.code);
}

/** Kafka Connect's name of what produces. */
const producingClass = 'org.apache.kafka.connect.runtime.WorkerSourceTask';

export class RecordSender {
  readonly #options: RecordSenderOptions;
  readonly #changes = new Changes();
  #queue: Sendable[] = [];
  #isFinishing = false;
  #records = 0;
  #bytes = 0;

  constructor(options: RecordSenderOptions) {
    this.#options = options;
  }

  /** Records added and not acknowledged. */
  get records(): number {
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

  /** Nothing more will be added: `run` returns when all is acknowledged. */
  finish(): void {
    this.#isFinishing = true;
    this.#changes.notify();
  }

  /** @throws what the log refused for good, or the end of the run. */
  async run(): Promise<void> {
    for (;;) {
      const seen = this.#changes.version;
      if (this.#queue.length > 0) await this.#send();
      else if (this.#isFinishing) return;
      else await this.#changes.after(seen);
    }
  }

  async #send(): Promise<void> {
    const { calls, counters, onAcknowledged, writer } = this.#options;
    const group = this.#queue;
    this.#queue = [];
    const topics = group.flatMap((batch) => batch.topics);
    const letters = group.flatMap((batch) => batch.deadLetters);
    counters.deadLetterRequests += letters.length;
    const all = letters.length > 0 ? [...topics, this.#lettersBatch(letters)] : topics;
    let acks: readonly ProduceAck[];
    try {
      acks = all.length > 0 ? await calls.untilAccepted('produce', () => writer.produce(all)) : [];
    } catch (error) {
      if (!isRefusal(error) || !this.#options.errors.tolerates('KAFKA_PRODUCE', error)) throw error;
      acks = await this.#produceParts(group, topics, letters);
    }
    let next = 0;
    for (const batch of group) {
      this.#records -= batch.records.length;
      this.#bytes -= batch.bytes;
      const end = next + batch.topics.length;
      onAcknowledged(batch, acks.slice(next, end));
      next = end;
    }
  }

  /** Acknowledgements of the topics; what is refused of them is a dead letter then. */
  async #produceParts(
    group: readonly Sendable[],
    topics: readonly TopicBatch[],
    letters: readonly ProduceRecord[],
  ): Promise<readonly ProduceAck[]> {
    const { counters, errors } = this.#options;
    const call = (batches: readonly TopicBatch[]): Promise<ProduceAck[]> => this.#call(batches);
    const { acks, refused } =
      topics.length > 0
        ? await produceTolerantly(topics, call, isRefusal)
        : { acks: [], refused: [] };
    counters.recordFailures += refused.length;
    const places = group.flatMap((batch) => batch.topics.map((_, index) => ({ batch, index })));
    const own = errors.giveUpPolled(
      refused.flatMap((each) => {
        const place = places[each.topic];
        const topic = topics[each.topic]?.topic ?? '';
        return place ? (refusedRecord(each, place.batch, place.index, topic) ?? []) : [];
      }),
    );
    counters.deadLetterRequests += own.length;
    for (const letter of [...letters, ...own]) await this.#writeLetter(letter);
    return acks;
  }

  /** The value of one that is too large is left out; what the letter says leads to it. */
  async #writeLetter(letter: ProduceRecord): Promise<void> {
    try {
      await this.#call([this.#lettersBatch([letter])]);
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== 'log.record_too_large')
        throw this.#letterError(error);
      const bytes = String(letter.value?.length ?? 0);
      const omitted = [sourceHeaders.valueOmitted, Buffer.from(bytes)] as const;
      const small = { ...letter, value: null, headers: [...(letter.headers ?? []), omitted] };
      try {
        await this.#call([this.#lettersBatch([small])]);
      } catch (second) {
        throw this.#letterError(second);
      }
    }
  }

  #letterError(error: unknown): unknown {
    if (isFenced(error) || isRetriable(error) || !isRefusal(error)) return error;
    const { counters, errors } = this.#options;
    const topic = errors.settings.deadLetters?.topic ?? '';
    counters.deadLetterFailures += 1;
    return new SluiceError(
      'task.dead_letters_failed',
      `Could not produce message to dead letter queue. topic=${topic}: ${toError(error).message}. Nothing was committed`,
      { cause: error, details: { topic } },
    );
  }

  #lettersBatch(records: readonly ProduceRecord[]): TopicBatch {
    return { topic: this.#options.errors.settings.deadLetters?.topic ?? '', records };
  }

  #call(batches: readonly TopicBatch[]): Promise<ProduceAck[]> {
    const { calls, writer } = this.#options;
    return calls.untilAccepted('produce', () => writer.produce(batches));
  }
}

function refusedRecord(
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
    error: toError(error),
    polled,
    converted,
    place: { topic, partition, offset: -1 },
  };
}
