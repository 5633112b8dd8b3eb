/** Values of a schema as JSON text, as Confluent's JsonSchemaConverter writes them. */
import { DataError, type Schema } from '@sluice/connector-api';
import {
  entriesOf,
  isNullish,
  isPlainObject,
  propertyReader,
} from '@sluice/connector-api/data-values';
import { jsonScalarWriter, jsonString, jsonWriteMismatch } from '@sluice/converters';
import { isUnionStruct } from './json-kinds.ts';
import type { JsonSchemaOptions } from './json-options.ts';

type Options = Pick<JsonSchemaOptions, 'decimalFormat' | 'keepsNulls'>;

/** Undefined for null that is no value of the schema: a struct leaves it out. @throws DataError */
export type JsonValueWriter = (value: unknown) => string | undefined;

export function jsonValueWriter(schema: Schema, options: Options): JsonValueWriter {
  const write = bare(schema, options);
  const fallback = options.keepsNulls ? undefined : (schema.default ?? undefined);
  return (value) => {
    if (!isNullish(value)) return write(value);
    if (fallback !== undefined) return write(fallback);
    return schema.optional ? 'null' : undefined;
  };
}

function bare(schema: Schema, options: Options): JsonValueWriter {
  switch (schema.type) {
    case 'array':
      return arrayWriter(schema, options);
    case 'map':
      return mapWriter(schema, options);
    case 'struct':
      return isUnionStruct(schema) ? unionWriter(schema, options) : structWriter(schema, options);
    default:
      return jsonScalarWriter(schema, schema.type, options);
  }
}

function arrayWriter(schema: Schema, options: Options): JsonValueWriter {
  const write = jsonValueWriter(partOf(schema.items), options);
  return (value) => {
    if (!Array.isArray(value)) throw jsonWriteMismatch(schema, value);
    return `[${value.map((one) => write(one) ?? 'null').join(',')}]`;
  };
}

/** Required strings as keys: an object. Others: a list of objects with key and value. */
function mapWriter(schema: Schema, options: Options): JsonValueWriter {
  const keys = partOf(schema.keys);
  const writeKey = jsonValueWriter(keys, options);
  const writeOne = jsonValueWriter(partOf(schema.values), options);
  const isObject = keys.type === 'string' && !keys.optional;
  return (value) => {
    if (!(value instanceof Map || isPlainObject(value))) throw jsonWriteMismatch(schema, value);
    const entries = Array.from(entriesOf(value), ([key, one]) => {
      const [keyText, text] = [writeKey(key) ?? 'null', writeOne(one) ?? 'null'];
      return isObject ? `${keyText}:${text}` : `{"key":${keyText},"value":${text}}`;
    });
    return isObject ? `{${entries.join(',')}}` : `[${entries.join(',')}]`;
  };
}

function structWriter(schema: Schema, options: Options): JsonValueWriter {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    field,
    read: propertyReader(field),
    prefix: `${jsonString(field)}:`,
    write: jsonValueWriter(of, options),
  }));
  return (value) => {
    if (!isPlainObject(value)) throw jsonWriteMismatch(schema, value);
    let text = '';
    for (const { field, read, prefix, write } of fields) {
      try {
        const written = write(read(value));
        if (written === undefined) continue;
        text += (text === '' ? '' : ',') + prefix + written;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        throw new DataError(`${error.message} (field ${field})`, { cause: error });
      }
    }
    return `{${text}}`;
  };
}

/** The first field that is set says what the value is. */
function unionWriter(schema: Schema, options: Options): JsonValueWriter {
  const members = (schema.fields ?? []).map(({ field, schema: of }) => ({
    read: propertyReader(field),
    write: jsonValueWriter(of, options),
  }));
  return (value) => {
    if (!isPlainObject(value)) throw jsonWriteMismatch(schema, value);
    for (const { read, write } of members) {
      const one = read(value);
      if (!isNullish(one)) return write(one);
    }
    return schema.optional ? 'null' : undefined;
  };
}

function partOf(part: Schema | undefined): Schema {
  if (part) return part;
  throw new DataError('What has elements without a schema cannot be converted to JSON Schema');
}
