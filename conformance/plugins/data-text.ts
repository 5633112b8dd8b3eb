/** Data as text: what JsonConverter makes of it with its schema. Null stands for null without a schema. */
import type { Schema } from '@sluice/connector-api';
import { createConverter } from '@sluice/converters';

const converter = createConverter('JsonConverter', { 'schemas.enable': 'true' });

export interface DataOf {
  readonly value: unknown;
  readonly schema?: Schema;
}

export async function dataOf(text: string | null | undefined): Promise<DataOf> {
  if (text === null || text === undefined) return { value: null };
  const read = await converter.fromBytes({ topic: '', bytes: [Buffer.from(text)] });
  const [failure] = read.failures;
  if (failure) throw failure.error;
  const schema = read.schemas?.[0];
  return { value: read.values[0] ?? null, ...(schema ? { schema } : {}) };
}

export async function textOf(value: unknown, schema: Schema | undefined): Promise<string | null> {
  const batch = { topic: '', values: [value ?? null] };
  const written = await converter.toBytes(schema ? { ...batch, schemas: [schema] } : batch);
  const [failure] = written.failures;
  if (failure) throw failure.error;
  const bytes = written.bytes[0];
  return bytes ? Buffer.from(bytes).toString() : null;
}
