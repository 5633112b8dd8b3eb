/**
 * Writes a value without parts as JSON text, for all converters whose bytes are JSON: byte for byte what Jackson
 * writes.
 */
import {
  bytesOfDecimal,
  DataError,
  Decimal,
  daysOfDate,
  type LogicalType,
  logicalTypeOf,
  msOfTime,
  msOfTimestamp,
  type Schema,
} from '@sluice/connector-api';
import { kindOf } from '@sluice/connector-api/data-values';
import { javaDouble, javaFloat } from '@sluice/connector-api/values';
import type { ScalarType } from './json-scalar-reader.ts';
import { base64Of, jsonString } from './json-text.ts';

/** @throws DataError when the value does not fit the schema. */
export type JsonWriter = (value: unknown) => string;

export interface JsonScalarOptions {
  readonly decimalFormat: 'BASE64' | 'NUMERIC';
}

/** Of anything but null. */
export function jsonScalarWriter(
  schema: Schema,
  type: ScalarType,
  options: JsonScalarOptions,
): JsonWriter {
  const logical = logicalTypeOf(schema);
  if (logical !== undefined) return logicalWriter(schema, logical, options);
  switch (type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerWriter(type);
    case 'float32':
    case 'float64': {
      const write = type === 'float32' ? javaFloat : javaDouble;
      return (value) => {
        if (typeof value !== 'number') throw jsonWriteMismatch(schema, value);
        const text = write(value);
        // NaN and Infinity, which JSON has not, end in a letter.
        return text.charCodeAt(text.length - 1) > nine ? `"${text}"` : text;
      };
    }
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw jsonWriteMismatch(schema, value);
        return value ? 'true' : 'false';
      };
    case 'string':
      return (value) => {
        if (typeof value !== 'string') throw jsonWriteMismatch(schema, value);
        return jsonString(value);
      };
    case 'bytes':
      return (value) => {
        if (!(value instanceof Uint8Array)) throw jsonWriteMismatch(schema, value);
        return `"${base64Of(value)}"`;
      };
    default:
      return type satisfies never;
  }
}

const nine = 0x39;

function logicalWriter(
  schema: Schema,
  logical: LogicalType,
  options: JsonScalarOptions,
): JsonWriter {
  switch (logical) {
    case 'Decimal': {
      const write =
        options.decimalFormat === 'NUMERIC'
          ? (value: Decimal) => value.toString()
          : (value: Decimal) => `"${base64Of(bytesOfDecimal(schema, value))}"`;
      return (value) => {
        if (!(value instanceof Decimal)) throw wrongLogical('Decimal', 'Decimal', value);
        return write(value);
      };
    }
    case 'Date':
      return dateWriter('Date', daysOfDate);
    case 'Time':
      return dateWriter('Time', msOfTime);
    case 'Timestamp':
      return dateWriter('Timestamp', msOfTimestamp);
    default:
      return logical satisfies never;
  }
}

function dateWriter(name: string, convert: (value: Date) => number): JsonWriter {
  return (value) => {
    if (!(value instanceof Date)) throw wrongLogical(name, 'Date', value);
    return String(convert(value));
  };
}

function wrongLogical(name: string, expected: string, value: unknown): DataError {
  return new DataError(`Invalid type for ${name}, expected ${expected} but was ${kindOf(value)}`);
}

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

function integerWriter(type: keyof typeof integerBits): JsonWriter {
  const bits = integerBits[type];
  const limit = 2 ** (bits - 1);
  return (value) => {
    if (typeof value === 'number' && Number.isInteger(value)) {
      // A number beyond 2^53 has no last digits; it is written as the integer that it is.
      if (value >= -limit && value < limit)
        return Number.isSafeInteger(value) ? String(value) : String(BigInt(value));
    } else if (typeof value === 'bigint') {
      if (BigInt.asIntN(bits, value) === value) return String(value);
    } else throw new DataError(`Invalid type for ${type.toUpperCase()}: ${kindOf(value)}`);
    throw new DataError(`Invalid value for ${type.toUpperCase()}: out of range`);
  };
}

export function jsonWriteMismatch(schema: Schema, value: unknown): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()}: ${kindOf(value)}`);
}
