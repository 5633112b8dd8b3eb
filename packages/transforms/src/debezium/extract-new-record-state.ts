/**
 * Debezium's ExtractNewRecordState: the envelope of a change becomes the row as it is after it. Records that are no
 * envelopes pass as they are.
 */
import {
  defineConfig,
  list,
  type RecordHeader,
  type Schema,
  type SchemaField,
  schemas,
  string,
  type TransformableRecord,
  type TransformPlugin,
} from '@sluice/connector-api';
import { invalidConfig, replaceNullWithDefault } from '../config-keys.ts';
import { transformPlugin } from '../part-plugin.ts';
import { perRecord, withHeaders, withPart, withTopic } from '../records.ts';
import {
  cachedBySchema,
  copyStruct,
  type Fields,
  findField,
  isFields,
  setField,
  structLike,
} from '../structs.ts';
import { EnvelopeField } from './envelope-field.ts';

const configDef = defineConfig({
  'delete.tombstone.handling.mode': string()
    .oneOf('drop', 'tombstone', 'rewrite', 'rewrite-with-tombstone', 'delete-to-tombstone')
    .ignoreCase()
    .default('tombstone')
    .doc(
      'What a delete and the tombstone behind it become: nothing, one tombstone, or a row with __deleted.',
    ),
  'route.by.field': string()
    .default('')
    .importance('low')
    .doc('Field of the row whose value becomes the topic.'),
  'add.fields': list()
    .default([])
    .importance('low')
    .doc('Fields of the envelope that the row gets, such as op, source.ts_ms or op:operation.'),
  'add.fields.prefix': string().default('__').importance('low').doc('Before the names of those.'),
  'add.headers': list()
    .default([])
    .importance('low')
    .doc('Fields of the envelope that become headers, written as for add.fields.'),
  'add.headers.prefix': string().default('__').importance('low').doc('Before the names of those.'),
  'replace.null.with.default': replaceNullWithDefault,
});

/** Those that Debezium has, or had. */
const unsupported: Readonly<Record<string, string>> = {
  'drop.fields.header.name': 'remove it',
  'drop.fields.from.key': 'remove it',
  'drop.fields.keep.schema.compatible': 'remove it',
  'drop.tombstones': 'set delete.tombstone.handling.mode',
  'delete.handling.mode': 'set delete.tombstone.handling.mode',
};

const deletedField: SchemaField = { field: '__deleted', schema: schemas.optionalString };

export const extractNewRecordState: TransformPlugin = transformPlugin(
  'io.debezium.transforms.ExtractNewRecordState',
  configDef,
  (config, raw) => {
    for (const [key, remedy] of Object.entries(unsupported))
      if (raw[key] !== undefined)
        throw invalidConfig(key, `Configuration ${key} is not supported by Sluice: ${remedy}`);
    const mode = config['delete.tombstone.handling.mode'];
    const rewrites = mode === 'rewrite' || mode === 'rewrite-with-tombstone';
    const routeField = config['route.by.field'];
    const useDefault = config['replace.null.with.default'];
    const added = config['add.fields'].map(
      (text) => new EnvelopeField(text, config['add.fields.prefix'], 'add.fields'),
    );
    const headers = config['add.headers'].map(
      (text) => new EnvelopeField(text, config['add.headers.prefix'], 'add.headers'),
    );
    const planOf = cachedBySchema((envelope) => rowPlan(envelope, rewrites, added));

    return perRecord(<RecordType extends TransformableRecord>(record: RecordType) => {
      const value = record.value ?? null;
      if (value === null) {
        const told = withAddedHeaders(record, headers, undefined, {});
        return mode === 'rewrite-with-tombstone' ? told : null;
      }
      const envelope = record.valueSchema;
      if (!envelope?.name?.endsWith('Envelope') || !isFields(value)) return record;
      const told = withAddedHeaders(record, headers, envelope, value);
      const plan = planOf(envelope);
      const after = rowIn(value, 'after');
      const row = after ?? rowIn(value, 'before');
      // A table that was emptied.
      if (!row) return null;
      const topic = routeField === '' ? undefined : row[routeField];
      const routed =
        typeof topic === 'string' && topic.trim() !== '' ? withTopic(told, topic) : told;
      if (after || rewrites) {
        const written = plan.copies ? copyStruct(plan.row, row, rewrites && useDefault) : row;
        if (rewrites) setField(written, deletedField.field, after ? 'false' : 'true');
        if (plan.copies)
          for (const field of plan.added) setField(written, field.newName, field.valueIn(value));
        return withPart(routed, 'value', plan.schema, written);
      }
      switch (mode) {
        case 'drop':
          return null;
        case 'delete-to-tombstone':
          return withPart(told, 'value', undefined, null);
        default:
          return withPart(routed, 'value', plan.row, null);
      }
    });
  },
);

interface RowPlan {
  /** Of the row in the envelope. */
  readonly row: Schema;
  /** Of what is written. */
  readonly schema: Schema;
  readonly added: readonly EnvelopeField[];
  /** Whether a row gets anything. */
  readonly copies: boolean;
}

function rowPlan(envelope: Schema, rewrites: boolean, wanted: readonly EnvelopeField[]): RowPlan {
  const row = findField(envelope, 'after')?.schema ?? { type: 'struct', fields: [] };
  const added = wanted.filter((field) => field.schemaIn(envelope) !== undefined);
  const more: SchemaField[] = [
    ...(rewrites ? [deletedField] : []),
    ...added.map((field) => ({
      field: field.newName,
      schema: field.schemaIn(envelope) ?? schemas.optionalString,
    })),
  ];
  const copies = more.length > 0;
  const schema = copies ? structLike(row, [...(row.fields ?? []), ...more]) : row;
  return { row, schema, added, copies };
}

function rowIn(value: Fields, name: string): Record<string, unknown> | undefined {
  const row = value[name];
  return isFields(row) ? row : undefined;
}

/** A tombstone has no envelope any more; of it is known that it ends its row. */
function withAddedHeaders<RecordType extends TransformableRecord>(
  record: RecordType,
  wanted: readonly EnvelopeField[],
  envelope: Schema | undefined,
  value: Fields,
): RecordType {
  if (wanted.length === 0) return record;
  const more = wanted.flatMap((field): RecordHeader[] => {
    if (!envelope)
      return field.isOperation ? [{ name: field.newName, value: 'd', schema: schemas.string }] : [];
    const schema = field.schemaIn(envelope);
    return schema ? [{ name: field.newName, value: field.valueIn(value), schema }] : [];
  });
  return more.length === 0 ? record : withHeaders(record, [...(record.headers ?? []), ...more]);
}
