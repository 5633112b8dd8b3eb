/**
 * A value of one type as a value of another, as Java casts it: numbers are cut to their range, dates become
 * days or milliseconds. Text is a number or nothing here: `convertValue` reads it first.
 */
import { exactInteger, isPlainObject, kindOf, schemaText } from '../data-values.ts';
import { Decimal } from '../decimal.ts';
import { DataError } from '../errors.ts';
import {
  bytesOfDecimal,
  dateOfDays,
  daysOfDate,
  decimalOfBytes,
  type LogicalType,
  logicalTypeOf,
  msOfTime,
  msOfTimestamp,
  timeOfMs,
  timestampOfMs,
} from '../logical-types.ts';
import type { Schema } from '../schema.ts';
import { javaDouble } from './java-numbers.ts';
import { valueToText } from './value-text.ts';

/**
 * @param from the schema of the value, where it has one: it says what a Date stands for
 * @throws DataError for null where `to` is not optional, and where there is no way
 */
export function castValue(to: Schema, from: Schema | undefined, value: unknown): unknown {
  if (value === null || value === undefined) {
    if (to.optional) return null;
    throw new DataError('Unable to convert a null value to a schema that requires a value');
  }
  const logical = logicalTypeOf(to);
  if (logical !== undefined) return toLogical(logical, to, from, value);
  switch (to.type) {
    case 'string':
      return valueToText(from, value);
    case 'boolean':
      return typeof value === 'boolean' ? value : asLong(value, from) !== 0n;
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return exactInteger(BigInt.asIntN(bitsOf[to.type], asLong(value, from)));
    case 'float32':
      return Math.fround(asDouble(value, from));
    case 'float64':
      return asDouble(value, from);
    case 'bytes':
      if (value instanceof Uint8Array) return value;
      if (value instanceof Decimal) return from ? bytesOfDecimal(from, value) : value.toBytes();
      throw impossible(value, to);
    case 'array':
      if (Array.isArray(value)) return value;
      throw impossible(value, to);
    case 'map':
      if (value instanceof Map || isPlainObject(value)) return value;
      throw impossible(value, to);
    case 'struct':
      if (isPlainObject(value)) return value;
      throw impossible(value, to);
    default:
      return to.type satisfies never;
  }
}

const bitsOf = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

function toLogical(
  logical: LogicalType,
  to: Schema,
  from: Schema | undefined,
  value: unknown,
): unknown {
  if (logical === 'Decimal') return toDecimal(to, value);
  if (value instanceof Date) {
    const of = from ? logicalTypeOf(from) : undefined;
    // Without a schema nobody knows what the Date stood for.
    if (!from || of === logical) return value;
    if (of !== undefined) return betweenDates(logical, of, value);
  }
  const number = asLong(value, from);
  switch (logical) {
    case 'Date':
      return dateOfDays(Number(BigInt.asIntN(32, number)));
    case 'Time':
      return timeOfMs(Number(BigInt.asIntN(32, number)));
    case 'Timestamp':
      return timestampOfMs(number);
    default:
      return logical satisfies never;
  }
}

const msPerDay = 86_400_000;

function betweenDates(to: Exclude<LogicalType, 'Decimal'>, from: LogicalType, value: Date): Date {
  if (from === 'Timestamp') {
    const ms = msOfTimestamp(value);
    return to === 'Date'
      ? dateOfDays(Math.trunc(ms / msPerDay))
      : timeOfMs(((ms % msPerDay) + msPerDay) % msPerDay);
  }
  const number = from === 'Date' ? daysOfDate(value) : msOfTime(value);
  switch (to) {
    case 'Timestamp':
      return new Date(value);
    case 'Date':
      return dateOfDays(number);
    case 'Time':
      return timeOfMs(number);
    default:
      return to satisfies never;
  }
}

function toDecimal(to: Schema, value: unknown): Decimal {
  if (value instanceof Decimal) return value;
  if (value instanceof Uint8Array) return decimalOfBytes(to, value);
  if (typeof value === 'string') return Decimal.fromString(value);
  // Java takes the double's text, with its fraction of zero.
  if (typeof value === 'number') return Decimal.fromString(javaDouble(value));
  if (typeof value === 'bigint') return new Decimal(value, 0);
  throw impossible(value, to);
}

/** As Java casts to long: the fraction goes, doubles stop at the limits. */
function asLong(value: unknown, from: Schema | undefined): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return longOfDouble(value);
  if (value instanceof Decimal) return longOfDecimal(value);
  if (typeof value === 'string') return longOfDecimal(numberOfText(value, from));
  if (value instanceof Date && from) {
    const of = logicalTypeOf(from);
    if (of === 'Date') return BigInt(daysOfDate(value));
    if (of === 'Time') return BigInt(msOfTime(value));
    if (of === 'Timestamp') return BigInt(msOfTimestamp(value));
  }
  throw impossible(value, from);
}

const longMax = 2n ** 63n - 1n;

function longOfDouble(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (value >= 2 ** 63) return longMax;
  return value < -(2 ** 63) ? -longMax - 1n : BigInt(Math.trunc(value));
}

/** Java keeps the lowest 64 bits. More than 10^308 has none of them that is set, but for huge exponents. */
function longOfDecimal(value: Decimal): bigint {
  if (value.scale <= 0)
    return value.scale < -64 ? 0n : BigInt.asIntN(64, value.unscaled * 10n ** BigInt(-value.scale));
  const digits = String(value.unscaled).length;
  return value.scale > digits ? 0n : BigInt.asIntN(64, value.unscaled / 10n ** BigInt(value.scale));
}

function asDouble(value: unknown, from: Schema | undefined): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Decimal) return value.toNumber();
  if (typeof value === 'string') return numberOfText(value, from).toNumber();
  return Number(asLong(value, from));
}

function numberOfText(text: string, from: Schema | undefined): Decimal {
  try {
    return Decimal.fromString(text);
  } catch (error) {
    throw impossible(text, from, error);
  }
}

function impossible(value: unknown, schema: Schema | undefined, cause?: unknown): DataError {
  const to = schema ? schemaText(schema) : 'a number';
  return new DataError(`Unable to convert ${kindOf(value)} to ${to}`, { cause });
}
