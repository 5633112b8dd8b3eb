import type { Buffer } from 'node:buffer';

import { SluiceError } from '@sluice/kernel';

/**
 * Reads the primitive types of Kafka's protocol, the old ones and the compact ones (KIP-482). What ends too
 * early, or has a length that cannot be, is `log.malformed_response` and nothing else.
 */
export class ByteReader {
  readonly #buffer: Buffer;
  #at = 0;

  constructor(buffer: Buffer) {
    this.#buffer = buffer;
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#buffer.length - this.#at;
  }

  int8(): number {
    return this.#buffer.readInt8(this.#take(1));
  }

  int16(): number {
    return this.#buffer.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#buffer.readInt32BE(this.#take(4));
  }

  /** As a number: offsets, times and producer ids stay below 2^53, −1 is −1. */
  int64(): number {
    const at = this.#take(8);
    return this.#buffer.readInt32BE(at) * 2 ** 32 + this.#buffer.readUInt32BE(at + 4);
  }

  boolean(): boolean {
    return this.int8() !== 0;
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#buffer[this.#take(1)] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw malformed('a number of more than 5 bytes');
  }

  string(): string {
    return this.nullableString() ?? fail('a string is missing');
  }

  nullableString(): string | null {
    return this.#text(this.int16());
  }

  compactString(): string {
    return this.compactNullableString() ?? fail('a string is missing');
  }

  compactNullableString(): string | null {
    return this.#text(this.unsignedVarint() - 1);
  }

  /** A view, not a copy. */
  nullableBytes(): Buffer | null {
    const length = this.int32();
    if (length === -1) return null;
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  /** null reads as an empty one. */
  array<Item>(item: (reader: this) => Item): Item[] {
    return this.#items(this.int32(), item);
  }

  compactArray<Item>(item: (reader: this) => Item): Item[] {
    return this.#items(this.unsignedVarint() - 1, item);
  }

  skipTaggedFields(): void {
    this.taggedFields(() => {});
  }

  /** Each with a reader of its own; what is left of it is skipped. */
  taggedFields(read: (tag: number, field: ByteReader) => void): void {
    for (let count = this.unsignedVarint(); count > 0; count -= 1) {
      const tag = this.unsignedVarint();
      const length = this.unsignedVarint();
      const start = this.#take(length);
      read(tag, new ByteReader(this.#buffer.subarray(start, start + length)));
    }
  }

  #items<Item>(length: number, item: (reader: this) => Item): Item[] {
    const items: Item[] = [];
    if (length === -1) return items;
    // Each has at least a byte: a wild length must not become a long loop.
    if (length < 0 || length > this.remaining) throw malformed(`a list of ${length} items`);
    for (let index = 0; index < length; index += 1) items.push(item(this));
    return items;
  }

  #text(length: number): string | null {
    if (length === -1) return null;
    const start = this.#take(length);
    return this.#buffer.toString('utf8', start, start + length);
  }

  #take(bytes: number): number {
    const start = this.#at;
    if (bytes < 0 || bytes > this.#buffer.length - start) {
      throw malformed(`${bytes} bytes wanted at ${start} of ${this.#buffer.length}`);
    }
    this.#at = start + bytes;
    return start;
  }
}

function fail(what: string): never {
  throw malformed(what);
}

function malformed(what: string): SluiceError {
  return new SluiceError(
    'log.malformed_response',
    `a broker's response is not what Kafka's protocol says: ${what}`,
  );
}
