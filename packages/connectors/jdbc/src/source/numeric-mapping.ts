/** `numeric.mapping`: which of Kafka Connect's numbers a NUMERIC column becomes. */
import { Decimal, type Schema, schemas } from '@sluice/connector-api';
import type { NumericMapping } from '../dialect.ts';

export interface NumericType {
  readonly precision: number;
  readonly scale: number;
}

export interface NumericReader {
  readonly schema: Schema;
  readonly read: (text: string) => unknown;
}

/** More digits do not fit 64 bits for sure. */
const precisionMax = 18;
const scaleMin = -84;

export function numericReader(
  type: NumericType,
  mapping: NumericMapping,
  decimalSchemaOf: (scale: number) => Schema,
): NumericReader {
  const { precision, scale } = type;
  const isSmall = precision <= precisionMax;
  if (mapping === 'best_fit_eager_double' && scale > 0) return asDouble;
  if (mapping === 'best_fit' && scale > 0 && isSmall) return asDouble;
  const isWhole = mapping === 'precision_only' ? scale === 0 : scale < 1 && scale >= scaleMin;
  if (mapping !== 'none' && isWhole && isSmall && precision - scale <= precisionMax)
    return { schema: integerFor(precision - scale), read: readInteger };
  return {
    schema: decimalSchemaOf(scale),
    read: (text) => Decimal.fromString(text).withScale(scale),
  };
}

const asDouble: NumericReader = { schema: schemas.float64, read: Number };

function integerFor(digits: number): Schema {
  if (digits > 9) return schemas.int64;
  if (digits > 4) return schemas.int32;
  return digits > 2 ? schemas.int16 : schemas.int8;
}

/** Exact, also beyond 2^53. */
export function readInteger(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
