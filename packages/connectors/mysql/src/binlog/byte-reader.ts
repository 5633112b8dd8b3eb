/** Reads the numbers and texts of MySQL's protocol from bytes, one after the other. */
export class ByteReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Of 1 to 6 bytes, the lowest first. */
  unsigned(size: number): number {
    const value = this.bytes.readUIntLE(this.at, size);
    this.at += size;
    return value;
  }

  signed(size: number): number {
    const value = this.bytes.readIntLE(this.at, size);
    this.at += size;
    return value;
  }

  /** Of 1 to 6 bytes, the highest first. */
  unsignedBig(size: number): number {
    if (size === 0) return 0;
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }

  unsigned64(): bigint {
    const value = this.bytes.readBigUInt64LE(this.at);
    this.at += 8;
    return value;
  }

  signed64(): bigint {
    const value = this.bytes.readBigInt64LE(this.at);
    this.at += 8;
    return value;
  }

  float(): number {
    const value = this.bytes.readFloatLE(this.at);
    this.at += 4;
    return value;
  }

  double(): number {
    const value = this.bytes.readDoubleLE(this.at);
    this.at += 8;
    return value;
  }

  /** A number that is as long as it has to be. */
  lengthEncoded(): number {
    const first = this.unsigned(1);
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.unsigned(2);
    if (first === 0xfd) return this.unsigned(3);
    return Number(this.unsigned64());
  }

  /** A view of the same memory. */
  take(size: number): Buffer {
    if (size > this.left) throw new RangeError('the event is shorter than it says');
    const taken = this.bytes.subarray(this.at, this.at + size);
    this.at += size;
    return taken;
  }

  text(size: number): string {
    return this.take(size).toString('utf8');
  }

  /** A text after its length. */
  lengthEncodedText(): string {
    return this.text(this.lengthEncoded());
  }

  skip(size: number): void {
    this.at += size;
  }
}

export function hasBit(bits: Buffer, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
}

/** With the highest bit first, as flags of the table map's metadata are. */
export function hasHighBit(bits: Buffer, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}
