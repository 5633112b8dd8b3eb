/**
 * Between our schemas and the schema part of JsonConverter's envelope. Properties are written in Kafka
 * Connect's order, so that the same schema gives the same bytes.
 */
import { DataError, type Schema, type SchemaField, type SchemaType } from '@sluice/connector-api';
import { isObject } from '@sluice/kernel';
import type { JsonReaders } from './json-reader.ts';
import { jsonString } from './json-text.ts';
import type { JsonWriters } from './json-writer.ts';

const jsonTypeOf: Readonly<Record<SchemaType, string>> = {
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  float32: 'float',
  float64: 'double',
  boolean: 'boolean',
  string: 'string',
  bytes: 'bytes',
  array: 'array',
  map: 'map',
  struct: 'struct',
};

const typeOfJson: ReadonlyMap<string, SchemaType> = new Map(
  Object.entries(jsonTypeOf).map(([type, json]) => [json, type as SchemaType]),
);

/** The schema as JSON text. */
export function writeSchema(schema: Schema, writers: JsonWriters): string {
  return `{${schemaProperties(schema, writers).join(',')}}`;
}

function schemaProperties(schema: Schema, writers: JsonWriters): string[] {
  // A part of which nothing is known is null.
  const part = (of: Schema | undefined): string => (of ? writeSchema(of, writers) : 'null');
  const properties = [`"type":"${jsonTypeOf[schema.type]}"`];
  if (schema.type === 'array') properties.push(`"items":${part(schema.items)}`);
  if (schema.type === 'map')
    properties.push(`"keys":${part(schema.keys)}`, `"values":${part(schema.values)}`);
  if (schema.type === 'struct') {
    const fields = (schema.fields ?? []).map(({ field, schema: of }) =>
      [...schemaProperties(of, writers), `"field":${jsonString(field)}`].join(','),
    );
    properties.push(`"fields":[${fields.map((field) => `{${field}}`).join(',')}]`);
  }
  properties.push(`"optional":${String(schema.optional ?? false)}`);
  if (schema.name !== undefined) properties.push(`"name":${jsonString(schema.name)}`);
  if (schema.version !== undefined) properties.push(`"version":${String(schema.version)}`);
  if (schema.doc !== undefined) properties.push(`"doc":${jsonString(schema.doc)}`);
  const parameters = Object.entries(schema.parameters ?? {});
  if (parameters.length > 0) {
    const pairs = parameters.map(([name, value]) => `${jsonString(name)}:${jsonString(value)}`);
    properties.push(`"parameters":{${pairs.join(',')}}`);
  }
  if (schema.default !== undefined && schema.default !== null)
    properties.push(`"default":${writers.of(schema)(schema.default)}`);
  return properties;
}

/** Frozen. @throws DataError in Kafka Connect's words. */
export function readSchema(json: unknown, readers: JsonReaders): Schema | undefined {
  if (json === null || json === undefined) return undefined;
  const type = isObject(json) ? json['type'] : undefined;
  if (!isObject(json) || typeof type !== 'string')
    throw new DataError("Schema must contain 'type' field");
  const schemaType = typeOfJson.get(type);
  if (!schemaType) throw new DataError(`Unknown schema type: ${type}`);
  const schema: Schema = {
    type: schemaType,
    ...partsOf(schemaType, json, readers),
    ...(json['optional'] === true ? { optional: true } : {}),
    ...(typeof json['name'] === 'string' ? { name: json['name'] } : {}),
    ...(Number.isInteger(json['version']) ? { version: json['version'] as number } : {}),
    ...(typeof json['doc'] === 'string' ? { doc: json['doc'] } : {}),
    ...parametersOf(json['parameters']),
  };
  const value = json['default'];
  if (value === undefined || value === null) return Object.freeze(schema);
  return Object.freeze({ ...schema, default: readers.of(schema)(value) });
}

function partsOf(
  type: SchemaType,
  json: Readonly<Record<string, unknown>>,
  readers: JsonReaders,
): Partial<Schema> {
  const required = (name: string, problem: string): Schema => {
    const schema = readSchema(json[name], readers);
    if (!schema) throw new DataError(problem);
    return schema;
  };
  switch (type) {
    case 'array':
      return { items: required('items', 'Array schema did not specify the element type') };
    case 'map':
      return {
        keys: required('keys', 'Map schema did not specify the key type'),
        values: required('values', 'Map schema did not specify the value type'),
      };
    case 'struct':
      return { fields: fieldsOf(json['fields'], readers) };
    default:
      return {};
  }
}

function fieldsOf(json: unknown, readers: JsonReaders): readonly SchemaField[] {
  if (!Array.isArray(json))
    throw new DataError('Struct schema\'s "fields" argument is not an array.');
  const names = new Set<string>();
  const fields = json.map((each) => {
    const field = fieldOf(each, readers);
    if (names.has(field.field))
      throw new DataError(`Cannot create field because of field name duplication ${field.field}`);
    names.add(field.field);
    return field;
  });
  return Object.freeze(fields);
}

function fieldOf(json: unknown, readers: JsonReaders): SchemaField {
  const field = isObject(json) ? json['field'] : undefined;
  const schema = readSchema(json, readers);
  if (typeof field !== 'string' || !schema)
    throw new DataError("Struct schema's field name not specified properly");
  return Object.freeze({ field, schema });
}

function parametersOf(json: unknown): Pick<Schema, 'parameters'> {
  if (!isObject(json)) return {};
  const values = Object.values(json);
  if (values.some((value) => typeof value !== 'string'))
    throw new DataError('Schema parameters must have string values.');
  if (values.length === 0) return {};
  return { parameters: Object.freeze(json as Record<string, string>) };
}
