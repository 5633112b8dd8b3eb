/** Connect schema → JSON Schema, as Confluent's JsonSchemaData has it. */
import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import { jsonString } from '@sluice/converters';
import { isUnionStruct } from './json-kinds.ts';
import { type JsonSchemaOptions, jsonNames } from './json-options.ts';
import { jsonValueWriter } from './json-value-writer.ts';

/** The text that is registered. @throws DataError */
export function toJsonSchema(schema: Schema, options: JsonSchemaOptions): string {
  return convert(schema, {}, options);
}

interface Place {
  /** Of a field in its struct. */
  readonly index?: number;
  /** In a union, which says itself whether null is a value. */
  readonly isMember?: boolean;
}

/** Texts of properties, in the order in which they are printed. */
type Properties = readonly string[];

const nullText = '{"type":"null"}';

function convert(schema: Schema, place: Place, options: JsonSchemaOptions): string {
  const index = place.index === undefined ? [] : [`"${jsonNames.index}":${String(place.index)}`];
  if (isUnionStruct(schema)) {
    const members = (schema.fields ?? []).map(({ schema: of }, position) =>
      convert({ ...of, optional: false }, { index: position, isMember: true }, options),
    );
    return object([oneOf(schema.optional ? [nullText, ...members] : members), ...index]);
  }
  if (!schema.optional || place.isMember === true)
    return object([
      ...described(schema, options),
      ...bare(schema, options),
      ...own(schema),
      ...index,
    ]);
  const required = object([
    ...described(schema, options),
    ...bare(schema, options),
    ...own(schema),
  ]);
  return object([oneOf([nullText, required]), ...index]);
}

function oneOf(schemas: readonly string[]): string {
  return `"oneOf":[${schemas.join(',')}]`;
}

function object(properties: Properties): string {
  return `{${properties.join(',')}}`;
}

/** What JSON Schema has words for. */
function described(schema: Schema, options: JsonSchemaOptions): Properties {
  const properties: string[] = [];
  if (schema.name !== undefined) properties.push(`"title":${jsonString(schema.name)}`);
  if (schema.doc !== undefined) properties.push(`"description":${jsonString(schema.doc)}`);
  if (schema.default !== undefined && schema.default !== null) {
    const write = jsonValueWriter({ ...schema, optional: false }, options);
    properties.push(`"default":${write(schema.default) ?? 'null'}`);
  }
  return properties;
}

/** What only Connect knows. */
function own(schema: Schema): Properties {
  const properties: string[] = [];
  const type = connectTypes[schema.type];
  if (type !== undefined) properties.push(`"${jsonNames.type}":"${type}"`);
  if (schema.version !== undefined)
    properties.push(`"${jsonNames.version}":${String(schema.version)}`);
  const parameters = Object.entries(schema.parameters ?? {}).filter(
    ([name]) => !name.startsWith(jsonNames.namespace),
  );
  if (parameters.length > 0)
    properties.push(
      `"${jsonNames.parameters}":${object(parameters.map(([name, value]) => `${jsonString(name)}:${jsonString(value)}`))}`,
    );
  return properties;
}

const connectTypes: Readonly<Partial<Record<Schema['type'], string>>> = {
  int8: 'int8',
  int16: 'int16',
  int32: 'int32',
  int64: 'int64',
  float32: 'float32',
  float64: 'float64',
  bytes: 'bytes',
  map: 'map',
};

function bare(schema: Schema, options: JsonSchemaOptions): Properties {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return ['"type":"integer"'];
    case 'float32':
    case 'float64':
      return ['"type":"number"'];
    case 'boolean':
      return ['"type":"boolean"'];
    case 'string':
      return schema.parameters?.[jsonNames.enum] === undefined
        ? ['"type":"string"']
        : [`"enum":[${symbolsOf(schema).join(',')}]`];
    case 'bytes': {
      const isNumber = options.decimalFormat === 'NUMERIC' && logicalTypeOf(schema) === 'Decimal';
      return [`"type":"${isNumber ? 'number' : 'string'}"`];
    }
    case 'array':
      return ['"type":"array"', `"items":${convert(partOf(schema.items), {}, options)}`];
    case 'map':
      return mapProperties(partOf(schema.keys), partOf(schema.values), options);
    case 'struct':
      return [
        '"type":"object"',
        ...propertiesOf(schema, options),
        ...(options.allowsAdditionalProperties ? [] : ['"additionalProperties":false']),
      ];
    default:
      return schema.type satisfies never;
  }
}

function symbolsOf({ parameters = {} }: Schema): string[] {
  const prefix = `${jsonNames.enum}.`;
  return Object.keys(parameters).flatMap((key) => {
    if (!key.startsWith(prefix)) return [];
    const symbol = key.slice(prefix.length);
    return [symbol === jsonNames.nullSymbol ? 'null' : jsonString(symbol)];
  });
}

function mapProperties(keys: Schema, values: Schema, options: JsonSchemaOptions): Properties {
  if (keys.type === 'string' && !keys.optional)
    return ['"type":"object"', `"additionalProperties":${convert(values, {}, options)}`];
  const entry = object([
    '"type":"object"',
    `"properties":${object([
      `"key":${convert(keys, { index: 0 }, options)}`,
      `"value":${convert(values, { index: 1 }, options)}`,
    ])}`,
  ]);
  return ['"type":"array"', `"items":${entry}`];
}

function propertiesOf(schema: Schema, options: JsonSchemaOptions): Properties {
  const fields = (schema.fields ?? []).map(
    ({ field, schema: of }, index) => `${jsonString(field)}:${convert(of, { index }, options)}`,
  );
  return fields.length === 0 ? [] : [`"properties":${object(fields)}`];
}

function partOf(part: Schema | undefined): Schema {
  if (part) return part;
  throw new DataError('What has elements without a schema cannot be converted to JSON Schema');
}
