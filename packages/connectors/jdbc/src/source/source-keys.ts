/** The source's keys: Confluent's names, meanings and defaults. */
import {
  boolean,
  type ConfigOf,
  type ConfigProblem,
  type ConnectorConfig,
  int,
  list,
  long,
  oneOf,
  password,
  string,
} from '@sluice/connector-api';
import { connectionKeys } from '../connection/connection-keys.ts';
import { parseJdbcUrl } from '../connection/jdbc-url.ts';
import { type RefusedKeys, refusedEverywhere, refusedProblems } from '../refused-keys.ts';

const modes = 'Mode';
const tables = 'Database';
const connector = 'Connector';

export const sourceKeys = {
  ...connectionKeys,
  mode: oneOf('bulk', 'incrementing', 'timestamp', 'timestamp+incrementing')
    .importance('high')
    .group(modes)
    .doc(
      'bulk: all rows at each poll. incrementing: rows with a larger incrementing column. timestamp: rows with a later timestamp. timestamp+incrementing: both, which tells updated rows and repeats none.',
    ),
  'incrementing.column.name': string()
    .default('')
    .importance('medium')
    .group(modes)
    .doc('Column that grows with each new row. Empty: the one that the database counts up.'),
  'timestamp.column.name': list()
    .default([])
    .importance('medium')
    .group(modes)
    .doc('Columns with the time of the last change; of several, the first that is not null.'),
  'timestamp.initial': long()
    .optional()
    .importance('low')
    .group(modes)
    .doc('Where timestamps begin without an offset, ms since 1970; -1 is now. Default: all rows.'),
  'timestamp.delay.interval.ms': long()
    .min(0)
    .default(0)
    .importance('high')
    .group(connector)
    .doc(
      'Rows are read only when they are so old, so that transactions that took longer are not passed over.',
    ),
  'timestamp.granularity': oneOf(
    'connect_logical',
    'micros_long',
    'micros_string',
    'micros_iso_datetime_string',
    'nanos_long',
    'nanos_string',
    'nanos_iso_datetime_string',
  )
    .ignoreCase()
    .default('connect_logical')
    .importance('low')
    .group(connector)
    .doc("What columns with date and time become; Kafka Connect's own type has milliseconds."),
  'validate.non.null': boolean()
    .default(true)
    .importance('low')
    .group(modes)
    .doc('Refuses incrementing and timestamp columns that may be null.'),
  query: string()
    .default('')
    .importance('medium')
    .group(modes)
    .doc(
      'A SELECT instead of tables. In other modes than bulk a WHERE is added, so it must not end with one.',
    ),
  'query.masked': password()
    .optional()
    .importance('medium')
    .group(modes)
    .doc('As query, but hidden.'),
  'query.suffix': string()
    .default('')
    .importance('low')
    .group(modes)
    .doc('What is written behind each query.'),
  'table.whitelist': list()
    .default([])
    .importance('medium')
    .group(tables)
    .doc('Tables that are read: table, or schema.table. Empty: all.'),
  'table.blacklist': list()
    .default([])
    .importance('medium')
    .group(tables)
    .doc('Tables that are not read.'),
  'table.types': list()
    .default(['TABLE'])
    .oneOf('TABLE', 'PARTITIONED TABLE', 'VIEW')
    .importance('low')
    .group(tables)
    .doc('What counts as a table: TABLE, PARTITIONED TABLE, VIEW.'),
  'schema.pattern': string()
    .default('')
    .importance('high')
    .group(tables)
    .doc('Schemas of PostgreSQL whose tables are read, with % and _ as in LIKE. Empty: all.'),
  'catalog.pattern': string()
    .default('')
    .importance('medium')
    .group(tables)
    .doc("The database of MySQL whose tables are read. Empty: connection.url's."),
  'table.poll.interval.ms': long()
    .min(1)
    .default(60_000)
    .importance('low')
    .group(connector)
    .doc('How often it is looked for new and removed tables.'),
  'poll.interval.ms': int()
    .min(0)
    .default(5000)
    .importance('high')
    .group(connector)
    .doc('Pause between two polls of a table.'),
  'batch.max.rows': int()
    .min(1)
    .max(10_000)
    .default(1000)
    .importance('low')
    .group(connector)
    .doc('Rows that are fetched at a time.'),
  'numeric.mapping': oneOf('none', 'precision_only', 'best_fit', 'best_fit_eager_double')
    .ignoreCase()
    .optional()
    .importance('low')
    .group(tables)
    .doc('Whether NUMERIC columns become integers and doubles where they fit. Default: decimals.'),
  'numeric.precision.mapping': boolean()
    .default(false)
    .importance('low')
    .group(tables)
    .doc('Deprecated: numeric.mapping=precision_only.'),
  'topic.prefix': string()
    .default('')
    .importance('high')
    .group(connector)
    .doc("What the topic's name begins with, before the table's; with query the whole name."),
};

export type SourceConfig = ConfigOf<typeof sourceKeys>;

const refused: RefusedKeys = {
  ...refusedEverywhere,
  'incrementing.column.mapping': [],
  'incrementing.initial': ['-1'],
  'max.buffer.size': ['0'],
  'poll.linger.ms': ['5000'],
  'query.retry.attempts': ['-1'],
  'table.exclude.list': [],
  'table.include.list': [],
  'table.monitoring.startup.polling.limit.ms': ['10000'],
  'table.names.qualify': ['true'],
  'timestamp.columns.mapping': [],
  'timestamp.initial.ms': ['0'],
  'transaction.isolation.mode': ['DEFAULT', 'READ_COMMITTED'],
};

/** What is wrong between keys, and keys that are not supported. */
export function sourceProblems(config: ConnectorConfig): ConfigProblem[] {
  const valueOf = (key: keyof typeof sourceKeys): string => (config[key] ?? '').trim();
  const problems = refusedProblems(refused, config);
  const add = (key: string, message: string): void => void problems.push({ key, message });
  const mode = valueOf('mode');
  const hasQuery = valueOf('query') !== '' || valueOf('query.masked') !== '';
  const system = parseJdbcUrl(valueOf('connection.url')).target?.system;

  if (valueOf('query') !== '' && valueOf('query.masked') !== '')
    add('query.masked', 'query and query.masked are both set: set one of them');
  if (valueOf('table.whitelist') !== '' && valueOf('table.blacklist') !== '')
    add('table.blacklist', 'table.whitelist and table.blacklist are exclusive: set one of them');
  if (hasQuery && (valueOf('table.whitelist') !== '' || valueOf('table.blacklist') !== ''))
    add(
      'query',
      'query may not be combined with whole-table copying settings: remove table.whitelist and table.blacklist',
    );
  if (mode.startsWith('timestamp') && valueOf('timestamp.column.name') === '')
    add('timestamp.column.name', `mode ${mode} needs timestamp.column.name`);
  if (!mode.includes('incrementing') && valueOf('incrementing.column.name') !== '')
    add(
      'incrementing.column.name',
      `mode ${mode} has no use for incrementing.column.name: remove it`,
    );
  if (!mode.startsWith('timestamp') && valueOf('timestamp.column.name') !== '')
    add('timestamp.column.name', `mode ${mode} has no use for timestamp.column.name: remove it`);
  if (hasQuery && mode.includes('incrementing') && valueOf('incrementing.column.name') === '')
    add('incrementing.column.name', 'with query, incrementing.column.name has to be named');
  if (hasQuery && valueOf('topic.prefix') === '')
    add('topic.prefix', 'with query, topic.prefix is the name of the topic: set it');
  if (system === 'postgresql' && valueOf('catalog.pattern') !== '')
    add(
      'catalog.pattern',
      'catalog.pattern is for MySQL; PostgreSQL reads one database: remove it, or set schema.pattern',
    );
  if (system === 'mysql' && valueOf('schema.pattern') !== '')
    add('schema.pattern', 'schema.pattern is for PostgreSQL: remove it, or set catalog.pattern');
  const zone = valueOf('db.timezone');
  if (system === 'mysql' && hasQuery && mode.startsWith('timestamp') && !['', 'UTC'].includes(zone))
    add(
      'db.timezone',
      `with MySQL, query and mode ${mode}, db.timezone has to be UTC: the columns of a query do not tell whether they have a zone`,
    );
  return problems;
}

export function numericMappingOf(config: SourceConfig) {
  return (
    config['numeric.mapping'] ?? (config['numeric.precision.mapping'] ? 'precision_only' : 'none')
  );
}

/** Undefined: tables are read. */
export function queryOf(config: SourceConfig): string | undefined {
  const query = config.query === '' ? config['query.masked']?.reveal() : config.query;
  return query === undefined || query === '' ? undefined : query;
}
