/**
 * Which records of a batch `put` refuses: the batch is put again in halves, in its order, until what is refused is
 * one record. One bad record of n costs about 2 log2 n puts; none is put after one that comes behind it. Pure.
 */
import type { SinkRecord } from '@sluice/connector-api';

export interface RefusedByPut {
  readonly record: SinkRecord;
  readonly error: unknown;
}

export class PutSearch {
  /** To be put, the first one next. */
  #pending: (readonly SinkRecord[])[];
  #refused: RefusedByPut[] = [];
  #accepted: SinkRecord[] = [];

  /** `records` were refused. Not empty. */
  constructor(records: readonly SinkRecord[], error: unknown) {
    this.#pending = [records];
    this.refuse(error);
  }

  /** Undefined: the search is over. */
  get next(): readonly SinkRecord[] | undefined {
    return this.#pending[0];
  }

  get refused(): readonly RefusedByPut[] {
    return this.#refused;
  }

  get accepted(): readonly SinkRecord[] {
    return this.#accepted;
  }

  /** `next` was put. */
  accept(): void {
    for (const record of this.#pending.shift() ?? []) this.#accepted.push(record);
  }

  /** `next` was refused for good. */
  refuse(error: unknown): void {
    const records = this.#pending.shift() ?? [];
    const [only] = records;
    if (only && records.length === 1) {
      this.#refused.push({ record: only, error });
      return;
    }
    const middle = Math.ceil(records.length / 2);
    this.#pending.unshift(records.slice(0, middle), records.slice(middle));
  }

  /** Only records that are still wanted take part. */
  retain(isWanted: (record: SinkRecord) => boolean): void {
    this.#pending = this.#pending
      .map((records) => records.filter(isWanted))
      .filter((records) => records.length > 0);
    this.#refused = this.#refused.filter(({ record }) => isWanted(record));
    this.#accepted = this.#accepted.filter(isWanted);
  }
}
