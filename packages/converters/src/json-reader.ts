/**
 * Reads parsed JSON by a schema, as Kafka Connect's JsonConverter does, but refuses what does not fit. A
 * schema is compiled once into a function. Values come as plain objects, arrays, Maps (only where keys are
 * not strings), Buffers, numbers, and BigInts for integers beyond 2^53.
 */
import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import { objectMaker, propertyReader } from '@sluice/connector-api/data-values';
import {
  type JsonReader,
  jsonKindOf,
  jsonMismatch,
  jsonScalarReader,
} from './json-scalar-reader.ts';
import { JsonNumber } from './json-text.ts';

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
  switch (schema.type) {
    case 'array':
      return arrayReader(schema, readerOf);
    case 'map':
      return mapReader(schema, readerOf);
    case 'struct':
      return structReader(schema, readerOf);
    default:
      return jsonScalarReader(schema, schema.type);
  }
}

function arrayReader(schema: Schema, readerOf: ReaderOf): JsonReader {
  if (!schema.items) throw new DataError('Array schema did not specify the element type');
  const read = readerOf(schema.items);
  return (json) => {
    if (!Array.isArray(json)) throw jsonMismatch(schema, json);
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
          `Maps with string fields should be encoded as JSON objects, but found ${jsonKindOf(json)}`,
        );
      // fromEntries, and not assignment: a key may be called __proto__.
      return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, readOne(one)]));
    };
  return (json) => {
    if (!Array.isArray(json))
      throw new DataError(
        `Maps with non-string fields should be encoded as JSON array of tuples, but found ${jsonKindOf(json)}`,
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
    throw new DataError(`Found invalid map entry instead of array tuple: ${jsonKindOf(entry)}`);
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
      throw new DataError(
        `Structs should be encoded as JSON objects, but found ${jsonKindOf(json)}`,
      );
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
