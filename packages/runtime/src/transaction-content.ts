/**
 * What one transaction writes: the topics of its batches and their dead letters. What the log refuses is left out, as a
 * dead letter if there are any, and the rest is sent again. Nothing is written before the log takes all.
 */
import { SluiceError } from '@sluice/kernel';
import type {
  ProduceAck,
  ProduceRecord,
  RecordsRefusedError,
  TopicBatch,
} from '@sluice/record-log';

import { letterForms } from './errors/shorter-letter.ts';
import type { RefusedRecord } from './produce-tolerantly.ts';

/** Of one topic: what is left to send of it. */
interface Part {
  readonly batch: TopicBatch;
  /** Of its records, into those that there were in the beginning. */
  readonly indices: readonly number[];
}

interface Letter {
  readonly whole: ProduceRecord;
  /** Into `letterForms`. */
  readonly form: number;
}

export class TransactionContent {
  readonly #topics: readonly TopicBatch[];
  readonly #letterTopic: string;
  #parts: Part[];
  #letters: Letter[];

  constructor(
    topics: readonly TopicBatch[],
    letters: readonly ProduceRecord[],
    letterTopic: string,
  ) {
    this.#topics = topics;
    this.#letterTopic = letterTopic;
    this.#parts = topics.map((batch) => ({ batch, indices: batch.records.map((_, at) => at) }));
    this.#letters = letters.map((whole) => ({ whole, form: 0 }));
  }

  /** Those of the topics in their order, then the letters. */
  get batches(): TopicBatch[] {
    const batches = this.#parts.map(({ batch }) => batch);
    if (this.#letters.length === 0) return batches;
    const records = this.#letters.map(({ whole, form }) => letterForms[form]?.(whole) ?? whole);
    return [...batches, { topic: this.#letterTopic, records }];
  }

  /**
   * Leaves out what was refused of the topics, and returns it; a letter that was refused gets shorter.
   * @throws SluiceError `task.dead_letters_failed` for one that cannot.
   */
  leaveOut({ refused }: RecordsRefusedError): RefusedRecord[] {
    const left: RefusedRecord[] = [];
    const gone = this.#parts.map(() => new Set<number>());
    for (const { batch, index: position, error } of refused) {
      const part = this.#parts[batch];
      if (!part) {
        this.#shorten(position, error);
        continue;
      }
      const [record, index] = [part.batch.records[position], part.indices[position]];
      if (!record || index === undefined) continue;
      gone[batch]?.add(position);
      left.push({ topic: batch, index, record, error });
    }
    this.#parts = this.#parts.map(({ batch, indices }, number) => {
      const isLeft = (_: unknown, position: number): boolean =>
        gone[number]?.has(position) !== true;
      return {
        batch: { ...batch, records: batch.records.filter(isLeft) },
        indices: indices.filter(isLeft),
      };
    });
    return left;
  }

  addLetters(letters: readonly ProduceRecord[]): void {
    this.#letters.push(...letters.map((whole) => ({ whole, form: 0 })));
  }

  /** One for each topic that there was; partition and offset are -1 where the record was left out. */
  acksOf(acks: readonly ProduceAck[]): ProduceAck[] {
    return this.#topics.map(({ topic, records }, number) => {
      const part = this.#parts[number];
      const ack = acks[number];
      if (!part || !ack) return { topic, partitions: [], offsets: [] };
      if (part.indices.length === records.length) return ack;
      const partitions = records.map(() => -1);
      const offsets = records.map(() => -1);
      for (const [position, index] of part.indices.entries()) {
        partitions[index] = ack.partitions[position] ?? -1;
        offsets[index] = ack.offsets[position] ?? -1;
      }
      return { topic, partitions, offsets };
    });
  }

  #shorten(position: number, error: SluiceError): void {
    const letter = this.#letters[position];
    if (!letter) return;
    const form = letter.form + 1;
    if (form >= letterForms.length || error.code !== 'log.record_too_large')
      throw new SluiceError(
        'task.dead_letters_failed',
        `Could not produce message to dead letter queue. topic=${this.#letterTopic}: ${error.message}. Nothing was committed`,
        { cause: error, details: { topic: this.#letterTopic } },
      );
    this.#letters[position] = { ...letter, form };
  }
}
