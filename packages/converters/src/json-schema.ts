/**
 * Between our schemas and the schema part of JsonConverter's envelope. Properties are written in Kafka
 * Connect's order, so that the same schema gives the same bytes.
 */
import { DataError, type Schema, type SchemaField, type SchemaType } from '@sluice/connector-api';
import { readerOf } from './json-reader.ts';
import { writerOf } from './json-writer.ts';

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
export function writeSchema(schema: Schema): string {
  return `{${schemaProperties(schema).join(',')}}`;
}

function schemaProperties(schema: Schema): string[] {
  const properties = [`"type":"${jsonTypeOf[schema.type]}"`];
  if (schema.type === 'array') properties.push(`"items":${writeSchema(part(schema, 'items'))}`);
  if (schema.type === 'map') {
    properties.push(`"keys":${writeSchema(part(schema, 'keys'))}`);
    properties.push(`"values":${writeSchema(part(schema, 'values'))}`);
  }
  if (schema.type === 'struct') {
    const fields = (schema.fields ?? []).map(({ field, schema: of }) =>
      [...schemaProperties(of), `"field":${JSON.stringify(field)}`].join(','),
    );
    properties.push(`"fields":[${fields.map((field) => `{${field}}`).join(',')}]`);
  }
  properties.push(`"optional":${String(schema.optional ?? false)}`);
  if (schema.name !== undefined) properties.push(`"name":${JSON.stringify(schema.name)}`);
  if (schema.version !== undefined) properties.push(`"version":${String(schema.version)}`);
  if (schema.doc !== undefined) properties.push(`"doc":${JSON.stringify(schema.doc)}`);
  if (schema.parameters) properties.push(`"parameters":${JSON.stringify(schema.parameters)}`);
  if (schema.default !== undefined && schema.default !== null)
    properties.push(`"default":${writerOf(schema)(schema.default)}`);
  return properties;
}

/** @throws DataError in Kafka Connect's words. */
export function readSchema(json: unknown): Schema | undefined {
  if (json === null || json === undefined) return undefined;
  const type = isObject(json) ? json['type'] : undefined;
  if (!isObject(json) || typeof type !== 'string')
    throw new DataError("Schema must contain 'type' field");
  const schemaType = typeOfJson.get(type);
  if (!schemaType) throw new DataError(`Unknown schema type: ${type}`);
  const schema: Schema = {
    type: schemaType,
    ...partsOf(schemaType, json),
    ...(json['optional'] === true ? { optional: true } : {}),
    ...(typeof json['name'] === 'string' ? { name: json['name'] } : {}),
    ...(Number.isInteger(json['version']) ? { version: json['version'] as number } : {}),
    ...(typeof json['doc'] === 'string' ? { doc: json['doc'] } : {}),
    ...(isObject(json['parameters']) ? { parameters: parametersOf(json['parameters']) } : {}),
  };
  const value = json['default'];
  if (value === undefined || value === null) return schema;
  return { ...schema, default: readerOf(schema)(value) };
}

function partsOf(type: SchemaType, json: Readonly<Record<string, unknown>>): Partial<Schema> {
  const required = (name: string, problem: string): Schema => {
    const schema = readSchema(json[name]);
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
      if (!Array.isArray(json['fields']))
        throw new DataError('Struct schema\'s "fields" argument is not an array.');
      return { fields: json['fields'].map(fieldOf) };
    default:
      return {};
  }
}

function fieldOf(json: unknown): SchemaField {
  const field = isObject(json) ? json['field'] : undefined;
  const schema = readSchema(json);
  if (typeof field !== 'string' || !schema)
    throw new DataError("Struct schema's field name not specified properly");
  return { field, schema };
}

function parametersOf(json: Readonly<Record<string, unknown>>): Record<string, string> {
  if (Object.values(json).some((value) => typeof value !== 'string'))
    throw new DataError('Schema parameters must have string values.');
  return json as Record<string, string>;
}

function part(schema: Schema, name: 'items' | 'keys' | 'values'): Schema {
  const found = schema[name];
  if (!found) throw new DataError(`a schema of type ${schema.type} must have ${name}`);
  return found;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
