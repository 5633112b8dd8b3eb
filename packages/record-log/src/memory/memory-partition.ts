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
