/** Reads the bytes of one record; what is not there, or does not fit, is a DataError. */
import { isUtf8 } from 'node:buffer';
import { DataError } from '@sluice/connector-api';
import { exactInteger } from '@sluice/connector-api/data-values';

export class ByteSource {
  readonly #bytes: Buffer;
  readonly #end: number;
  #position: number;

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#position = start;
    this.#end = end;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  byte(): number {
    this.#need(1);
    return this.#bytes[this.#position++] as number;
  }

  float(): number {
    this.#need(4);
    const value = this.#bytes.readFloatLE(this.#position);
    this.#position += 4;
    return value;
  }

  double(): number {
    this.#need(8);
    const value = this.#bytes.readDoubleLE(this.#position);
    this.#position += 8;
    return value;
  }

  fixed32(): number {
    this.#need(4);
    const value = this.#bytes.readInt32LE(this.#position);
    this.#position += 4;
    return value;
  }

  fixed64(): bigint {
    this.#need(8);
    const value = this.#bytes.readBigInt64LE(this.#position);
    this.#position += 8;
    return value;
  }

  /** At most 10 bytes; the low 32 bits, unsigned. */
  varint32(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.byte();
      if (shift < 32) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
    throw new DataError('Invalid bytes: a number of more than 64 bits');
  }

  /** Signed, as a number where it is exact. */
  varint64(): number | bigint {
    return exactInteger(BigInt.asIntN(64, this.#unsigned64()));
  }

  unsigned64(): bigint {
    return this.#unsigned64();
  }

  /** @throws DataError beyond 32 bits */
  zigzag32(): number {
    const value = this.zigzag64();
    if (typeof value === 'bigint' || value !== (value | 0))
      throw new DataError('Invalid bytes: a number of more than 32 bits');
    return value;
  }

  zigzag64(): number | bigint {
    // Most numbers have at most four bytes.
    const start = this.#position;
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    this.#position = start;
    const unsigned = this.#unsigned64();
    return exactInteger(BigInt.asIntN(64, (unsigned >> 1n) ^ -(unsigned & 1n)));
  }

  /** A view of the record's bytes. */
  raw(length: number): Buffer {
    this.#need(length);
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  utf8(length: number): string {
    const bytes = this.raw(length);
    if (!isUtf8(bytes)) throw new DataError('Invalid bytes: a text that is not UTF-8');
    return bytes.toString('utf8');
  }

  /** A source of the next `length` bytes, which this one skips. */
  part(length: number): ByteSource {
    this.#need(length);
    const start = this.#position;
    this.#position += length;
    return new ByteSource(this.#bytes, start, this.#position);
  }

  #unsigned64(): bigint {
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index += 1) {
      const byte = this.byte();
      const bits = byte & 0x7f;
      // 5 bytes hold 35 bits, the last 3 of which are above the low 32.
      if (index < 5) {
        low |= bits << (index * 7);
        if (index === 4) high |= bits >>> 4;
      } else high |= bits << (index * 7 - 32);
      if (byte < 0x80) return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    }
    throw new DataError('Invalid bytes: a number of more than 64 bits');
  }

  #need(bytes: number): void {
    if (bytes < 0 || bytes > this.#end - this.#position)
      throw new DataError(
        `Invalid bytes: the record ends ${String(bytes - this.remaining)} bytes too early`,
      );
  }
}
