/**
 * Writes the primitive types of Kafka's protocol, the old ones and the compact ones (KIP-482), into a
 * buffer that grows. For small requests; Produce has its own way.
 */
export class ByteWriter {
  #buffer: Buffer = Buffer.allocUnsafe(256);
  #at = 0;

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }

  int8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer.writeInt8(value, at);
    return this;
  }

  int16(value: number): this {
    const at = this.#reserve(2);
    this.#buffer.writeInt16BE(value, at);
    return this;
  }

  int32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
    return this;
  }

  int64(value: number): this {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64BE(BigInt(value), at);
    return this;
  }

  boolean(value: boolean): this {
    return this.int8(value ? 1 : 0);
  }

  unsignedVarint(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.#byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    return this.#byte(rest);
  }

  string(text: string | null): this {
    if (text === null) return this.int16(-1);
    const length = Buffer.byteLength(text);
    this.int16(length);
    return this.#text(text, length);
  }

  compactString(text: string | null): this {
    if (text === null) return this.unsignedVarint(0);
    const length = Buffer.byteLength(text);
    this.unsignedVarint(length + 1);
    return this.#text(text, length);
  }

  /** null is a list that is absent, which some requests take for "all". */
  array<Item>(items: readonly Item[] | null, write: (item: Item) => void): this {
    this.int32(items === null ? -1 : items.length);
    for (const item of items ?? []) write(item);
    return this;
  }

  compactArray<Item>(items: readonly Item[] | null, write: (item: Item) => void): this {
    this.unsignedVarint(items === null ? 0 : items.length + 1);
    for (const item of items ?? []) write(item);
    return this;
  }

  noTaggedFields(): this {
    return this.unsignedVarint(0);
  }

  #byte(value: number): this {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
    return this;
  }

  #text(text: string, length: number): this {
    const at = this.#reserve(length);
    this.#buffer.write(text, at);
    return this;
  }

  #reserve(bytes: number): number {
    const start = this.#at;
    this.#at += bytes;
    if (this.#at > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(this.#at, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, start);
      this.#buffer = grown;
    }
    return start;
  }
}
