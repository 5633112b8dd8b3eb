/**
 * Writes values of a schema as JSON text, in the form that Kafka Connect's JsonConverter gives them. A
 * schema is compiled once into a function, so that nothing about it is looked up for each record.
 */
import { DataError, type Schema } from '@sluice/connector-api';
import {
  entriesOf,
  isPlainObject,
  type PlainObject,
  propertyReader,
} from '@sluice/connector-api/data-values';
import {
  type JsonScalarOptions,
  type JsonWriter,
  jsonScalarWriter,
  jsonWriteMismatch,
} from './json-scalar-writer.ts';
import { jsonString, writeJson } from './json-text.ts';

export interface JsonWriterOptions extends JsonScalarOptions {
  /** Whether null becomes the default, where there is one. */
  readonly replaceNullWithDefault: boolean;
}

export interface JsonWriters {
  readonly of: (schema: Schema) => JsonWriter;
}

/** What is compiled is shared by all converters with the same options. */
const known = new Map<string, JsonWriters>();

export function jsonWriters(options: JsonWriterOptions): JsonWriters {
  const id = `${options.decimalFormat} ${String(options.replaceNullWithDefault)}`;
  let found = known.get(id);
  if (!found) {
    found = writers(options);
    known.set(id, found);
  }
  return found;
}

function writers(options: JsonWriterOptions): JsonWriters {
  const compiled = new WeakMap<Schema, JsonWriter>();
  const of = (schema: Schema): JsonWriter => {
    let writer = compiled.get(schema);
    if (!writer) {
      writer = nullable(schema, compile(schema, { of, ...options }), options);
      compiled.set(schema, writer);
    }
    return writer;
  };
  return { of };
}

type Context = JsonWriters & JsonWriterOptions;

function nullable(schema: Schema, write: JsonWriter, options: JsonWriterOptions): JsonWriter {
  const fallback = options.replaceNullWithDefault ? schema.default : undefined;
  return (value) => {
    if (value !== null && value !== undefined) return write(value);
    if (fallback !== undefined && fallback !== null) return write(fallback);
    if (schema.optional) return 'null';
    throw new DataError(
      'Conversion error: null value for field that is required and has no default value',
    );
  };
}

function compile(schema: Schema, context: Context): JsonWriter {
  switch (schema.type) {
    case 'array':
      return arrayWriter(schema, context);
    case 'map':
      return mapWriter(schema, context);
    case 'struct':
      return structWriter(schema, context);
    default:
      return jsonScalarWriter(schema, schema.type, context);
  }
}

/** Without a schema of the elements each is written as what it is. */
function writerOfPart(part: Schema | undefined, context: Context): JsonWriter {
  return part ? context.of(part) : writeJson;
}

function arrayWriter(schema: Schema, context: Context): JsonWriter {
  const write = writerOfPart(schema.items, context);
  return (value) => {
    if (!Array.isArray(value)) throw jsonWriteMismatch(schema, value);
    return `[${value.map((one) => write(one)).join(',')}]`;
  };
}

/** String keys: a JSON object; others: an array of pairs. Takes a Map or a plain object. */
function mapWriter(schema: Schema, context: Context): JsonWriter {
  const { keys, values } = schema;
  if (!keys) {
    return (value) => {
      if (!isMap(value)) throw jsonWriteMismatch(schema, value);
      return writeJson(value);
    };
  }
  const writeKey = context.of(keys);
  const writeOne = writerOfPart(values, context);
  const isObjectMode = keys.type === 'string';
  return (value) => {
    if (!isMap(value)) throw jsonWriteMismatch(schema, value);
    const entries = entriesOf(value);
    if (!isObjectMode)
      return `[${Array.from(entries, ([key, one]) => `[${writeKey(key)},${writeOne(one)}]`).join(',')}]`;
    return `{${Array.from(entries, ([key, one]) => `${nameOf(writeKey(key))}:${writeOne(one)}`).join(',')}}`;
  };
}

/** A null key, where keys are optional, is called null. */
function nameOf(key: string): string {
  return key === 'null' ? '"null"' : key;
}

function isMap(value: unknown): value is object {
  return value instanceof Map || isPlainObject(value);
}

interface FieldWriter {
  readonly field: string;
  readonly read: (value: PlainObject) => unknown;
  readonly prefix: string;
  readonly write: JsonWriter;
}

function structWriter(schema: Schema, context: Context): JsonWriter {
  const fields = (schema.fields ?? []).map(
    ({ field, schema: of }, index): FieldWriter => ({
      field,
      read: propertyReader(field),
      prefix: `${index === 0 ? '{' : ','}${jsonString(field)}:`,
      write: context.of(of),
    }),
  );
  return (value) => {
    if (!isPlainObject(value)) throw jsonWriteMismatch(schema, value);
    if (fields.length === 0) return '{}';
    return writeInOrder(value, fields) ?? writeByName(value, fields);
  };
}

/**
 * Of what has exactly the fields of the schema, in its order, as most objects do: going through them is quicker than
 * asking for each by its name. Undefined for all others.
 */
function writeInOrder(value: PlainObject, fields: readonly FieldWriter[]): string | undefined {
  let text = '';
  let index = 0;
  try {
    for (const name in value) {
      const writer = fields[index];
      if (writer?.field !== name) return undefined;
      text += writer.prefix;
      text += writer.write(value[name]);
      index += 1;
    }
  } catch (error) {
    throw inField(fields[index]?.field ?? '', error);
  }
  return index === fields.length ? `${text}}` : undefined;
}

function writeByName(value: PlainObject, fields: readonly FieldWriter[]): string {
  let text = '';
  for (const { field, prefix, read, write } of fields) {
    try {
      text += prefix + write(read(value));
    } catch (error) {
      throw inField(field, error);
    }
  }
  return `${text}}`;
}

function inField(field: string, error: unknown): unknown {
  return error instanceof DataError
    ? new DataError(`${error.message} (field ${field})`, { cause: error })
    : error;
}
