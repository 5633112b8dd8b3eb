/** What a JSON Schema demands of a value, sorted: its type, and what else must hold. */
import { isObject } from '@sluice/kernel';
import type { JsonObject, SchemaNode } from './schema-documents.ts';

/** What a schema is made of: more than one of these must hold all at once. */
export type Part =
  | { readonly kind: 'reference'; readonly reference: string; readonly node: SchemaNode }
  | { readonly kind: 'allOf'; readonly nodes: readonly SchemaNode[]; readonly node: SchemaNode }
  | { readonly kind: 'oneOf'; readonly nodes: readonly SchemaNode[]; readonly node: SchemaNode }
  | {
      readonly kind: 'type';
      readonly type: TypeName;
      readonly json: JsonObject;
      readonly node: SchemaNode;
    };

type TypeName = 'boolean' | 'integer' | 'number' | 'string' | 'null' | 'enum' | 'array' | 'object';

export function partsOf(node: SchemaNode): Part[] {
  const { json, document } = node;
  if (!isObject(json)) return [];
  const { $ref: reference } = json;
  if (typeof reference === 'string') return [{ kind: 'reference', reference, node }];
  const parts: Part[] = typePartsOf(node, json);
  for (const [keyword, kind] of [
    ['oneOf', 'oneOf'],
    ['anyOf', 'oneOf'],
    ['allOf', 'allOf'],
  ] as const) {
    const list = json[keyword];
    if (Array.isArray(list))
      parts.push({ kind, nodes: list.map((each: unknown) => ({ json: each, document })), node });
  }
  return parts;
}

const typeNames: ReadonlySet<unknown> = new Set([
  'boolean',
  'integer',
  'number',
  'string',
  'null',
  'array',
  'object',
]);

function typePartsOf(node: SchemaNode, json: JsonObject): Part[] {
  const { type } = json;
  if (Array.isArray(type)) {
    if (type.length === 1) return typePartsOf(node, { ...json, type: type[0] });
    const nodes = type.map((each: unknown) => ({
      json: { ...json, type: each },
      document: node.document,
    }));
    return [{ kind: 'oneOf', nodes, node }];
  }
  const parts: Part[] = [];
  if (typeNames.has(type)) parts.push({ kind: 'type', type: type as TypeName, json, node });
  else if (isObject(json['properties']) || isObject(json['additionalProperties']))
    parts.push({ kind: 'type', type: 'object', json, node });
  else if (json['items'] !== undefined) parts.push({ kind: 'type', type: 'array', json, node });
  const isEnum = Array.isArray(json['enum']) || 'const' in json;
  // The values of a string are known; those of a number are numbers.
  if (isEnum && (parts.length === 0 || (type === 'string' && Array.isArray(json['enum']))))
    return [{ kind: 'type', type: 'enum', json, node }];
  return parts;
}
