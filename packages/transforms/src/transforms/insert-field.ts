/** Kafka Connect's InsertField: fields from the record's metadata, or with a fixed value. */
import {
  DataError,
  defineConfig,
  type Schema,
  type SchemaField,
  type StringBuilder,
  string,
  type TransformableRecord,
  type TransformPlugin,
  timestampSchema,
} from '@sluice/connector-api';
import { invalidConfig, invalidValue, replaceNullWithDefault } from '../config-keys.ts';
import { partPlugins } from '../part-plugin.ts';
import { offsetOf, perRecord, schemaOf, valueOf, withPart } from '../records.ts';
import {
  cachedBySchema,
  copyStruct,
  requireMap,
  requireStruct,
  setField,
  structLike,
} from '../structs.ts';

const purpose = 'field insertion';

function fieldKey(what: string): StringBuilder<string | undefined> {
  return string()
    .optional()
    .doc(`Field for ${what}. Suffix ! for a required field, ? for an optional one (the default).`);
}

export const insertField: readonly TransformPlugin[] = partPlugins(
  'org.apache.kafka.connect.transforms.InsertField',
  defineConfig({
    'topic.field': fieldKey('the topic'),
    'partition.field': fieldKey('the partition'),
    'offset.field': fieldKey('the offset; of sinks only'),
    'timestamp.field': fieldKey("the record's timestamp"),
    'static.field': fieldKey('a fixed value'),
    'static.value': string().optional().doc('The fixed value, if static.field is set.'),
    'replace.null.with.default': replaceNullWithDefault,
  }),
  (config, part) => {
    const useDefault = config['replace.null.with.default'];
    const staticValue = config['static.value'];
    if (config['static.field'] !== undefined && staticValue === undefined)
      throw invalidValue('static.value', 'null', 'No value specified for static field');
    const insertions = [
      insertion(config['topic.field'], { type: 'string' }, (record) => record.topic),
      insertion(config['partition.field'], { type: 'int32' }, (record) => record.partition),
      insertion(config['offset.field'], { type: 'int64' }, requireOffset),
      insertion(config['timestamp.field'], timestampSchema, (record) => record.timestampMs),
      insertion(config['static.field'], { type: 'string' }, () => staticValue),
    ].filter((each) => each !== undefined);
    if (insertions.length === 0)
      throw invalidConfig('topic.field', 'No field insertion configured');
    const inserted = cachedBySchema((schema) =>
      structLike(schema, [...(schema.fields ?? []), ...insertions.map(({ field }) => field)]),
    );

    return perRecord((record) => {
      const value = valueOf(record, part);
      if (value === null) return record;
      const schema = schemaOf(record, part);
      const updated = schema
        ? copyStruct(schema, requireStruct(schema, value, purpose), useDefault)
        : { ...requireMap(value, purpose) };
      for (const { field, read } of insertions) {
        const what = read(record);
        if (what === undefined) continue;
        const isTime = schema && field.schema.name === timestampSchema.name;
        setField(updated, field.field, isTime ? new Date(what as number) : what);
      }
      return withPart(record, part, schema && inserted(schema), updated);
    });
  },
);

interface Insertion {
  readonly field: SchemaField;
  /** Undefined: the record has none, and the field is left out. */
  readonly read: (record: TransformableRecord) => unknown;
}

function insertion(
  text: string | undefined,
  schema: Schema,
  read: Insertion['read'],
): Insertion | undefined {
  if (text === undefined) return undefined;
  const suffix = /[!?]$/.exec(text)?.[0];
  const field = suffix === undefined ? text : text.slice(0, -1);
  return {
    field: { field, schema: suffix === '!' ? schema : { ...schema, optional: true } },
    read,
  };
}

function requireOffset(record: TransformableRecord): number {
  const offset = offsetOf(record);
  if (offset === undefined)
    throw new DataError(`Only SinkRecord supported for [${purpose}], found: SourceRecord`);
  return offset;
}
