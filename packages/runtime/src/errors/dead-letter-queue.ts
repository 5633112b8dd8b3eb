/**
 * The topic of a connector's dead letters. A letter that cannot be written fails the task, since the offset of its
 * record would be committed otherwise and nothing of it be left.
 */
import { isFenced, isRetriable, SluiceError, toError } from '@sluice/kernel';
import type { LogWriter, ProduceRecord, RecordLog } from '@sluice/record-log';

import type { LogCalls } from '../log-calls.ts';
import type { MutableCounters } from '../task-metrics.ts';
import type { DeadLetterSettings } from './error-settings.ts';

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

/** Of a sink, which has no other writer. */
export class DeadLetterQueue {
  readonly #options: DeadLetterQueueOptions;
  readonly #writer: LogWriter;

  constructor(writer: LogWriter, options: DeadLetterQueueOptions) {
    this.#writer = writer;
    this.#options = options;
  }

  /** Resolves when they are durable. @throws as the log does, and SluiceError `task.dead_letters_failed`. */
  async write(letters: readonly ProduceRecord[]): Promise<void> {
    if (letters.length === 0) return;
    const { calls, counters, settings } = this.#options;
    const { topic } = settings;
    counters.deadLetterRequests += letters.length;
    try {
      await calls.untilAccepted('dead-letters', () =>
        this.#writer.produce([{ topic, records: letters }]),
      );
    } catch (error) {
      counters.deadLetterFailures += letters.length;
      throw failed(
        `Could not produce message to dead letter queue. topic=${topic}: ${toError(error).message}. Nothing was committed`,
        topic,
        error,
      );
    }
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}

function failed(message: string, topic: string, cause: unknown): unknown {
  // Of these the caller has to see what they are.
  if (isFenced(cause) || isRetriable(cause)) return cause;
  if (cause instanceof SluiceError && cause.code === 'task.stopping') return cause;
  return new SluiceError('task.dead_letters_failed', message, { cause, details: { topic } });
}
