/** One value as another plain type, as Kafka Connect's Cast has it. */
import {
  DataError,
  Decimal,
  daysOfDate,
  logicalTypeOf,
  msOfTime,
  msOfTimestamp,
  type Schema,
} from '@sluice/connector-api';
import { dateText } from '@sluice/connector-api/values';
import {
  parseFraction,
  parseInteger,
  textOfFraction,
  truncateFraction,
  wholePart,
  wrapInteger,
} from './java-casts.ts';
import { describe, isFields } from './structs.ts';

export const castTargets = [
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'boolean',
  'string',
] as const;
export type CastTarget = (typeof castTargets)[number];

/** What a value is, as far as a cast cares. */
type Plain =
  | { readonly kind: 'integer'; readonly exact: bigint }
  | { readonly kind: 'fraction'; readonly value: number; readonly type: 'float32' | 'float64' }
  | { readonly kind: 'decimal'; readonly value: Decimal }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'date'; readonly value: Date }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

/** @throws DataError when there is no such cast, or the text is no such number. */
export function castValue(schema: Schema | undefined, value: unknown, target: CastTarget): unknown {
  if (value === null || value === undefined) return null;
  if (target === 'string' && isExactInteger(schema, value)) return String(value);
  const plain = plainOf(schema, value, target);
  switch (target) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      switch (plain.kind) {
        case 'integer':
          return wrapInteger(plain.exact, target);
        case 'fraction':
          return truncateFraction(plain.value, target);
        case 'decimal':
          return wrapInteger(wholePart(plain.value), target);
        case 'boolean':
          return plain.value ? 1 : 0;
        case 'text':
          return parseInteger(plain.value, target);
        default:
          throw unexpected(plain.kind);
      }
    case 'float32':
    case 'float64':
      return castFraction(plain, target);
    case 'boolean':
      switch (plain.kind) {
        case 'integer':
          return plain.exact !== 0n;
        case 'fraction':
          return Math.trunc(plain.value) !== 0 && !Number.isNaN(plain.value);
        case 'decimal':
          return BigInt.asIntN(64, wholePart(plain.value)) !== 0n;
        case 'boolean':
          return plain.value;
        case 'text':
          return plain.value.toLowerCase() === 'true';
        default:
          throw unexpected(plain.kind);
      }
    case 'string':
      return textOf(plain);
    default:
      return target satisfies never;
  }
}

/** Its text takes no BigInt. */
function isExactInteger(schema: Schema | undefined, value: unknown): value is number {
  if (!Number.isSafeInteger(value)) return false;
  return schema?.type !== 'float32' && schema?.type !== 'float64';
}

function castFraction(plain: Plain, target: 'float32' | 'float64'): number {
  const narrow = (value: number): number => (target === 'float32' ? Math.fround(value) : value);
  switch (plain.kind) {
    case 'integer':
      return narrow(Number(plain.exact));
    case 'fraction':
      return narrow(plain.value);
    case 'decimal':
      return narrow(plain.value.toNumber());
    case 'boolean':
      return plain.value ? 1 : 0;
    case 'text':
      return parseFraction(plain.value, target);
    default:
      throw unexpected(plain.kind);
  }
}

function plainOf(schema: Schema | undefined, value: unknown, target: CastTarget): Plain {
  switch (typeof value) {
    case 'string':
      return { kind: 'text', value };
    case 'boolean':
      return { kind: 'boolean', value };
    case 'bigint':
      return { kind: 'integer', exact: value };
    case 'number':
      if (schema?.type === 'float32')
        return { kind: 'fraction', value: Math.fround(value), type: schema.type };
      if (schema?.type === 'float64') return { kind: 'fraction', value, type: schema.type };
      return Number.isInteger(value)
        ? { kind: 'integer', exact: BigInt(value) }
        : { kind: 'fraction', value, type: 'float64' };
    default:
  }
  if (value instanceof Decimal) return { kind: 'decimal', value };
  if (value instanceof Uint8Array) return { kind: 'bytes', value };
  if (value instanceof Date && schema)
    return target === 'string'
      ? { kind: 'date', value }
      : { kind: 'integer', exact: BigInt(storedDate(schema, value)) };
  throw new DataError(
    schema || isFields(value) || Array.isArray(value)
      ? `Cast transformation does not support casting from ${(schema?.type ?? (Array.isArray(value) ? 'array' : 'map')).toUpperCase()}; supported types are [${[...castTargets, 'bytes'].join(', ').toUpperCase()}]`
      : `Cast transformation was passed a value of type ${describe(value)} which is not supported by Connect's data API`,
  );
}

function storedDate(schema: Schema, value: Date): number {
  switch (logicalTypeOf(schema)) {
    case 'Date':
      return daysOfDate(value);
    case 'Time':
      return msOfTime(value);
    default:
      return msOfTimestamp(value);
  }
}

function textOf(plain: Plain): string {
  switch (plain.kind) {
    case 'integer':
      return String(plain.exact);
    case 'fraction':
      return textOfFraction(plain.value, plain.type);
    case 'decimal':
    case 'boolean':
    case 'text':
      return String(plain.value);
    case 'date':
      return dateText(plain.value);
    case 'bytes':
      return Buffer.from(
        plain.value.buffer,
        plain.value.byteOffset,
        plain.value.byteLength,
      ).toString('base64');
    default:
      return plain satisfies never;
  }
}

function unexpected(kind: string): DataError {
  return new DataError(`Unexpected type in Cast transformation: ${kind}`);
}
