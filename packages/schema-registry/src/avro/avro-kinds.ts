/** Small facts about Connect schemas and their names in Avro, which both directions share. */
import { DataError, type Schema } from '@sluice/connector-api';
import { scrubName } from '../scrub-name.ts';
import type { AvroOptions } from './avro-options.ts';
import { avroNames } from './avro-type.ts';
import { checkName } from './parse-avro.ts';

/** Avro's maps have strings as keys; other maps are lists of entries. */
export function isAvroMap(
  schema: Schema,
  { allowsOptionalMapKeys }: Pick<AvroOptions, 'allowsOptionalMapKeys'>,
): boolean {
  const { keys } = schema;
  return keys?.type === 'string' && (!keys.optional || allowsOptionalMapKeys);
}

export function isUnionStruct(schema: Schema): boolean {
  return schema.type === 'struct' && schema.name === avroNames.union;
}

export function isEnumSchema(schema: Schema): boolean {
  return schema.type === 'string' && schema.parameters?.[avroNames.enum] !== undefined;
}

export function isFixedSchema(schema: Schema): boolean {
  return (
    schema.type === 'bytes' &&
    schema.name !== undefined &&
    schema.parameters?.[avroNames.fixedSize] !== undefined
  );
}

/** @throws DataError */
export function fixedSizeOf(schema: Schema): number {
  const text = schema.parameters?.[avroNames.fixedSize] ?? '';
  if (!/^\d{1,9}$/.test(text))
    throw new DataError(`Invalid parameter ${avroNames.fixedSize}: not a number of bytes`);
  return Number(text);
}

export function fieldNameOf(
  field: string,
  { scrubsNames }: Pick<AvroOptions, 'scrubsNames'>,
): string {
  if (scrubsNames) return scrubName(field);
  return checkedName(field);
}

/** @throws DataError for what is no name in Avro */
export function checkedName(fullName: string): string {
  try {
    for (const part of fullName.split('.')) checkName(part);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new DataError(`${message}. Set scrub.invalid.names=true to have it replaced.`, {
      cause: error,
    });
  }
  return fullName;
}
