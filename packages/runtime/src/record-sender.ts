/**
 * Sends processed batches in the order of polling. One produce call is in flight at a time, and everything
 * that was polled meanwhile goes into the next one: a slow log gets larger calls, not more of them, and a
 * failed call can be repeated without overtaking anything. A call that failed may have been appended, so
 * repeating it may duplicate records but never loses or reorders them.
 */
import type { LogWriter, ProduceAck } from '@sluice/record-log';

import { Changes } from './changes.ts';
import type { LogCalls } from './log-calls.ts';
import type { ProcessedBatch } from './process-batch.ts';
import type { SubmittedBatch } from './submitted-batches.ts';

export interface Sendable extends ProcessedBatch {
  readonly submitted: SubmittedBatch;
}

export interface RecordSenderOptions {
  readonly writer: LogWriter;
  readonly calls: LogCalls;
  /** In the order of polling. `acks` belong to `batch.topics` one by one. */
  readonly onAcknowledged: (batch: Sendable, acks: readonly ProduceAck[]) => void;
}

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
    const { calls, writer, onAcknowledged } = this.#options;
    const group = this.#queue;
    this.#queue = [];
    const topics = group.flatMap((batch) => batch.topics);
    const acks =
      topics.length > 0
        ? await calls.untilAccepted('produce', () => writer.produce(topics))
        : ([] as ProduceAck[]);
    let next = 0;
    for (const batch of group) {
      this.#records -= batch.records.length;
      this.#bytes -= batch.bytes;
      const end = next + batch.topics.length;
      onAcknowledged(batch, acks.slice(next, end));
      next = end;
    }
  }
}
