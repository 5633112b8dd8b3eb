/** JSON Schema → Connect schema, as Confluent's JsonSchemaData has it. */
import { DataError, type Schema, type SchemaField, type SchemaType } from '@sluice/connector-api';
import { writeJson } from '@sluice/converters';
import { isObject } from '@sluice/kernel';
import { type JsonSchemaOptions, jsonNames } from './json-options.ts';
import { jsonValueReader } from './json-value-reader.ts';
import type { JsonObject, SchemaDocuments, SchemaNode } from './schema-documents.ts';
import { type Part, partsOf } from './schema-parts.ts';

type Draft = { -readonly [Name in keyof Schema]: Schema[Name] };

interface Context {
  readonly documents: SchemaDocuments;
  readonly options: JsonSchemaOptions;
  /** What the schema that is converted is part of: one that contains itself has no end. */
  readonly within: Set<unknown>;
}

interface Place {
  readonly isOptional: boolean;
  readonly version?: number | undefined;
}

const anywhere: Place = { isOptional: false };

/** `version` is for a schema that says none itself. @throws DataError for what Connect has no schema for */
export function fromJsonSchema(
  documents: SchemaDocuments,
  options: JsonSchemaOptions,
  version?: number,
): Schema {
  return convert(
    documents.root,
    { isOptional: false, version },
    { documents, options, within: new Set() },
  );
}

function convert(node: SchemaNode, place: Place, context: Context): Schema {
  const { json } = node;
  if (context.within.has(json))
    throw new DataError(
      'The JSON Schema contains itself: such a schema cannot be read here. Read the bytes with the JsonConverter.',
    );
  context.within.add(json);
  try {
    return convertParts(node, place, context);
  } finally {
    context.within.delete(json);
  }
}

function convertParts(node: SchemaNode, place: Place, context: Context): Schema {
  const parts = partsOf(node);
  const [only] = parts;
  if (!only)
    throw new DataError(
      'A JSON Schema that says nothing of the type of a value has no Connect schema',
    );
  if (parts.length > 1) return allOf(parts, place, context);
  switch (only.kind) {
    case 'reference':
      return convert(context.documents.resolve(only.reference, node.document), place, context);
    case 'allOf':
      return allOf(only.nodes.flatMap(partsOf), place, context);
    case 'oneOf':
      return union(only, place, context);
    case 'type':
      return typed(only, place, context);
    default:
      return only satisfies never;
  }
}

function union(
  { nodes, node }: Extract<Part, { kind: 'oneOf' }>,
  place: Place,
  context: Context,
): Schema {
  const [first] = nodes;
  if (nodes.length === 1 && first && context.options.flattensSingletonUnions)
    return convert(first, anywhere, context);
  const others = nodes.filter((each) => !isNull(each));
  const [other] = others;
  if (nodes.length === 2 && others.length === 1 && other)
    return convert(other, { ...place, isOptional: true }, context);
  const draft: Draft = {
    type: 'struct',
    name: jsonNames.oneOf,
    ...(others.length < nodes.length || place.isOptional ? { optional: true } : {}),
    fields: Object.freeze(
      others.map((each, index) =>
        Object.freeze({
          field: `${jsonNames.oneOf}.field.${String(index)}`,
          schema: convert(each, { isOptional: true }, context),
        }),
      ),
    ),
  };
  return described(draft, isObject(node.json) ? node.json : {}, place, context);
}

function isNull({ json }: SchemaNode): boolean {
  return isObject(json) && json['type'] === 'null';
}

/** An object is all properties of all parts; of others one says what the value is. */
function allOf(parts: readonly Part[], place: Place, context: Context): Schema {
  const properties = new Map<string, { readonly node: SchemaNode; readonly isRequired: boolean }>();
  for (const part of parts) collectProperties(part, properties, context, new Set());
  if (properties.size > 0) {
    const fields = Array.from(properties, ([field, { node, isRequired }]) =>
      fieldOf(field, node, isRequired, context),
    );
    return Object.freeze<Schema>({
      type: 'struct',
      ...(place.isOptional ? { optional: true } : {}),
      fields: Object.freeze(fields),
    });
  }
  const chosen =
    parts.find(({ kind }) => kind === 'oneOf') ??
    parts.find((part) => part.kind === 'type' && part.type === 'enum' && parts.some(isString)) ??
    parts.find((part) => part.kind === 'type' && part.type !== 'enum') ??
    parts.find(({ kind }) => kind === 'reference') ??
    parts[0];
  if (!chosen) throw new DataError('A JSON Schema with an empty allOf has no Connect schema');
  switch (chosen.kind) {
    case 'oneOf':
      return union(chosen, place, context);
    case 'type':
      return typed(chosen, place, context);
    case 'reference':
      return convert(
        context.documents.resolve(chosen.reference, chosen.node.document),
        place,
        context,
      );
    case 'allOf':
      return allOf(chosen.nodes.flatMap(partsOf), place, context);
    default:
      return chosen satisfies never;
  }
}

function isString(part: Part): boolean {
  return part.kind === 'type' && part.type === 'string';
}

function collectProperties(
  part: Part,
  properties: Map<string, { readonly node: SchemaNode; readonly isRequired: boolean }>,
  context: Context,
  visited: Set<unknown>,
): void {
  if (part.kind === 'type') {
    if (part.type !== 'object') return;
    for (const [name, json] of Object.entries(objectAt(part.json, 'properties')))
      properties.set(name, {
        node: { json, document: part.node.document },
        isRequired: requiredOf(part.json).has(name),
      });
    return;
  }
  if (part.kind === 'oneOf' || visited.has(part.node.json)) return;
  visited.add(part.node.json);
  const nodes =
    part.kind === 'allOf'
      ? part.nodes
      : [context.documents.resolve(part.reference, part.node.document)];
  for (const each of nodes.flatMap(partsOf)) collectProperties(each, properties, context, visited);
}

function typed(part: Extract<Part, { kind: 'type' }>, place: Place, context: Context): Schema {
  return described(bare(part, context), part.json, place, context);
}

function bare({ type, json, node }: Extract<Part, { kind: 'type' }>, context: Context): Draft {
  const connectType = json[jsonNames.type];
  switch (type) {
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'number':
      return { type: numberType(connectType, type) };
    case 'string':
      return { type: connectType === 'bytes' ? 'bytes' : 'string' };
    case 'enum':
      return enumSchema(Array.isArray(json['enum']) ? json['enum'] : [json['const']]);
    case 'array':
      return arraySchema(json, node, context);
    case 'object':
      return objectSchema(json, node, context);
    case 'null':
      throw new DataError('A JSON Schema of null alone has no Connect schema');
    default:
      return type satisfies never;
  }
}

const numberTypes: ReadonlySet<unknown> = new Set<SchemaType>([
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'bytes', // Decimal
]);

function numberType(connectType: unknown, type: 'integer' | 'number'): SchemaType {
  if (connectType === undefined) return type === 'integer' ? 'int64' : 'float64';
  if (numberTypes.has(connectType)) return connectType as SchemaType;
  throw new DataError(`Unsupported ${jsonNames.type} of a JSON Schema ${type}`);
}

function enumSchema(values: readonly unknown[]): Draft {
  const symbols = values.map((value) =>
    value === null ? jsonNames.nullSymbol : typeof value === 'string' ? value : writeJson(value),
  );
  const parameters = symbols.map((symbol) => [`${jsonNames.enum}.${symbol}`, symbol] as const);
  return {
    type: 'string',
    parameters: Object.freeze(Object.fromEntries([[jsonNames.enum, ''], ...parameters])),
  };
}

function arraySchema(json: JsonObject, { document }: SchemaNode, context: Context): Draft {
  const { items } = json;
  if (!isObject(items)) throw new DataError('Array schema did not specify the items type');
  if (json[jsonNames.type] === 'map' && isObject(items['properties'])) {
    const { key, value } = items['properties'];
    return {
      type: 'map',
      keys: convert({ json: key, document }, anywhere, context),
      values: convert({ json: value, document }, anywhere, context),
    };
  }
  return { type: 'array', items: convert({ json: items, document }, anywhere, context) };
}

function objectSchema(json: JsonObject, { document }: SchemaNode, context: Context): Draft {
  if (json[jsonNames.type] === 'map')
    return {
      type: 'map',
      keys: Object.freeze({ type: 'string' }),
      values: convert({ json: json['additionalProperties'], document }, anywhere, context),
    };
  const required = requiredOf(json);
  const fields = inOrder(objectAt(json, 'properties')).map(([field, of]) =>
    fieldOf(field, { json: of, document }, required.has(field), context),
  );
  return { type: 'struct', fields: Object.freeze(fields) };
}

function fieldOf(
  field: string,
  node: SchemaNode,
  isRequired: boolean,
  context: Context,
): SchemaField {
  const isOptional = context.options.isOptionalUnlessRequired && !isRequired;
  return Object.freeze({ field, schema: convert(node, { isOptional }, context) });
}

/** By `connect.index` where there is one: objects have no order in JSON. */
function inOrder(properties: JsonObject): [string, unknown][] {
  return Object.entries(properties)
    .map(([name, json], position) => {
      const index = isObject(json) ? json[jsonNames.index] : undefined;
      return { name, json, index: typeof index === 'number' ? index : position };
    })
    .sort((one, other) => one.index - other.index)
    .map(({ name, json }) => [name, json]);
}

function described(draft: Draft, json: JsonObject, place: Place, context: Context): Schema {
  const { title, description, default: fallback } = json;
  if (typeof title === 'string' && draft.name === undefined) draft.name = title;
  const version = json[jsonNames.version] ?? place.version;
  if (typeof version === 'number') draft.version = version;
  if (typeof description === 'string') draft.doc = description;
  const parameters = json[jsonNames.parameters];
  if (isObject(parameters)) {
    const texts = Object.entries(parameters).map(([name, value]) => [name, String(value)] as const);
    draft.parameters = Object.freeze({ ...draft.parameters, ...Object.fromEntries(texts) });
  }
  if (fallback !== undefined && fallback !== null) addDefault(draft, fallback, context);
  if (place.isOptional) draft.optional = true;
  return Object.freeze(draft);
}

function addDefault(draft: Draft, json: unknown, { options }: Context): void {
  const value = jsonValueReader({ ...draft, optional: true }, options)(json);
  if (value !== null && value !== undefined) draft.default = value;
}

function requiredOf(json: JsonObject): ReadonlySet<unknown> {
  const { required } = json;
  return new Set(Array.isArray(required) ? (required as unknown[]) : []);
}

function objectAt(json: JsonObject, name: string): JsonObject {
  const found = json[name];
  return isObject(found) ? found : {};
}
