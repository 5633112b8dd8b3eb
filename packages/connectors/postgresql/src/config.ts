/** The keys of Debezium's PostgreSQL connector that are supported, and the names of those that are not. */
import {
  boolean,
  type ConfigOf,
  type ConfigProblem,
  int,
  list,
  oneOf,
  string,
} from '@sluice/connector-api';
import {
  type CommonConfig,
  commonKeys,
  commonProblems,
  KeyColumns,
  Selection,
  type UnsupportedKeys,
  unsupportedEverywhere,
} from '@sluice/connector-capture';
import type { ValueSettings } from './column-types.ts';

/** Of replication slots; PostgreSQL takes nothing else. */
const slotPattern = /^[a-z0-9_]{1,63}$/;

export const configShape = {
  ...commonKeys,
  'database.port': int().min(1).max(65_535).default(5432).doc('Port of the database server.'),
  'database.dbname': string().nonEmpty().importance('high').doc('Database that is captured.'),
  'database.sslmode': oneOf('disable', 'prefer', 'require', 'verify-ca', 'verify-full')
    .ignoreCase()
    .default('prefer')
    .doc(
      'Whether connections are encrypted, and whether the certificate of the server is checked.',
    ),
  'database.sslrootcert': string()
    .optional()
    .doc('File with the certificate that the server must have, or its issuer.'),
  'database.sslcert': string().optional().doc('File with the certificate of this client.'),
  'database.sslkey': string().optional().doc('File with the key of this client.'),
  'plugin.name': oneOf('pgoutput')
    .default('pgoutput')
    .doc('Output plugin of the database. Only pgoutput, which each PostgreSQL has.'),
  'slot.name': string()
    .default('debezium')
    .pattern(slotPattern)
    .doc('Replication slot, which each connector has of its own.'),
  'slot.drop.on.stop': boolean()
    .default(false)
    .doc(
      'Drops the slot when the task stops: what changes meanwhile is missed, unless a snapshot follows.',
    ),
  'slot.max.retries': int()
    .min(0)
    .default(6)
    .importance('low')
    .doc('How often a slot is tried that another connection uses, before the task fails.'),
  'slot.retry.delay.ms': int()
    .min(1)
    .default(10_000)
    .importance('low')
    .doc('Time for each such try, ms.'),
  'publication.name': string()
    .default('dbz_publication')
    .nonEmpty()
    .doc('Publication that says which tables the slot tells of.'),
  'publication.autocreate.mode': oneOf('all_tables', 'disabled', 'filtered', 'no_tables')
    .ignoreCase()
    .default('all_tables')
    .doc(
      'Whether the publication is made if it is missing: for all tables, for those captured, for none, or not.',
    ),
  'publish.via.partition.root': boolean()
    .default(false)
    .doc(
      'Whether a publication that is made tells of changes of partitions as changes of the table that they are parts of.',
    ),
  'snapshot.mode': oneOf('initial', 'always', 'initial_only', 'no_data', 'never', 'when_needed')
    .ignoreCase()
    .default('initial')
    .importance('high')
    .doc(
      'When the rows that there are already are read: once, at each start, once and nothing else, never, or also when the slot has lost changes.',
    ),
  'schema.include.list': list()
    .optional()
    .doc('Regular expressions for names of schemas that are captured. Default: all.'),
  'schema.exclude.list': list()
    .optional()
    .doc('Regular expressions for names of schemas that are not captured.'),
  'hstore.handling.mode': oneOf('json', 'map')
    .ignoreCase()
    .default('json')
    .doc('How hstore is written.'),
  'interval.handling.mode': oneOf('numeric', 'string')
    .ignoreCase()
    .default('numeric')
    .doc('How intervals are written: as microseconds, or as texts such as P1Y2M3DT4H5M6.78S.'),
  'money.fraction.digits': int().min(2).max(18).default(2).doc('Digits behind the point of money.'),
  'include.unknown.datatypes': boolean()
    .default(false)
    .doc('Writes columns of types without a schema as bytes instead of leaving them out.'),
  'status.update.interval.ms': int()
    .min(100)
    .max(60_000)
    .default(10_000)
    .importance('low')
    .doc('How often the database is told what is safe, ms.'),
};

export type PostgresConfig = ConfigOf<typeof configShape>;

export const unsupportedKeys: UnsupportedKeys = {
  ...unsupportedEverywhere,
  'database.sslfactory': [],
  'database.sslpassword': [],
  'database.tcpKeepAlive': ['true'],
  'flush.lsn.source': ['true'],
  'include.schema.changes': ['true', 'false'],
  'include.schema.comments': ['false'],
  'incremental.snapshot.chunk.size': ['1024'],
  'incremental.snapshot.watermarking.strategy': ['insert_insert'],
  'legacy.snapshot.max.threads': ['false'],
  'lsn.flush.mode': ['connector'],
  'lsn.flush.timeout.action': [],
  'lsn.flush.timeout.ms': ['30000'],
  'message.prefix.*': [],
  'offset.mismatch.strategy': [],
  'read.only': ['false'],
  'replica.identity.autoset.values': [],
  'schema.refresh.mode': ['columns_diff'],
  'slot.failover': ['false'],
  'slot.stream.params': [],
  'snapshot.isolation.mode': ['repeatable_read', 'serializable'],
  'snapshot.locking.mode': ['none'],
  'snapshot.locking.mode.custom.name': [],
  'snapshot.max.threads.multiplier': ['1'],
  'table.ignore.builtin': ['true'],
  'xmin.fetch.interval.ms': ['0'],
};

/** Modes in which a dropped slot costs no changes. */
const modesThatRecover = ['always', 'initial_only', 'when_needed'];

/** What is wrong between the keys. */
export function configProblems(config: PostgresConfig): ConfigProblem[] {
  const problems = [...commonProblems(config)];
  if (config['schema.include.list']?.length && config['schema.exclude.list']?.length)
    problems.push({
      key: 'schema.exclude.list',
      message: 'Set schema.include.list or schema.exclude.list, not both',
    });
  if (config['slot.drop.on.stop'] && !modesThatRecover.includes(config['snapshot.mode']))
    problems.push({
      key: 'slot.drop.on.stop',
      message:
        'slot.drop.on.stop loses the changes between a stop and the next start, and each move of the task is one: set snapshot.mode to when_needed or always, or remove slot.drop.on.stop',
    });
  return problems;
}

export function selectionOf(config: PostgresConfig): Selection {
  return new Selection({
    namespaceInclude: config['schema.include.list'],
    namespaceExclude: config['schema.exclude.list'],
    tableInclude: config['table.include.list'],
    tableExclude: config['table.exclude.list'],
    columnInclude: config['column.include.list'],
    columnExclude: config['column.exclude.list'],
  });
}

export function keyColumnsOf(config: CommonConfig): KeyColumns {
  return new KeyColumns(config['message.key.columns'] ?? '');
}

export function valueSettingsOf(config: PostgresConfig): ValueSettings {
  return {
    decimals: config['decimal.handling.mode'],
    times: config['time.precision.mode'],
    binary: config['binary.handling.mode'],
    hstore: config['hstore.handling.mode'],
    intervals: config['interval.handling.mode'],
    moneyDigits: config['money.fraction.digits'],
    includeUnknown: config['include.unknown.datatypes'],
  };
}

/** By which a connection of this connector is known in the database; at most 63 bytes count there. */
export function applicationName(config: CommonConfig): string {
  return `sluice:${config['topic.prefix']}`.slice(0, 63);
}
