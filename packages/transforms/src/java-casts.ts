/**
 * Numbers as Java casts and reads them. Integers wrap around when they get narrower; fractional numbers end at the
 * limits of an int (of a long for int64) first, and NaN is 0.
 */
import { DataError, type Decimal } from '@sluice/connector-api';
import { javaDouble, javaFloat } from '@sluice/connector-api/values';

export type IntegerType = 'int8' | 'int16' | 'int32' | 'int64';

const bitsOf: Readonly<Record<IntegerType, number>> = { int8: 8, int16: 16, int32: 32, int64: 64 };

/** A number where it is exact, else a bigint, which is how int64 values are held. */
export function int64Value(exact: bigint): number | bigint {
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/** The lowest bits. */
export function wrapInteger(exact: bigint, type: IntegerType): number | bigint {
  const wrapped = BigInt.asIntN(bitsOf[type], exact);
  return type === 'int64' ? int64Value(wrapped) : Number(wrapped);
}

/** A double or float to an integer. */
export function truncateFraction(value: number, type: IntegerType): number | bigint {
  if (Number.isNaN(value)) return 0;
  const bits = type === 'int64' ? 64 : 32;
  const limit = 2 ** (bits - 1);
  if (value >= limit) return wrapInteger(2n ** BigInt(bits - 1) - 1n, type);
  if (value <= -limit) return wrapInteger(-(2n ** BigInt(bits - 1)), type);
  return wrapInteger(BigInt(Math.trunc(value)), type);
}

/** As Byte.parseByte to Long.parseLong. @throws DataError */
export function parseInteger(text: string, type: IntegerType): number | bigint {
  if (/^[+-]?\d+$/.test(text)) {
    const exact = BigInt(text.startsWith('+') ? text.slice(1) : text);
    if (BigInt.asIntN(bitsOf[type], exact) === exact)
      return type === 'int64' ? int64Value(exact) : Number(exact);
  }
  throw outOfRange();
}

const fractional = /^[+-]?(?:NaN|Infinity|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?[fd]?)$/i;

/** As Double.parseDouble, but for hexadecimal notation. @throws DataError */
export function parseFraction(text: string, type: 'float32' | 'float64'): number {
  // Java trims what is not above the space.
  const trimmed = text.replace(/^[\0-\u0020]+|[\0-\u0020]+$/g, '');
  if (
    !fractional.test(trimmed) ||
    (/[ny]/i.test(trimmed) && !/^[+-]?(NaN|Infinity)$/.test(trimmed))
  )
    throw outOfRange();
  const number = Number(/^[+-]?(NaN|I)/.test(trimmed) ? trimmed : trimmed.replace(/[fd]$/i, ''));
  return type === 'float32' ? Math.fround(number) : number;
}

function outOfRange(): DataError {
  return new DataError('Value was out of range for requested data type, or is no number');
}

/**
 * The whole part of a decimal, or what has the same lowest 64 bits, as BigDecimal.longValue and its kind: the powers of ten
 * that `1e99999999` and `1e-99999999` stand for would take minutes.
 */
export function wholePart({ scale, unscaled }: Decimal): bigint {
  // 2^64 divides 10^64.
  if (scale <= -64) return 0n;
  if (scale <= 0) return unscaled * 10n ** BigInt(-scale);
  const digits = String(unscaled).length;
  return scale > digits ? 0n : unscaled / 10n ** BigInt(scale);
}

/** As toString of Double and Float. */
export function textOfFraction(value: number, type: 'float32' | 'float64'): string {
  if (!Number.isFinite(value)) return String(value);
  return type === 'float32' ? javaFloat(value) : javaDouble(value);
}
