/** Parsed JSON as values of a schema, as Confluent's JsonSchemaConverter reads it, but refusing what does not fit. */
import { DataError, type Schema } from '@sluice/connector-api';
import { objectMaker, propertyReader } from '@sluice/connector-api/data-values';
import { type JsonReader, jsonKindOf, jsonMismatch, jsonScalarReader } from '@sluice/converters';
import { isJsonObject, isUnionStruct } from './json-kinds.ts';
import type { JsonSchemaOptions } from './json-options.ts';
import { memberFor } from './json-union.ts';

type JsonReaderOptions = Pick<JsonSchemaOptions, 'keepsNulls'>;

export function jsonValueReader(schema: Schema, options: JsonReaderOptions): JsonReader {
  const read = bare(schema, options);
  const fallback =
    schema.optional && options.keepsNulls ? undefined : (schema.default ?? undefined);
  return (json) => {
    if (json !== null && json !== undefined) return read(json);
    if (fallback !== undefined) return fallback;
    // What is absent is null, as in Confluent's, also where it is required.
    if (json === undefined || schema.optional) return null;
    throw new DataError(`Invalid null value for required ${schema.type.toUpperCase()} field`);
  };
}

function bare(schema: Schema, options: JsonReaderOptions): JsonReader {
  switch (schema.type) {
    case 'array': {
      const read = jsonValueReader(partOf(schema.items), options);
      return (json) => {
        if (!Array.isArray(json)) throw jsonMismatch(schema, json);
        return json.map(read);
      };
    }
    case 'map':
      return mapReader(schema, options);
    case 'struct':
      return isUnionStruct(schema) ? unionReader(schema, options) : structReader(schema, options);
    default:
      return jsonScalarReader(schema, schema.type);
  }
}

function mapReader(schema: Schema, options: JsonReaderOptions): JsonReader {
  const keys = partOf(schema.keys);
  const readKey = jsonValueReader(keys, options);
  const readOne = jsonValueReader(partOf(schema.values), options);
  if (keys.type === 'string' && !keys.optional)
    return (json) => {
      if (!isJsonObject(json))
        throw new DataError(
          `Maps with string fields should be encoded as JSON objects, but found ${jsonKindOf(json)}`,
        );
      return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, readOne(one)]));
    };
  const property = { key: propertyReader('key'), value: propertyReader('value') };
  return (json) => {
    if (!Array.isArray(json))
      throw new DataError(
        `Maps with non-string fields should be encoded as JSON array of objects, but found ${jsonKindOf(json)}`,
      );
    const entries = json.map((entry: unknown) => {
      if (!isJsonObject(entry))
        throw new DataError(`Found invalid map entry instead of object: ${jsonKindOf(entry)}`);
      return [readKey(property.key(entry)), readOne(property.value(entry))] as const;
    });
    return keys.type === 'string'
      ? Object.fromEntries(entries.map(([key, one]) => [String(key), one]))
      : new Map(entries);
  };
}

function unionReader(schema: Schema, options: JsonReaderOptions): JsonReader {
  const fields = schema.fields ?? [];
  const make = objectMaker(fields.map(({ field }) => field));
  const schemas = fields.map((each) => each.schema);
  const reads = schemas.map((each) => jsonValueReader(each, options));
  return (json) => {
    const at = memberFor(schemas, json);
    const read = reads[at];
    if (!read) throw new DataError('Did not find matching oneof field for data');
    return make(fields.map((_field, index) => (index === at ? read(json) : null)));
  };
}

function structReader(schema: Schema, options: JsonReaderOptions): JsonReader {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    field,
    property: propertyReader(field),
    read: jsonValueReader(of, options),
  }));
  const make = objectMaker(fields.map(({ field }) => field));
  return (json) => {
    if (!isJsonObject(json))
      throw new DataError(
        `Structs should be encoded as JSON objects, but found ${jsonKindOf(json)}`,
      );
    return make(
      fields.map(({ field, property, read }) => {
        try {
          return read(property(json));
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          throw new DataError(`${error.message} (field ${field})`, { cause: error });
        }
      }),
    );
  };
}

function partOf(part: Schema | undefined): Schema {
  if (part) return part;
  throw new DataError('What has elements without a schema has no values');
}
