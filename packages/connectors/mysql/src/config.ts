/** The keys of Debezium's MySQL and MariaDB connectors that are supported, and the names of those that are not. */
import { type ConfigOf, type ConfigProblem, int, list, oneOf, string } from '@sluice/connector-api';
import {
  type CommonConfig,
  commonKeys,
  commonProblems,
  KeyColumns,
  type KeyPatterns,
  listProblems,
  Selection,
  type UnsupportedKeys,
  unsupportedEverywhere,
  withoutEffectEverywhere,
} from '@sluice/connector-capture';
import type { ValueSettings } from './column-types.ts';

export const configShape = {
  ...commonKeys,
  'database.port': int().min(1).max(65_535).default(3306).doc('Port of the database server.'),
  'database.server.id': int()
    .min(1)
    .importance('high')
    .doc(
      'Number of this connector among all servers and replicas that read the log; each has one of its own.',
    ),
  'database.include.list': list()
    .optional()
    .importance('high')
    .doc('Regular expressions for names of databases that are captured. Default: all.'),
  'database.exclude.list': list()
    .optional()
    .doc('Regular expressions for names of databases that are not captured.'),
  'database.ssl.mode': oneOf('disabled', 'preferred', 'required', 'verify_ca', 'verify_identity')
    .ignoreCase()
    .default('preferred')
    .doc(
      'Whether connections are encrypted, and whether the certificate of the server is checked.',
    ),
  'database.ssl.ca': string()
    .optional()
    .doc('File with the certificate, as PEM, that the server must have, or its issuer.'),
  'database.ssl.cert': string().optional().doc('File with the certificate of this client, as PEM.'),
  'database.ssl.key': string().optional().doc('File with the key of this client, as PEM.'),
  'connect.timeout.ms': int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .importance('low')
    .doc('How long a connection may take to open, ms.'),
  'connect.keep.alive.interval.ms': int()
    .min(100)
    .max(60_000)
    .default(5_000)
    .importance('low')
    .doc('How often a silent server is asked for a sign of life; after three without, it is lost.'),
  'snapshot.mode': oneOf(
    'initial',
    'always',
    'initial_only',
    'no_data',
    'schema_only',
    'never',
    'when_needed',
  )
    .ignoreCase()
    .default('initial')
    .importance('high')
    .doc(
      'When the rows that there are already are read: once, at each start, once and nothing else, never, or also when the log has lost changes.',
    ),
  'snapshot.locking.mode': oneOf('minimal', 'none')
    .ignoreCase()
    .default('minimal')
    .doc(
      'Whether writes are locked out for the moment in which a snapshot begins, where the server has no other way.',
    ),
  'time.precision.mode': oneOf(
    'adaptive_time_microseconds',
    'connect',
    'isostring',
    'microseconds',
    'nanoseconds',
  )
    .ignoreCase()
    .default('adaptive_time_microseconds')
    .doc(
      'How dates and times are written: as the column is precise, in milliseconds, as texts, or always alike.',
    ),
  'bigint.unsigned.handling.mode': oneOf('long', 'precise')
    .ignoreCase()
    .default('long')
    .doc('How BIGINT UNSIGNED is written: as int64, which wraps above 2^63 - 1, or as Decimal.'),
};

export type MysqlConfig = ConfigOf<typeof configShape>;

export const unsupportedKeys: UnsupportedKeys = {
  ...unsupportedEverywhere,
  'binlog.net.read.timeout': ['0'],
  'binlog.net.write.timeout': ['0'],
  'connect.keep.alive': ['true'],
  'database.initial.statements': [],
  'database.protocol': ['jdbc:mysql', 'jdbc:mariadb'],
  'database.query.timeout.ms': ['600000'],
  'database.ssl.keystore': [],
  'database.ssl.keystore.password': [],
  'database.ssl.truststore': [],
  'database.ssl.truststore.password': [],
  'enable.time.adjuster': ['true'],
  'gtid.ignore.on.recovery': ['false'],
  'gtid.source.excludes': [],
  'gtid.source.filter.dml.events': ['true'],
  'gtid.source.includes': [],
  'include.query': ['false'],
  'include.schema.changes': ['false'],
  'include.schema.comments': ['false'],
  'inconsistent.schema.handling.mode': ['fail'],
  'incremental.snapshot.chunk.size': ['1024'],
  'incremental.snapshot.watermarking.strategy': ['insert_insert'],
  'legacy.snapshot.max.threads': ['false'],
  'min.row.count.to.stream.results': ['1000'],
  'read.only': ['false'],
  'snapshot.locking.mode.custom.name': [],
  'snapshot.max.threads.multiplier': ['1'],
  'snapshot.new.tables': ['off'],
  'table.ignore.builtin': ['true'],
};

/** Beside those of all captures: layouts of tables are in the log or in the offset, and no schema changes are written. */
export const withoutEffect: KeyPatterns = [
  ...withoutEffectEverywhere,
  'binlog.buffer.size',
  'database.server.id.offset',
  'ddl.parser.type',
  'resolve.create.table.like.schema',
  'schema.history.internal',
  'schema.history.internal.*',
  'unavailable.value.placeholder',
  'use.nongraceful.disconnect',
];

/** Databases of the server itself. */
export const builtInDatabases = ['information_schema', 'mysql', 'performance_schema', 'sys'];

/** What is wrong between the keys. */
export function configProblems(config: MysqlConfig): ConfigProblem[] {
  const problems = [
    ...commonProblems(config),
    ...listProblems([
      [
        'database.include.list',
        config['database.include.list'],
        'database.exclude.list',
        config['database.exclude.list'],
      ],
    ]),
  ];
  if (config['database.server.id'] > 0xffff_ffff)
    problems.push({
      key: 'database.server.id',
      message: 'database.server.id must be at most 4294967295',
    });
  return problems;
}

/** Also whether the rows that are there are read at all. */
export function readsRows(config: MysqlConfig): boolean {
  return !['no_data', 'schema_only', 'never'].includes(config['snapshot.mode']);
}

export function selectionOf(config: MysqlConfig): Selection {
  return new Selection({
    namespaceInclude: config['database.include.list'],
    namespaceExclude: [...(config['database.exclude.list'] ?? []), ...builtInDatabases],
    tableInclude: config['table.include.list'],
    tableExclude: config['table.exclude.list'],
    columnInclude: config['column.include.list'],
    columnExclude: config['column.exclude.list'],
  });
}

export function keyColumnsOf(config: CommonConfig): KeyColumns {
  return new KeyColumns(config['message.key.columns'] ?? '');
}

export function valueSettingsOf(config: MysqlConfig): ValueSettings {
  return {
    decimals: config['decimal.handling.mode'],
    times: config['time.precision.mode'],
    binary: config['binary.handling.mode'],
    unsignedBigints: config['bigint.unsigned.handling.mode'],
  };
}

/** By which this connector is known among the replicas of the server; at most 60 bytes count there. */
export function replicaName(config: CommonConfig): string {
  return `sluice:${config['topic.prefix']}`.slice(0, 60);
}
