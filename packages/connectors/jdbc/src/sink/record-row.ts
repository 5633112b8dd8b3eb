/**
 * Which columns a record has, and what is in them: by `pk.mode`, `pk.fields` and `fields.whitelist`. Columns depend on
 * the schemas only, so they are worked out once for each pair of schemas.
 */
import {
  DataError,
  type Schema,
  type SinkRecord,
  schemaFingerprint,
  schemas,
} from '@sluice/connector-api';
import type { NewColumn } from '../dialect.ts';
import type { SinkConfig } from './sink-keys.ts';

export interface ShapeColumn extends NewColumn {
  readonly read: (record: SinkRecord) => unknown;
}

/** What all records of two schemas have in common. */
export interface RowShape {
  readonly columns: readonly ShapeColumn[];
  readonly isDelete: boolean;
}

const kafkaFields = ['__connect_topic', '__connect_partition', '__connect_offset'] as const;

/** More pairs of schemas than that are worked out again. */
const shapesMax = 10_000;

export class RowShapes {
  readonly #config: SinkConfig;
  readonly #byIdentity = new WeakMap<Schema, WeakMap<Schema, RowShape>>();
  readonly #byText = new Map<string, RowShape>();

  constructor(config: SinkConfig) {
    this.#config = config;
  }

  /** @throws DataError for a record that has no row. */
  of(record: SinkRecord): RowShape {
    const key = record.keySchema ?? absent;
    const value = isNull(record.value) ? absent : (record.valueSchema ?? absent);
    let byKey = this.#byIdentity.get(value);
    if (!byKey) {
      byKey = new WeakMap();
      this.#byIdentity.set(value, byKey);
    }
    let shape = byKey.get(key);
    if (!shape) {
      shape = this.#equal(record, key, value);
      byKey.set(key, shape);
    }
    return shape;
  }

  /** Converters may make the same schema anew for each record. */
  #equal(record: SinkRecord, key: Schema, value: Schema): RowShape {
    const text = `${isNull(record.value) ? 'delete' : 'write'} ${schemaFingerprint(key)} ${schemaFingerprint(value)}`;
    let shape = this.#byText.get(text);
    if (!shape) {
      shape = shapeOf(record, this.#config);
      if (this.#byText.size >= shapesMax) this.#byText.clear();
      this.#byText.set(text, shape);
    }
    return shape;
  }
}

/** Stands for no schema. */
const absent: Schema = Object.freeze({ type: 'string', name: 'sluice.absent' });

function shapeOf(record: SinkRecord, config: SinkConfig): RowShape {
  const keys = keyColumns(record, config);
  if (isNull(record.value)) {
    if (!config['delete.enabled'])
      throw new DataError(
        'the record has no value, and delete.enabled is false: set it, or drop such records (Filter with RecordIsTombstone)',
      );
    return { columns: keys, isDelete: true };
  }
  const schema = record.valueSchema;
  if (schema?.type !== 'struct')
    throw new DataError(
      'the value is no struct with a schema, so it has no columns: use a converter with schemas (JsonConverter with schemas.enable, Avro, …)',
    );
  const names = new Set(keys.map(({ name }) => name));
  const allowed = config['fields.whitelist'];
  const others = (schema.fields ?? [])
    .filter(({ field }) => !names.has(field) && (allowed.length === 0 || allowed.includes(field)))
    .map(({ field, schema: of }) =>
      fieldColumn(field, of, false, config, ({ value }) => propertyOf(value, field)),
    );
  const columns = [...keys, ...others];
  if (columns.length === 0)
    throw new DataError('none of the fields is written: see fields.whitelist and pk.mode');
  return { columns, isDelete: false };
}

function keyColumns(record: SinkRecord, config: SinkConfig): ShapeColumn[] {
  const fields = config['pk.fields'];
  switch (config['pk.mode']) {
    case 'none':
      return [];
    case 'kafka':
      return kafkaColumns(fields);
    case 'record_key':
      return recordKeyColumns(record, fields, config);
    case 'record_value': {
      const schema = record.valueSchema;
      // What it is instead is said where the value is read.
      if (schema?.type !== 'struct') return [];
      return structColumns(schema, fields, config, 'value', ({ value }) => value);
    }
  }
}

function kafkaColumns(fields: readonly string[]): ShapeColumn[] {
  const [topic, partition, offset] = fields.length === 3 ? fields : kafkaFields;
  const column = (name: string | undefined, schema: Schema, read: ShapeColumn['read']) => ({
    name: name ?? '',
    schema,
    isKey: true,
    isNullable: false,
    read,
  });
  return [
    column(topic, schemas.string, (record) => (record.original ?? record).topic),
    column(partition, schemas.int32, (record) => (record.original ?? record).partition),
    column(offset, schemas.int64, (record) => (record.original ?? record).offset),
  ];
}

function recordKeyColumns(
  record: SinkRecord,
  fields: readonly string[],
  config: SinkConfig,
): ShapeColumn[] {
  const schema = record.keySchema;
  if (schema === undefined || isNull(record.key))
    throw new DataError(
      'pk.mode is record_key, but the record has no key with a schema: use a key converter with schemas, or another pk.mode',
    );
  if (schema.type === 'struct')
    return structColumns(schema, fields, config, 'key', ({ key }) => key);
  const [name, ...more] = fields;
  if (name === undefined || more.length > 0)
    throw new DataError(
      'the key is one value and no struct: pk.fields has to name exactly one column for it',
    );
  return [fieldColumn(name, schema, true, config, ({ key }) => key)];
}

function structColumns(
  schema: Schema,
  fields: readonly string[],
  config: SinkConfig,
  part: 'key' | 'value',
  partOf: (record: SinkRecord) => unknown,
): ShapeColumn[] {
  const known = new Map((schema.fields ?? []).map((each) => [each.field, each.schema]));
  const names = fields.length > 0 ? fields : [...known.keys()];
  return names.map((name) => {
    const of = known.get(name);
    if (!of)
      throw new DataError(
        `pk.fields names ${name}, which is no field of the record's ${part}: it has ${[...known.keys()].join(', ')}`,
      );
    return fieldColumn(name, of, true, config, (record) => propertyOf(partOf(record), name));
  });
}

function fieldColumn(
  name: string,
  schema: Schema,
  isKey: boolean,
  config: SinkConfig,
  read: ShapeColumn['read'],
): ShapeColumn {
  const standIn = config['replace.null.with.default'] ? (schema.default ?? null) : null;
  return {
    name,
    schema,
    isKey,
    isNullable: !isKey && schema.optional === true,
    read: (record) => read(record) ?? standIn,
  };
}

function propertyOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined;
}
