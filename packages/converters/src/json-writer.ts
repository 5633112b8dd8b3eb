/** Writes a value by its schema as JSON text, in the form that Kafka Connect's JsonConverter gives it. */
import { DataError, type Schema } from '@sluice/connector-api';
import { javaDouble, javaFloat } from './java-numbers.ts';
import { base64Of, writeJson } from './json-text.ts';

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

/** @throws DataError when the value does not fit the schema. */
export function writeValue(schema: Schema | undefined, value: unknown): string {
  if (schema === undefined) return writeJson(value);
  if (value === null || value === undefined) {
    if (schema.default !== undefined && schema.default !== null)
      return writeValue(schema, schema.default);
    if (schema.optional) return 'null';
    throw new DataError(
      'Conversion error: null value for field that is required and has no default value',
    );
  }
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return writeInteger(schema.type, value);
    case 'float32':
    case 'float64':
      if (typeof value !== 'number') throw mismatch(schema, value);
      return schema.type === 'float32' ? javaFloat(value) : javaDouble(value);
    case 'boolean':
      if (typeof value !== 'boolean') throw mismatch(schema, value);
      return value ? 'true' : 'false';
    case 'string':
      if (typeof value !== 'string') throw mismatch(schema, value);
      return JSON.stringify(value);
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw mismatch(schema, value);
      return `"${base64Of(value)}"`;
    case 'array':
      if (!Array.isArray(value)) throw mismatch(schema, value);
      return `[${value.map((element) => writeValue(schema.items, element)).join(',')}]`;
    case 'map':
      return writeMap(schema, value);
    case 'struct':
      return writeStruct(schema, value);
    default:
      return schema.type satisfies never;
  }
}

function writeInteger(type: keyof typeof integerBits, value: unknown): string {
  if (typeof value === 'number' && Number.isInteger(value)) {
    const limit = 2 ** (integerBits[type] - 1);
    // A number beyond 2^53 has no last digits; it is written as the integer that it is.
    if (value >= -limit && value < limit)
      return Number.isSafeInteger(value) ? String(value) : String(BigInt(value));
    throw new DataError(`Invalid value for ${type.toUpperCase()}: out of range`);
  }
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(integerBits[type], value) === value) return String(value);
    throw new DataError(`Invalid value for ${type.toUpperCase()}: out of range`);
  }
  throw new DataError(`Invalid type for ${type.toUpperCase()}: ${describe(value)}`);
}

function writeMap(schema: Schema, value: unknown): string {
  if (!isObject(value)) throw mismatch(schema, value);
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const written = entries.map(([key, of]): [string, string] => [
    writeValue(schema.keys, key),
    writeValue(schema.values, of),
  ]);
  return schema.keys?.type === 'string'
    ? `{${written.map(([key, of]) => `${key}:${of}`).join(',')}}`
    : `[${written.map(([key, of]) => `[${key},${of}]`).join(',')}]`;
}

function writeStruct(schema: Schema, value: unknown): string {
  if (!isObject(value)) throw mismatch(schema, value);
  const struct = value as Readonly<Record<string, unknown>>;
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => {
    try {
      return `${JSON.stringify(field)}:${writeValue(of, struct[field])}`;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(`${error.message} (field ${field})`, { cause: error });
    }
  });
  return `{${fields.join(',')}}`;
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
