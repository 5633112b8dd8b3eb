/**
 * An exact decimal number, the value of Kafka Connect's logical type `Decimal`: `unscaled * 10^-scale`, so
 * that 1.50 and 1.5 are different, as Java's BigDecimal has it. Arithmetic is left to libraries: they take
 * its text.
 */
import { DataError } from './errors.ts';

const scaleMax = 2 ** 31 - 1;

/** Java's text of a BigDecimal: digits with a point, and an exponent. */
const pattern = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,10}))?$/;

/** Longer exponents of ten are not spelled out as digits: `1E+1000000000` would fill the memory. */
const plainDigitsMax = 100_000;

export class Decimal {
  readonly unscaled: bigint;
  /** Digits behind the point; negative: zeros before it. */
  readonly scale: number;

  /** @throws DataError when the scale is no 32-bit integer. */
  constructor(unscaled: bigint, scale: number) {
    if (!Number.isInteger(scale) || Math.abs(scale) > scaleMax)
      throw new DataError(`The scale of a decimal must be a 32-bit integer, not ${String(scale)}`);
    this.unscaled = unscaled;
    this.scale = scale;
    Object.freeze(this);
  }

  /** `12.50`, `-3`, `1E-7`. @throws DataError */
  static fromString(text: string): Decimal {
    const [, sign = '', whole = '', fraction = '', exponent = '0'] = pattern.exec(text) ?? [];
    const digits = whole + fraction;
    if (digits === '') throw new DataError('Not a decimal number: digits, a point, an exponent');
    const unscaled = BigInt(digits);
    return new Decimal(sign === '-' ? -unscaled : unscaled, fraction.length - Number(exponent));
  }

  /** The shortest decimal that reads back as the same number. @throws DataError for NaN and infinities. */
  static fromNumber(value: number): Decimal {
    if (!Number.isFinite(value)) throw new DataError(`${String(value)} is not a decimal number`);
    return Decimal.fromString(String(value));
  }

  /** Big-endian two's complement of the unscaled number, as Kafka Connect stores it. */
  static fromBytes(bytes: Uint8Array, scale: number): Decimal {
    // Java refuses no bytes at all as well.
    if (bytes.length === 0) throw new DataError('Invalid bytes for Decimal field: there are none');
    const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
    return new Decimal(BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`)), scale);
  }

  /** As `fromBytes` takes them: the fewest bytes that hold the number and its sign. */
  toBytes(): Buffer {
    const size = this.unscaled < 0n ? ~this.unscaled : this.unscaled;
    const bits = size === 0n ? 0 : size.toString(16).length * 4;
    let bytes = Math.floor(bits / 8) + 1;
    // The first hexadecimal digit may be small enough to leave room for the sign in one byte less.
    if (bytes > 1 && BigInt.asIntN((bytes - 1) * 8, this.unscaled) === this.unscaled) bytes -= 1;
    const hex = BigInt.asUintN(bytes * 8, this.unscaled).toString(16);
    return Buffer.from(hex.padStart(bytes * 2, '0'), 'hex');
  }

  /**
   * The same number with another scale.
   * @throws DataError when digits would be lost: rounding is the caller's decision.
   */
  withScale(scale: number): Decimal {
    if (scale === this.scale) return this;
    const shift = scale - this.scale;
    if (this.unscaled === 0n) return new Decimal(0n, scale);
    if (Math.abs(shift) > plainDigitsMax)
      throw new DataError(`A decimal of scale ${String(this.scale)} has no scale ${String(scale)}`);
    const power = 10n ** BigInt(Math.abs(shift));
    if (shift > 0) return new Decimal(this.unscaled * power, scale);
    if (this.unscaled % power !== 0n)
      throw new DataError(
        `A decimal of scale ${String(this.scale)} does not fit scale ${String(scale)} without rounding`,
      );
    return new Decimal(this.unscaled / power, scale);
  }

  /** Same number and same scale. */
  equals(other: unknown): boolean {
    return (
      other instanceof Decimal && other.unscaled === this.unscaled && other.scale === this.scale
    );
  }

  /** Less than 0, 0, or more than 0; 1.50 and 1.5 compare as 0. */
  compareTo(other: Decimal): number {
    if (this.scale === other.scale) return compare(this.unscaled, other.unscaled);
    const signs = compare(signOf(this.unscaled), signOf(other.unscaled));
    if (signs !== 0 || this.unscaled === 0n) return signs;
    const magnitudes = compare(this.#exponent(), other.#exponent());
    if (magnitudes !== 0) return this.unscaled < 0n ? -magnitudes : magnitudes;
    // The same number of digits before the point: the scales differ by no more than there are digits.
    const scale = Math.max(this.scale, other.scale);
    return compare(this.#unscaledAt(scale), other.#unscaledAt(scale));
  }

  /** The nearest double. */
  toNumber(): number {
    return Number(`${String(this.unscaled)}e${String(-this.scale)}`);
  }

  /** As Java's BigDecimal prints it: without an exponent where it is short. */
  toString(): string {
    if (this.scale === 0) return String(this.unscaled);
    if (this.scale > 0 && this.#exponent() >= -6) return this.toPlainString();
    const { sign, digits } = this.#digits();
    const exponent = this.#exponent();
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const suffix = exponent === 0 ? '' : `E${exponent > 0 ? '+' : ''}${String(exponent)}`;
    return `${sign}${digits[0] ?? '0'}${fraction}${suffix}`;
  }

  /** Without an exponent. @throws DataError beyond 100 000 digits. */
  toPlainString(): string {
    const { sign, digits } = this.#digits();
    if (Math.abs(this.scale) > plainDigitsMax)
      throw new DataError(`A decimal of scale ${String(this.scale)} is too long without exponent`);
    if (this.scale <= 0)
      return this.unscaled === 0n ? '0' : `${sign}${digits}${'0'.repeat(-this.scale)}`;
    const padded = digits.padStart(this.scale + 1, '0');
    return `${sign}${padded.slice(0, -this.scale)}.${padded.slice(-this.scale)}`;
  }

  /** A string: a JSON number might be read as a double. Converters write what their format says. */
  toJSON(): string {
    return this.toString();
  }

  #digits(): { sign: string; digits: string } {
    const text = String(this.unscaled);
    return text.startsWith('-') ? { sign: '-', digits: text.slice(1) } : { sign: '', digits: text };
  }

  /** Of the first digit. */
  #exponent(): number {
    return this.#digits().digits.length - 1 - this.scale;
  }

  #unscaledAt(scale: number): bigint {
    return this.unscaled * 10n ** BigInt(scale - this.scale);
  }
}

function compare<Type extends number | bigint>(one: Type, other: Type): number {
  return one < other ? -1 : Number(one > other);
}

function signOf(value: bigint): number {
  return compare(value, 0n);
}
