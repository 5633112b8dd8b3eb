/**
 * The topic of a connector's dead letters, and what is written to it. A letter that cannot be written fails the task,
 * since the offset of its record would be committed otherwise and nothing of it be left.
 */
import { isFenced, isRetriable, SluiceError, toError } from '@sluice/kernel';
import type { LogWriter, ProduceRecord, RecordLog } from '@sluice/record-log';

import type { LogCalls } from '../log-calls.ts';
import { produceTolerantly, type RefusedRecord } from '../produce-tolerantly.ts';
import type { MutableCounters } from '../task-metrics.ts';
import type { DeadLetterSettings } from './error-settings.ts';
import { letterForms } from './shorter-letter.ts';

export interface DeadLetterQueueOptions {
  readonly settings: DeadLetterSettings;
  readonly log: RecordLog;
  readonly calls: LogCalls;
  readonly counters: MutableCounters;
}

/** Kafka Connect's number; letters are few. */
const partitions = 1;

/** Creates the topic unless it is there, with whatever partitions. @throws SluiceError `task.dead_letters_failed` */
export async function ensureDeadLetterTopic({
  calls,
  log,
  settings,
}: DeadLetterQueueOptions): Promise<void> {
  const { replicationFactor, topic } = settings;
  try {
    await calls.untilAccepted('dead-letters', async () => {
      if ((await log.topics.describe([topic])).has(topic)) return;
      await log.topics.create(topic, { partitions, replicationFactor });
    });
  } catch (error) {
    throw failed(
      `Could not initialize dead letter queue with topic=${topic}: ${toError(error).message}. ` +
        'Create it yourself, or set errors.deadletterqueue.topic.replication.factor to what the brokers allow',
      topic,
      error,
    );
  }
}

/** What is too large for the topic goes there shorter: a letter without the value is better than none. */
export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions;
  readonly #writer: LogWriter;

  constructor(writer: LogWriter, options: DeadLetterQueueOptions) {
    this.#writer = writer;
    this.#options = options;
  }

  /**
   * Resolves when they are durable, in their order but for those that are written shorter, which come last.
   * @throws as the log does, and SluiceError `task.dead_letters_failed`.
   */
  async write(letters: readonly ProduceRecord[]): Promise<void> {
    this.#options.counters.deadLetterRequests += letters.length;
    let left = letters;
    let refusal: unknown;
    for (const form of letterForms) {
      if (left.length === 0) return;
      const refused = await this.#produce(left, form);
      refusal = refused[0]?.error;
      left = refused.flatMap(({ index }) => left[index] ?? []);
    }
    if (left.length > 0) throw this.#failed(left.length, refusal);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  /** Returns those that are too large in this form. */
  async #produce(
    letters: readonly ProduceRecord[],
    form: (letter: ProduceRecord) => ProduceRecord,
  ): Promise<readonly RefusedRecord[]> {
    const { calls, settings } = this.#options;
    try {
      const { refused } = await produceTolerantly(
        [{ topic: settings.topic, records: letters.map(form) }],
        (batches) => calls.untilAccepted('dead-letters', () => this.#writer.produce(batches)),
        ({ refused: all }) => all.every(({ error }) => error.code === 'log.record_too_large'),
      );
      return refused;
    } catch (error) {
      throw this.#failed(letters.length, error);
    }
  }

  #failed(letters: number, error: unknown): unknown {
    const { counters, settings } = this.#options;
    counters.deadLetterFailures += letters;
    return failed(
      `Could not produce message to dead letter queue. topic=${settings.topic}: ${toError(error).message}. Nothing was committed`,
      settings.topic,
      error,
    );
  }
}

function failed(message: string, topic: string, cause: unknown): unknown {
  // Of these the caller has to see what they are.
  if (isFenced(cause) || isRetriable(cause)) return cause;
  if (cause instanceof SluiceError && cause.code === 'task.stopping') return cause;
  return new SluiceError('task.dead_letters_failed', message, { cause, details: { topic } });
}
