/** Collects the bytes of one record after the other, in a buffer that is used again. */
import { DataError } from '@sluice/connector-api';

const startBytes = 16 * 1024;
/** What a record has grown the buffer to is given back beyond this. */
const keptBytesMax = 1024 * 1024;
/** Node's limit of a Buffer is above; no broker takes such a record. */
const recordBytesMax = 1024 * 1024 * 1024;

export class ByteSink {
  #buffer = Buffer.allocUnsafeSlow(startBytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written since the last call; the next record begins. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#length));
    this.reset();
    return bytes;
  }

  /** Forgets what was written. */
  reset(): void {
    this.#length = 0;
    if (this.#buffer.length > keptBytesMax) this.#buffer = Buffer.allocUnsafeSlow(startBytes);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length] = value;
    this.#length += 1;
  }

  int32BigEndian(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32BE(value >>> 0, this.#length);
  }

  fixed32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeInt32LE(value | 0, this.#length);
  }

  fixed64(value: bigint): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64LE(BigInt.asIntN(64, value), this.#length);
  }

  float(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeFloatLE(value, this.#length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** An unsigned number below 2^32, seven bits a byte. */
  varint32(value: number): void {
    this.#reserve(5);
    let rest = value >>> 0;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#buffer[this.#length++] = rest;
  }

  /** The low 64 bits, unsigned. */
  varint64(value: bigint): void {
    const unsigned = BigInt.asUintN(64, value);
    if (unsigned < 0x1_0000_0000n) {
      this.varint32(Number(unsigned));
      return;
    }
    this.#reserve(10);
    let rest = unsigned;
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  zigzag32(value: number): void {
    this.varint32((value << 1) ^ (value >> 31));
  }

  zigzag64(value: number | bigint): void {
    if (typeof value === 'number' && value >= -0x4000_0000 && value < 0x4000_0000) {
      this.zigzag32(value);
      return;
    }
    const exact = BigInt(value);
    this.varint64((exact << 1n) ^ (exact >> 63n));
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  utf8(text: string, byteLength: number): void {
    this.#reserve(byteLength);
    this.#length += this.#buffer.write(text, this.#length, 'utf8');
  }

  /**
   * Puts the length of what has been written since `start` in front of it, as a varint: of nested messages
   * the length is known last.
   */
  insertLength(start: number): void {
    const length = this.#length - start;
    let prefix = 1;
    for (let rest = length; rest > 0x7f; rest >>>= 7) prefix += 1;
    this.#reserve(prefix);
    this.#buffer.copyWithin(start + prefix, start, this.#length);
    this.#length = start;
    this.varint32(length);
    this.#length = start + prefix + length;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    if (needed > recordBytesMax) throw new DataError('The record is longer than 1 GiB');
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
