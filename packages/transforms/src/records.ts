/** What all transforms share: the key or the value as the part they work on. */
import type { RecordHeader, Schema, TransformableRecord } from '@sluice/connector-api';

/** What `$Key` and `$Value` in a class name stand for. */
export type Part = 'key' | 'value';

export { perRecord } from '@sluice/connector-api';

export function schemaOf(record: TransformableRecord, part: Part): Schema | undefined {
  return part === 'key' ? record.keySchema : record.valueSchema;
}

/** Null where the record has none. */
export function valueOf(record: TransformableRecord, part: Part): unknown {
  return (part === 'key' ? record.key : record.value) ?? null;
}

/** A copy with another key or value, and another schema of it, or none. */
export function withPart<RecordType extends TransformableRecord>(
  record: RecordType,
  part: Part,
  schema: Schema | undefined,
  value: unknown,
): RecordType {
  if (schema) {
    return part === 'key'
      ? { ...record, keySchema: schema, key: value }
      : { ...record, valueSchema: schema, value };
  }
  if (part === 'key') {
    if (!record.keySchema) return { ...record, key: value };
    const { keySchema: _, ...rest } = record;
    return { ...rest, key: value } as unknown as RecordType;
  }
  if (!record.valueSchema) return { ...record, value };
  const { valueSchema: _, ...rest } = record;
  return { ...rest, value } as unknown as RecordType;
}

export function withHeaders<RecordType extends TransformableRecord>(
  record: RecordType,
  headers: readonly RecordHeader[],
): RecordType {
  return { ...record, headers };
}

export function withTopic<RecordType extends TransformableRecord>(
  record: RecordType,
  topic: string,
): RecordType {
  return { ...record, topic };
}

/** Sinks only: offsets in the log are not known before a record is written. */
export function offsetOf(record: TransformableRecord): number | undefined {
  return 'offset' in record ? record.offset : undefined;
}
