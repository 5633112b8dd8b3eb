/**
 * Which schema of a union a JSON value is of, by Confluent's rule: the first simple type of its kind, or else the
 * struct that has most of its properties.
 */
import type { Schema } from '@sluice/connector-api';
import { JsonNumber } from '@sluice/converters';
import { isJsonObject } from './json-kinds.ts';

/** Its index, or -1. */
export function memberFor(schemas: readonly Schema[], json: unknown): number {
  let best = -1;
  let most = 0;
  for (const [index, schema] of schemas.entries()) {
    if (isOfKind(schema, json)) return index;
    const matching = matchingProperties(schema, json);
    if (matching > most) {
      most = matching;
      best = index;
    }
  }
  return best;
}

function isOfKind({ type }: Schema, json: unknown): boolean {
  const isNumber =
    typeof json === 'number' || typeof json === 'bigint' || json instanceof JsonNumber;
  switch (type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return typeof json === 'bigint' || Number.isInteger(json);
    case 'float32':
    case 'float64':
      return isNumber;
    case 'boolean':
      return typeof json === 'boolean';
    case 'string':
      return typeof json === 'string';
    case 'bytes':
      // Text may be bytes, too: Confluent's never takes it for them, and reads nothing then.
      return typeof json === 'string' || json instanceof JsonNumber;
    case 'array':
      return Array.isArray(json);
    case 'map':
      return isJsonObject(json) || Array.isArray(json);
    case 'struct':
      return false;
    default:
      return type satisfies never;
  }
}

function matchingProperties(schema: Schema, json: unknown): number {
  if (schema.type !== 'struct' || !isJsonObject(json)) return 0;
  let count = 0;
  for (const { field, schema: of } of schema.fields ?? []) {
    if (!Object.hasOwn(json, field)) continue;
    count += 1 + matchingProperties(of, json[field]);
  }
  return count;
}
