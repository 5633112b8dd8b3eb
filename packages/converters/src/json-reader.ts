/**
 * Reads parsed JSON by a schema, as Kafka Connect's JsonConverter does, but refuses what does not fit. A
 * schema is compiled once into a function. Values come as plain objects, arrays, Maps (only where keys are
 * not strings), Buffers, numbers, and BigInts for integers beyond 2^53.
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
import { objectMaker, propertyReader } from '@sluice/connector-api/data-values';
import { JsonNumber } from './json-text.ts';

/** @throws DataError in Kafka Connect's words where it has some. */
export type JsonReader = (json: unknown) => unknown;

export interface JsonReaders {
  readonly of: (schema: Schema) => JsonReader;
}

/** Whether null becomes the default, where there is one. */
export function jsonReaders(options: { readonly replaceNullWithDefault: boolean }): JsonReaders {
  return options.replaceNullWithDefault ? replacing : keeping;
}

const replacing = readers(true);
const keeping = readers(false);

function readers(replaceNull: boolean): JsonReaders {
  const compiled = new WeakMap<Schema, JsonReader>();
  const of = (schema: Schema): JsonReader => {
    let reader = compiled.get(schema);
    if (!reader) {
      reader = nullable(schema, compile(schema, of), replaceNull);
      compiled.set(schema, reader);
    }
    return reader;
  };
  return { of };
}

const withDecimals = new WeakMap<Schema, boolean>();

/** Whether a value of the schema needs `parseExactJson`. */
export function hasDecimals(schema: Schema): boolean {
  let found = withDecimals.get(schema);
  if (found === undefined) {
    const parts = [schema.items, schema.keys, schema.values].filter((part) => part !== undefined);
    const fields = (schema.fields ?? []).map((each) => each.schema);
    found = logicalTypeOf(schema) === 'Decimal' || [...parts, ...fields].some(hasDecimals);
    withDecimals.set(schema, found);
  }
  return found;
}

function nullable(schema: Schema, read: JsonReader, replaceNull: boolean): JsonReader {
  const fallback = replaceNull ? schema.default : undefined;
  return (json) => {
    if (json !== null && json !== undefined) return read(json);
    if (fallback !== undefined && fallback !== null) return fallback;
    if (schema.optional) return null;
    throw new DataError(`Invalid null value for required ${schema.type.toUpperCase()} field`);
  };
}

type ReaderOf = (schema: Schema) => JsonReader;

function compile(schema: Schema, readerOf: ReaderOf): JsonReader {
  const logical = logicalTypeOf(schema);
  if (logical !== undefined) return logicalReader(schema, logical);
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerReader(schema.type);
    case 'float32':
      return (json) => Math.fround(readFloat(schema, json));
    case 'float64':
      return (json) => readFloat(schema, json);
    case 'boolean':
      return (json) => {
        if (typeof json !== 'boolean') throw mismatch(schema, json);
        return json;
      };
    case 'string':
      return (json) => {
        if (typeof json !== 'string') throw mismatch(schema, json);
        return json;
      };
    case 'bytes':
      return (json) => bytesOf(json, 'Invalid bytes field');
    case 'array':
      return arrayReader(schema, readerOf);
    case 'map':
      return mapReader(schema, readerOf);
    case 'struct':
      return structReader(schema, readerOf);
    default:
      return schema.type satisfies never;
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
    `Invalid type for Decimal, underlying representation should be numeric or bytes but was ${nodeType(json)}`,
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
    if (nodeType(json) !== 'NUMBER')
      throw new DataError(
        `Invalid type for ${name}, underlying representation should be ${stored} but was ${nodeType(json)}`,
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
      typeof json === 'bigint' || Number.isInteger(json) ? 'a number out of range' : nodeType(json);
    throw new DataError(`Invalid value for ${type.toUpperCase()} field: found ${found}`);
  };
}

function readFloat(schema: Schema, json: unknown): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  if (json instanceof JsonNumber) return Number(json.text);
  // JSON has no such numbers; Kafka Connect writes them as strings, and reads them as 0.
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  throw mismatch(schema, json);
}

function arrayReader(schema: Schema, readerOf: ReaderOf): JsonReader {
  if (!schema.items) throw new DataError('Array schema did not specify the element type');
  const read = readerOf(schema.items);
  return (json) => {
    if (!Array.isArray(json)) throw mismatch(schema, json);
    return json.map(read);
  };
}

/** String keys: a plain object. Others: a Map. */
function mapReader({ keys, values }: Schema, readerOf: ReaderOf): JsonReader {
  if (!keys) throw new DataError('Map schema did not specify the key type');
  if (!values) throw new DataError('Map schema did not specify the value type');
  const readKey = readerOf(keys);
  const readOne = readerOf(values);
  if (keys.type === 'string')
    return (json) => {
      if (!isObject(json))
        throw new DataError(
          `Maps with string fields should be encoded as JSON objects, but found ${nodeType(json)}`,
        );
      // fromEntries, and not assignment: a key may be called __proto__.
      return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, readOne(one)]));
    };
  return (json) => {
    if (!Array.isArray(json))
      throw new DataError(
        `Maps with non-string fields should be encoded as JSON array of tuples, but found ${nodeType(json)}`,
      );
    return new Map(
      json.map((entry: unknown) => {
        const [key, one] = pairOf(entry);
        return [readKey(key), readOne(one)];
      }),
    );
  };
}

function pairOf(entry: unknown): unknown[] {
  if (!Array.isArray(entry))
    throw new DataError(`Found invalid map entry instead of array tuple: ${nodeType(entry)}`);
  if (entry.length !== 2)
    throw new DataError(
      `Found invalid map entry, expected length 2 but found :${String(entry.length)}`,
    );
  return entry;
}

function structReader(schema: Schema, readerOf: ReaderOf): JsonReader {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    property: propertyReader(field),
    read: readerOf(of),
  }));
  const make = objectMaker((schema.fields ?? []).map(({ field }) => field));
  return (json) => {
    if (!isObject(json))
      throw new DataError(`Structs should be encoded as JSON objects, but found ${nodeType(json)}`);
    return make(fields.map(({ property, read }) => read(property(json))));
  };
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return (
    typeof json === 'object' &&
    json !== null &&
    !Array.isArray(json) &&
    !(json instanceof JsonNumber)
  );
}

function mismatch(schema: Schema, json: unknown): DataError {
  return new DataError(
    `Invalid value for ${schema.type.toUpperCase()} field: found ${nodeType(json)}`,
  );
}

/** Jackson's name for the kind of a node, as Kafka Connect's messages have it. */
function nodeType(json: unknown): string {
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
