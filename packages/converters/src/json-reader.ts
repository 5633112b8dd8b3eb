/**
 * Reads parsed JSON by a schema, as Kafka Connect's JsonConverter does, but refuses what does not fit. A
 * schema is compiled once into a function. Values come as plain objects, arrays, Maps (only where keys are
 * not strings), Buffers, numbers, and BigInts for integers beyond 2^53.
 */
import { DataError, type Schema } from '@sluice/connector-api';

/** @throws DataError in Kafka Connect's words where it has some. */
export type JsonReader = (json: unknown) => unknown;

const compiled = new WeakMap<Schema, JsonReader>();

export function readerOf(schema: Schema): JsonReader {
  let reader = compiled.get(schema);
  if (!reader) {
    reader = nullable(schema, compile(schema));
    compiled.set(schema, reader);
  }
  return reader;
}

function nullable(schema: Schema, read: JsonReader): JsonReader {
  const { default: fallback } = schema;
  return (json) => {
    if (json !== null && json !== undefined) return read(json);
    if (fallback !== undefined && fallback !== null) return fallback;
    if (schema.optional) return null;
    throw new DataError(`Invalid null value for required ${schema.type.toUpperCase()} field`);
  };
}

function compile(schema: Schema): JsonReader {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerReader(schema.type);
    case 'float32':
    case 'float64':
      return schema.type === 'float64'
        ? (json) => readFloat(schema, json)
        : (json) => Math.fround(readFloat(schema, json));
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
      return (json) => {
        if (typeof json !== 'string') throw new DataError('Invalid bytes field');
        return Buffer.from(json, 'base64');
      };
    case 'array':
      return arrayReader(schema);
    case 'map':
      return mapReader(schema);
    case 'struct':
      return structReader(schema);
    default:
      return schema.type satisfies never;
  }
}

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

function integerReader(type: keyof typeof integerBits): JsonReader {
  const bits = integerBits[type];
  const limit = 2 ** (bits - 1);
  return (json) => {
    if (typeof json === 'number' && Number.isSafeInteger(json) && json >= -limit && json < limit)
      return json;
    if (typeof json === 'bigint' && BigInt.asIntN(bits, json) === json) return json;
    const found =
      typeof json === 'bigint' || Number.isInteger(json) ? 'a number out of range' : nodeType(json);
    throw new DataError(`Invalid value for ${type.toUpperCase()} field: found ${found}`);
  };
}

function readFloat(schema: Schema, json: unknown): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  // JSON has no such numbers; Kafka Connect writes them as strings.
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  throw mismatch(schema, json);
}

function arrayReader(schema: Schema): JsonReader {
  if (!schema.items) throw new DataError('a schema of type array must have items');
  const read = readerOf(schema.items);
  return (json) => {
    if (!Array.isArray(json)) throw mismatch(schema, json);
    return json.map(read);
  };
}

/** String keys: a plain object. Others: a Map. */
function mapReader({ keys, values }: Schema): JsonReader {
  if (!keys || !values) throw new DataError('a schema of type map must have keys and values');
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

function structReader(schema: Schema): JsonReader {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    field,
    read: readerOf(of),
  }));
  const isPlain = fields.every(({ field }) => !(field in Object.prototype));
  return (json) => {
    if (!isObject(json))
      throw new DataError(`Structs should be encoded as JSON objects, but found ${nodeType(json)}`);
    if (!isPlain)
      return Object.fromEntries(
        fields.map(({ field, read }) => [
          field,
          read(Object.hasOwn(json, field) ? json[field] : null),
        ]),
      );
    const struct: Record<string, unknown> = {};
    for (const { field, read } of fields) struct[field] = read(json[field]);
    return struct;
  };
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
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
