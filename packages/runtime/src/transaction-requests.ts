/**
 * Where a task wants its transactions to end. It asks while it is polled, and the batch that comes of that is taken
 * apart here. A request about a record is good for whichever batch has it.
 */
import { ConnectError, type SourceRecord, type TransactionContext } from '@sluice/connector-api';

export type TransactionEnd = 'commit' | 'abort';

/** Records up to an end; the last ones of a batch may be in a transaction that goes on. */
export interface Segment {
  readonly records: readonly SourceRecord[];
  readonly end: TransactionEnd | undefined;
}

export class TransactionRequests implements TransactionContext {
  #ofBatch: TransactionEnd | 'both' | undefined;
  readonly #ofRecords = new WeakMap<SourceRecord, TransactionEnd | 'both'>();

  commitTransaction(record?: SourceRecord): void {
    this.#request('commit', record);
  }

  abortTransaction(record?: SourceRecord): void {
    this.#request('abort', record);
  }

  /** @throws ConnectError where both were asked for. Not sooner: the task might catch it, and go on. */
  apart(records: readonly SourceRecord[]): Segment[] {
    const segments: Segment[] = [];
    let start = 0;
    for (const [index, record] of records.entries()) {
      const end = this.#ofRecords.get(record);
      if (end === undefined) continue;
      if (end === 'both')
        throw new ConnectError(
          `Connector requested both commit and abort of same record against topic/partition ${record.topic}/${String(record.partition ?? null)}`,
        );
      segments.push({ records: records.slice(start, index + 1), end });
      start = index + 1;
    }
    const end = this.#ofBatch;
    this.#ofBatch = undefined;
    if (end === 'both')
      throw new ConnectError('Connector requested both commit and abort of same transaction');
    if (start < records.length || end !== undefined)
      segments.push({ records: start === 0 ? records : records.slice(start), end });
    return segments;
  }

  #request(end: TransactionEnd, record: SourceRecord | undefined): void {
    if (record === undefined) this.#ofBatch = both(this.#ofBatch, end);
    else this.#ofRecords.set(record, both(this.#ofRecords.get(record), end));
  }
}

function both(
  before: TransactionEnd | 'both' | undefined,
  now: TransactionEnd,
): TransactionEnd | 'both' {
  return before === undefined || before === now ? now : 'both';
}
