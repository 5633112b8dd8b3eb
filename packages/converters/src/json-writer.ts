/**
 * Writes values of a schema as JSON text, in the form that Kafka Connect's JsonConverter gives them. A
 * schema is compiled once into a function, so that nothing about it is looked up for each record.
 */
import { DataError, type Schema } from '@sluice/connector-api';
import { javaDouble, javaFloat } from './java-numbers.ts';
import { base64Of } from './json-text.ts';

/** @throws DataError when the value does not fit the schema. */
export type JsonWriter = (value: unknown) => string;

const compiled = new WeakMap<Schema, JsonWriter>();

export function writerOf(schema: Schema): JsonWriter {
  let writer = compiled.get(schema);
  if (!writer) {
    writer = nullable(schema, compile(schema));
    compiled.set(schema, writer);
  }
  return writer;
}

function nullable(schema: Schema, write: JsonWriter): JsonWriter {
  const { default: fallback } = schema;
  return (value) => {
    if (value !== null && value !== undefined) return write(value);
    if (fallback !== undefined && fallback !== null) return write(fallback);
    if (schema.optional) return 'null';
    throw new DataError(
      'Conversion error: null value for field that is required and has no default value',
    );
  };
}

function compile(schema: Schema): JsonWriter {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerWriter(schema.type);
    case 'float32':
    case 'float64': {
      const write = schema.type === 'float32' ? javaFloat : javaDouble;
      return (value) => {
        if (typeof value !== 'number') throw mismatch(schema, value);
        return write(value);
      };
    }
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw mismatch(schema, value);
        return value ? 'true' : 'false';
      };
    case 'string':
      return (value) => {
        if (typeof value !== 'string') throw mismatch(schema, value);
        return JSON.stringify(value);
      };
    case 'bytes':
      return (value) => {
        if (!(value instanceof Uint8Array)) throw mismatch(schema, value);
        return `"${base64Of(value)}"`;
      };
    case 'array':
      return arrayWriter(schema);
    case 'map':
      return mapWriter(schema);
    case 'struct':
      return structWriter(schema);
    default:
      return schema.type satisfies never;
  }
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
    } else throw new DataError(`Invalid type for ${type.toUpperCase()}: ${describe(value)}`);
    throw new DataError(`Invalid value for ${type.toUpperCase()}: out of range`);
  };
}

function arrayWriter(schema: Schema): JsonWriter {
  const write = writerOf(partOf(schema, 'items'));
  return (value) => {
    if (!Array.isArray(value)) throw mismatch(schema, value);
    return `[${value.map(write).join(',')}]`;
  };
}

/** String keys: a JSON object; others: an array of pairs. Takes a Map or a plain object. */
function mapWriter(schema: Schema): JsonWriter {
  const keys = partOf(schema, 'keys');
  const writeKey = writerOf(keys);
  const writeOne = writerOf(partOf(schema, 'values'));
  return (value) => {
    if (!isObject(value)) throw mismatch(schema, value);
    const entries: Iterable<[unknown, unknown]> =
      value instanceof Map ? value : Object.entries(value);
    return keys.type === 'string'
      ? `{${Array.from(entries, ([key, one]) => `${writeKey(key)}:${writeOne(one)}`).join(',')}}`
      : `[${Array.from(entries, ([key, one]) => `[${writeKey(key)},${writeOne(one)}]`).join(',')}]`;
  };
}

function structWriter(schema: Schema): JsonWriter {
  const fields = (schema.fields ?? []).map(({ field, schema: of }, index) => ({
    field,
    prefix: `${index === 0 ? '{' : ','}${JSON.stringify(field)}:`,
    write: writerOf(of),
  }));
  if (fields.length === 0) return () => '{}';
  return (value) => {
    if (!isObject(value)) throw mismatch(schema, value);
    const struct = value as Readonly<Record<string, unknown>>;
    let text = '';
    for (const { field, prefix, write } of fields) {
      try {
        text += prefix + write(struct[field]);
      } catch (error) {
        throw inField(field, error);
      }
    }
    return `${text}}`;
  };
}

function inField(field: string, error: unknown): unknown {
  return error instanceof DataError
    ? new DataError(`${error.message} (field ${field})`, { cause: error })
    : error;
}

function partOf(schema: Schema, name: 'items' | 'keys' | 'values'): Schema {
  const part = schema[name];
  if (!part) throw new DataError(`a schema of type ${schema.type} must have ${name}`);
  return part;
}

function isObject(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  );
}

function mismatch(schema: Schema, value: unknown): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()}: ${describe(value)}`);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (value instanceof Uint8Array) return 'bytes';
  return typeof value === 'number' && !Number.isInteger(value) ? 'fractional number' : typeof value;
}
