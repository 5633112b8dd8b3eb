/**
 * Records in a row mostly have the same headers, as those of one traced batch: for the formats that records are stored in,
 * which then measure, write and read them once.
 */
import type { Header } from './record-log.ts';

export interface HeadersFormat {
  /** In bytes, with their count. */
  readonly size: (headers: readonly Header[]) => number;
  /** Returns the place after them. */
  readonly write: (target: Buffer, start: number, headers: readonly Header[]) => number;
}

/** The headers that were measured and written last, known by their array. */
export class HeadersWriter {
  readonly #format: HeadersFormat;
  #measured: readonly Header[] | undefined;
  #size = 0;
  #written: readonly Header[] | undefined;
  #target: Buffer | undefined;
  #start = 0;
  #end = 0;

  constructor(format: HeadersFormat) {
    this.#format = format;
  }

  size(headers: readonly Header[]): number {
    if (headers === this.#measured) return this.#size;
    this.#measured = headers;
    this.#size = this.#format.size(headers);
    return this.#size;
  }

  /** Returns the place after them. */
  write(target: Buffer, start: number, headers: readonly Header[]): number {
    if (headers === this.#written && target === this.#target) {
      target.copyWithin(start, this.#start, this.#end);
      return start + this.#end - this.#start;
    }
    this.#written = headers;
    this.#target = target;
    this.#start = start;
    this.#end = this.#format.write(target, start, headers);
    return this.#end;
  }
}

/** The headers that were read last. Those that follow and are the same get one array, which tells readers that they are. */
export class HeadersReader {
  #headers: readonly Header[] = [];
  #source: Buffer | undefined;
  #start = 0;
  #end = 0;

  get headers(): readonly Header[] {
    return this.#headers;
  }

  /** As they are stored. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Whether they stand once more at `start`. Headers tell their length, so none are the beginning of others. */
  areAt(source: Buffer, start: number): boolean {
    if (source !== this.#source) return false;
    const end = start + this.size;
    return end <= source.length && source.compare(source, start, end, this.#start, this.#end) === 0;
  }

  keep(headers: readonly Header[], source: Buffer, start: number, end: number): void {
    this.#headers = headers;
    this.#source = source;
    this.#start = start;
    this.#end = end;
  }
}
