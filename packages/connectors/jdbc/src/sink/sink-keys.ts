/** The sink's keys: Confluent's names, meanings and defaults. */
import {
  boolean,
  type ConfigOf,
  type ConfigProblem,
  type ConnectorConfig,
  int,
  list,
  oneOf,
  string,
} from '@sluice/connector-api';
import { connectionKeys } from '../connection/connection-keys.ts';
import { type RefusedKeys, refusedEverywhere, refusedProblems } from '../refused-keys.ts';

const writes = 'Writes';
const mapping = 'Data Mapping';
const ddl = 'DDL Support';
const retries = 'Retries';

export const sinkKeys = {
  ...connectionKeys,
  'insert.mode': oneOf('insert', 'upsert', 'update')
    .ignoreCase()
    .default('insert')
    .importance('high')
    .group(writes)
    .doc('insert, upsert or update. Only upsert may get a record twice without harm.'),
  'batch.size': int()
    .min(1)
    .default(3000)
    .importance('medium')
    .group(writes)
    .doc('At most so many records are written in one transaction.'),
  'delete.enabled': boolean()
    .default(false)
    .importance('medium')
    .group(writes)
    .doc('A record without a value deletes the row of its key. Needs pk.mode record_key.'),
  'exactly.once.offsets.table': string()
    .optional()
    .importance('medium')
    .group(writes)
    .doc(
      'Sluice only. Offsets are stored in this table of the target, in the transaction that writes the rows: each record has its effect once, and a former owner of the task is refused. Usual name: sluice_offsets.',
    ),
  'table.name.format': string()
    .nonEmpty()
    .default('${topic}')
    .importance('medium')
    .group(mapping)
    .doc("Name of the table; ${topic} is the record's topic. A point separates the schema."),
  'pk.mode': oneOf('none', 'kafka', 'record_key', 'record_value')
    .ignoreCase()
    .default('none')
    .importance('high')
    .group(mapping)
    .doc('Where the primary key comes from.'),
  'pk.fields': list()
    .default([])
    .importance('medium')
    .group(mapping)
    .doc('Columns of the primary key; what they mean depends on pk.mode.'),
  'fields.whitelist': list()
    .default([])
    .importance('medium')
    .group(mapping)
    .doc(
      'Fields of the value that are written; all if it is empty. Those of the key are always written.',
    ),
  'replace.null.with.default': boolean()
    .default(true)
    .importance('medium')
    .group(mapping)
    .doc('A field that is null is written as the default of its schema, if there is one.'),
  'auto.create': boolean()
    .default(false)
    .importance('medium')
    .group(ddl)
    .doc('Creates a table that is missing, by the schema of its first record.'),
  'auto.evolve': boolean()
    .default(false)
    .importance('medium')
    .group(ddl)
    .doc('Adds columns that are missing.'),
  'max.retries': int()
    .min(0)
    .default(10)
    .importance('medium')
    .group(retries)
    .doc('How often in a row a batch is tried again before the task fails.'),
  'retry.backoff.ms': int()
    .min(0)
    .default(3000)
    .importance('medium')
    .group(retries)
    .doc('Wait before a batch is tried again.'),
};

export type SinkConfig = ConfigOf<typeof sinkKeys>;

/** The table of offsets, if there is one. */
export function offsetsTableOf(config: SinkConfig): string | undefined {
  return config['exactly.once.offsets.table'] || undefined;
}

export function isExactlyOnce(config: SinkConfig): boolean {
  return offsetsTableOf(config) !== undefined;
}

const refused: RefusedKeys = {
  ...refusedEverywhere,
  'date.timezone': ['DB_TIMEZONE', 'UTC'],
  'mssql.use.merge.holdlock': ['true', 'false'],
  'string.output.value.column.name': ['record_value'],
  'table.name.normalize': ['false'],
  'table.types': ['TABLE', 'PARTITIONED TABLE', 'TABLE,PARTITIONED TABLE'],
  'timestamp.fields.list': [],
  'timestamp.precision.mode': ['microseconds'],
  'topics.to.tables.mapping': [],
};

/** What is wrong between keys, and keys that are not supported. */
export function sinkProblems(config: ConnectorConfig): ConfigProblem[] {
  const valueOf = (key: keyof typeof sinkKeys): string => (config[key] ?? '').trim().toLowerCase();
  const problems = refusedProblems(refused, config);
  const pkMode = valueOf('pk.mode') || 'none';
  const insertMode = valueOf('insert.mode') || 'insert';
  const pkFields = valueOf('pk.fields')
    .split(',')
    .filter((field) => field.trim() !== '');
  if (insertMode !== 'insert' && pkMode === 'none')
    problems.push({
      key: 'pk.mode',
      message: `Primary key mode must be set when using '${insertMode}' mode: set pk.mode to kafka, record_key or record_value`,
    });
  if (valueOf('delete.enabled') === 'true' && pkMode !== 'record_key')
    problems.push({
      key: 'delete.enabled',
      message:
        'Deletes are only supported for pk.mode record_key: set pk.mode, or delete.enabled=false',
    });
  if (pkMode === 'kafka' && pkFields.length > 0 && pkFields.length !== 3)
    problems.push({
      key: 'pk.fields',
      message:
        'pk.fields must have three names with pk.mode kafka, for topic, partition and offset, or none: then they are __connect_topic, __connect_partition and __connect_offset',
    });
  return problems;
}
