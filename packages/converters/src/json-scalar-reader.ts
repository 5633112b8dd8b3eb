/**
 * Reads parsed JSON as a value without parts, for all converters whose bytes are JSON: numbers, text, bytes and the
 * logical types. What does not fit is refused.
 */
import {
  DataError,
  Decimal,
  dateOfDays,
  decimalOfBytes,
  type LogicalType,
  logicalTypeOf,
  type Schema,
  timeOfMs,
  timestampOfMs,
} from '@sluice/connector-api';
import { JsonNumber } from './json-text.ts';

/** @throws DataError in Kafka Connect's words where it has some. */
export type JsonReader = (json: unknown) => unknown;

export type ScalarType = Exclude<Schema['type'], 'array' | 'map' | 'struct'>;

/** Of anything but null. Where there are decimals, numbers with a fraction or an exponent come as JsonNumbers. */
export function jsonScalarReader(schema: Schema, type: ScalarType): JsonReader {
  const logical = logicalTypeOf(schema);
  if (logical !== undefined) return logicalReader(schema, logical);
  switch (type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerReader(type);
    case 'float32':
      return (json) => Math.fround(readFloat(schema, json));
    case 'float64':
      return (json) => readFloat(schema, json);
    case 'boolean':
      return (json) => {
        if (typeof json !== 'boolean') throw jsonMismatch(schema, json);
        return json;
      };
    case 'string':
      return (json) => {
        if (typeof json !== 'string') throw jsonMismatch(schema, json);
        return json;
      };
    case 'bytes':
      return (json) => bytesOf(json, 'Invalid bytes field');
    default:
      return type satisfies never;
  }
}

function logicalReader(schema: Schema, logical: LogicalType): JsonReader {
  switch (logical) {
    case 'Decimal':
      return (json) => readDecimal(schema, json);
    case 'Date':
      return dateReader('Date', 'int32', dateOfDays);
    case 'Time':
      return dateReader('Time', 'int32', timeOfMs);
    case 'Timestamp':
      return dateReader('Timestamp', 'int64', timestampOfMs);
    default:
      return logical satisfies never;
  }
}

/** A number has the digits that it is written with, whatever the schema's scale. */
function readDecimal(schema: Schema, json: unknown): Decimal {
  if (json instanceof JsonNumber) return Decimal.fromString(json.text);
  if (typeof json === 'number' || typeof json === 'bigint') return new Decimal(BigInt(json), 0);
  if (typeof json === 'string')
    return decimalOfBytes(schema, bytesOf(json, 'Invalid bytes for Decimal field'));
  throw new DataError(
    `Invalid type for Decimal, underlying representation should be numeric or bytes but was ${jsonKindOf(json)}`,
  );
}

function dateReader(
  name: string,
  type: 'int32' | 'int64',
  convert: (number: number) => Date,
): JsonReader {
  const readInteger = integerReader(type);
  const stored = type === 'int32' ? 'integer' : 'integral';
  return (json) => {
    if (jsonKindOf(json) !== 'NUMBER')
      throw new DataError(
        `Invalid type for ${name}, underlying representation should be ${stored} but was ${jsonKindOf(json)}`,
      );
    return convert(Number(readInteger(json)));
  };
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function bytesOf(json: unknown, problem: string): Buffer {
  if (typeof json !== 'string') throw new DataError(problem);
  // Lines may be broken; anything else would be left out without a word.
  const text = /\s/.test(json) ? json.replace(/\s+/g, '') : json;
  if (text.length % 4 !== 0 || !base64.test(text)) throw new DataError(problem);
  return Buffer.from(text, 'base64');
}

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

function integerReader(type: keyof typeof integerBits): JsonReader {
  const bits = integerBits[type];
  const limit = 2 ** (bits - 1);
  return (given) => {
    // Where there are decimals too, 5.0 comes as text.
    const json = given instanceof JsonNumber ? Number(given.text) : given;
    if (typeof json === 'number' && Number.isSafeInteger(json) && json >= -limit && json < limit)
      return json === 0 ? 0 : json;
    if (typeof json === 'bigint' && BigInt.asIntN(bits, json) === json) return json;
    const found =
      typeof json === 'bigint' || Number.isInteger(json)
        ? 'a number out of range'
        : jsonKindOf(json);
    throw new DataError(`Invalid value for ${type.toUpperCase()} field: found ${found}`);
  };
}

function readFloat(schema: Schema, json: unknown): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  if (json instanceof JsonNumber) return Number(json.text);
  // JSON has no such numbers; Kafka Connect writes them as strings, and reads them as 0.
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  throw jsonMismatch(schema, json);
}

export function jsonMismatch(schema: Schema, json: unknown): DataError {
  return new DataError(
    `Invalid value for ${schema.type.toUpperCase()} field: found ${jsonKindOf(json)}`,
  );
}

/** Jackson's name for the kind of a node, as Kafka Connect's messages have it. */
export function jsonKindOf(json: unknown): string {
  if (json === null) return 'NULL';
  if (Array.isArray(json)) return 'ARRAY';
  if (json instanceof JsonNumber) return 'NUMBER';
  switch (typeof json) {
    case 'bigint':
    case 'number':
      return 'NUMBER';
    case 'undefined':
      return 'MISSING';
    default:
      return (typeof json).toUpperCase();
  }
}
