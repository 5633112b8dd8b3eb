import { type FetchedRecord, recordBytes } from '../index.ts';

const recordOverheadBytes = 64; // Roughly what the objects of a record take.

/** The records of one partition, oldest first; beyond its bytes it forgets the oldest. */
export class MemoryPartition {
  readonly #bytesMax: number;
  #records: FetchedRecord[] = [];
  /** Index of the oldest record that still counts; those before it are dropped in bulk. */
  #first = 0;
  #low = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get low(): number {
    return this.#low;
  }

  get high(): number {
    return this.#low + this.#records.length - this.#first;
  }

  append(record: Omit<FetchedRecord, 'offset'>): number {
    const offset = this.high;
    this.#records.push({ ...record, offset });
    this.#bytes += recordBytes(record) + recordOverheadBytes;
    while (this.#bytes > this.#bytesMax && this.#low < offset) this.deleteBefore(this.#low + 1);
    return offset;
  }

  /** The record at an offset between `low` and `high`. */
  at(offset: number): FetchedRecord | undefined {
    return this.#records[offset - this.#low + this.#first];
  }

  /** Records from an offset on, at least one if there is any, up to about that many bytes. */
  from(
    wanted: number,
    bytesMax: number,
  ): { readonly records: FetchedRecord[]; readonly nextOffset: number; readonly high: number } {
    const { low, high } = this;
    const records: FetchedRecord[] = [];
    let offset = Math.max(wanted, low);
    for (let bytes = 0; offset < high && bytes < bytesMax; offset += 1) {
      const record = this.at(offset);
      if (!record) break;
      records.push(record);
      bytes += recordBytes(record);
    }
    return { records, nextOffset: offset, high };
  }

  /** Offset of the first record that is not older; the end if there is none. */
  since(timeMs: number): number {
    const index = this.#records.findIndex(
      (record, at) => at >= this.#first && record.timestampMs >= timeMs,
    );
    return index < 0 ? this.high : this.#low + index - this.#first;
  }

  deleteBefore(offset: number): void {
    while (this.#low < offset && this.#first < this.#records.length) {
      const oldest = this.#records[this.#first];
      if (oldest) this.#bytes -= recordBytes(oldest) + recordOverheadBytes;
      this.#first += 1;
      this.#low += 1;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
  }
}
