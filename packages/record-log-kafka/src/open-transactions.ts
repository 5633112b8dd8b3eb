import type { FetchedRecord } from '@sluice/record-log';

import type { BatchApart } from './wire/batches-apart.ts';

/**
 * Of one partition: what is read of transactions that have not ended. A batch gives the records that are committed with
 * it; those of aborted transactions are never given. Each producer's transaction ends by itself, so that one that its
 * dead owner left open holds up nobody else, as it would where the broker is asked for what is committed.
 */
export class OpenTransactions {
  readonly #open = new Map<number, FetchedRecord[]>();

  committedBy({ records, producerId, marker }: BatchApart): readonly FetchedRecord[] {
    if (producerId === undefined) return records;
    const open = this.#open.get(producerId);
    if (marker !== undefined) {
      this.#open.delete(producerId);
      return marker === 'commit' ? (open ?? []) : [];
    }
    if (records.length === 0) return [];
    const copies = records.map(copyOf);
    if (open) open.push(...copies);
    else this.#open.set(producerId, copies);
    return [];
  }

  *records(): Generator<FetchedRecord> {
    for (const records of this.#open.values()) yield* records;
  }

  clear(): void {
    this.#open.clear();
  }
}

/** What comes is a view of a whole response. */
function copyOf(record: FetchedRecord): FetchedRecord {
  const copy = (bytes: Uint8Array | null): Uint8Array | null =>
    bytes === null ? null : Buffer.from(bytes);
  return { ...record, key: copy(record.key), value: copy(record.value), headers: [] };
}
