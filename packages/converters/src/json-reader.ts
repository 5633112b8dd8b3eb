/** Reads parsed JSON by a schema, as Kafka Connect's JsonConverter does, but refuses what does not fit. */
import { DataError, type Schema } from '@sluice/connector-api';

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

/** @throws DataError in Kafka Connect's words where it has some. */
export function readValue(schema: Schema, json: unknown): unknown {
  if (json === null || json === undefined) {
    if (schema.default !== undefined && schema.default !== null) return schema.default;
    if (schema.optional) return null;
    throw new DataError(`Invalid null value for required ${schema.type.toUpperCase()} field`);
  }
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return readInteger(schema.type, json);
    case 'float32':
    case 'float64':
      return readFloat(schema, json);
    case 'boolean':
      if (typeof json !== 'boolean') throw mismatch(schema, json);
      return json;
    case 'string':
      if (typeof json !== 'string') throw mismatch(schema, json);
      return json;
    case 'bytes':
      if (typeof json !== 'string') throw new DataError('Invalid bytes field');
      return Buffer.from(json, 'base64');
    case 'array': {
      const { items } = schema;
      if (!Array.isArray(json)) throw mismatch(schema, json);
      return items ? json.map((element) => readValue(items, element)) : json;
    }
    case 'map':
      return readMap(schema, json);
    case 'struct':
      return readStruct(schema, json);
    default:
      return schema.type satisfies never;
  }
}

function readInteger(type: keyof typeof integerBits, json: unknown): number | bigint {
  const isInteger =
    typeof json === 'bigint' || (typeof json === 'number' && Number.isInteger(json));
  if (isInteger && BigInt.asIntN(integerBits[type], BigInt(json)) === BigInt(json)) return json;
  throw new DataError(
    `Invalid value for ${type.toUpperCase()} field: found ${isInteger ? 'a number out of range' : nodeType(json)}`,
  );
}

function readFloat(schema: Schema, json: unknown): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  // JSON has no such numbers; Kafka Connect writes them as strings.
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  throw mismatch(schema, json);
}

/** String keys: a plain object. Others: a Map. */
function readMap(schema: Schema, json: unknown): unknown {
  const { keys, values } = schema;
  if (!keys || !values) throw new DataError('a schema of type map must have keys and values');
  if (keys.type === 'string') {
    if (!isObject(json))
      throw new DataError(
        `Maps with string fields should be encoded as JSON objects, but found ${nodeType(json)}`,
      );
    return Object.fromEntries(
      Object.entries(json).map(([key, value]) => [key, readValue(values, value)]),
    );
  }
  if (!Array.isArray(json))
    throw new DataError(
      `Maps with non-string fields should be encoded as JSON array of tuples, but found ${nodeType(json)}`,
    );
  return new Map(
    json.map((entry: unknown) => {
      if (!Array.isArray(entry))
        throw new DataError(`Found invalid map entry instead of array tuple: ${nodeType(entry)}`);
      if (entry.length !== 2)
        throw new DataError(
          `Found invalid map entry, expected length 2 but found :${String(entry.length)}`,
        );
      return [readValue(keys, entry[0]), readValue(values, entry[1])];
    }),
  );
}

function readStruct(schema: Schema, json: unknown): Record<string, unknown> {
  if (!isObject(json))
    throw new DataError(`Structs should be encoded as JSON objects, but found ${nodeType(json)}`);
  const struct: Record<string, unknown> = {};
  for (const { field, schema: of } of schema.fields ?? []) {
    const value = readValue(of, Object.hasOwn(json, field) ? json[field] : null);
    if (field === '__proto__') Object.defineProperty(struct, field, { value, enumerable: true });
    else struct[field] = value;
  }
  return struct;
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
