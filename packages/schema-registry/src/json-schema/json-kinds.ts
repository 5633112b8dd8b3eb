/** Small facts about schemas and parsed JSON that both directions share. */
import type { Schema } from '@sluice/connector-api';
import { JsonNumber } from '@sluice/converters';
import { jsonNames } from './json-options.ts';

/** A struct that stands for a union: one of its fields is set. */
export function isUnionStruct(schema: Schema): boolean {
  return schema.type === 'struct' && schema.name === jsonNames.oneOf;
}

export function isJsonObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return (
    typeof json === 'object' &&
    json !== null &&
    !Array.isArray(json) &&
    !(json instanceof JsonNumber)
  );
}
