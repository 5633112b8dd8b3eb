/** The keys that Debezium's connectors for relational databases share, with Debezium's defaults. */
import {
  boolean,
  type ConfigOf,
  type ConfigProblem,
  int,
  list,
  oneOf,
  password,
  string,
} from '@sluice/connector-api';
import type { Operation } from './envelope.ts';
import { KeyColumns, listProblems } from './selection.ts';

const connection = 'Connection';
const selection = 'Tables';
const values = 'Values';
const events = 'Events';

/** Names of topics are made of it. */
const topicPrefixPattern = /^[A-Za-z0-9._-]+$/;

export const commonKeys = {
  'database.hostname': string()
    .nonEmpty()
    .importance('high')
    .group(connection)
    .doc('Host of the database server.'),
  'database.user': string()
    .nonEmpty()
    .importance('high')
    .group(connection)
    .doc('User that reads the tables and the log of the database.'),
  'database.password': password()
    .optional()
    .importance('high')
    .group(connection)
    .doc('Password of the user.'),
  'topic.prefix': string()
    .nonEmpty()
    .pattern(topicPrefixPattern)
    .importance('high')
    .group(events)
    .doc(
      'What the names of topics and schemas begin with, and what the offsets belong to. Never change it.',
    ),
  'topic.delimiter': string()
    .default('.')
    .pattern(/^[A-Za-z0-9._-]$/)
    .importance('low')
    .group(events)
    .doc('Between the parts of the name of a topic.'),
  'table.include.list': list()
    .optional()
    .importance('high')
    .group(selection)
    .doc('Regular expressions for whole names of tables that are captured. Default: all.'),
  'table.exclude.list': list()
    .optional()
    .group(selection)
    .doc('Regular expressions for whole names of tables that are not captured.'),
  'column.include.list': list()
    .optional()
    .group(selection)
    .doc(
      'Regular expressions for whole names of columns, with schema and table, that are captured. Default: all.',
    ),
  'column.exclude.list': list()
    .optional()
    .group(selection)
    .doc(
      'Regular expressions for whole names of columns, with schema and table, that are left out.',
    ),
  'message.key.columns': string()
    .optional()
    .group(selection)
    .check((text) => problemOf(() => new KeyColumns(text)))
    .doc('Columns that make the key instead of the primary key: table:column,column;table:column.'),
  'decimal.handling.mode': oneOf('precise', 'string', 'double')
    .ignoreCase()
    .default('precise')
    .group(values)
    .doc('How decimals are written: as Decimal, as a text, or as a double that may lose digits.'),
  'time.precision.mode': oneOf(
    'adaptive',
    'adaptive_time_microseconds',
    'connect',
    'isostring',
    'microseconds',
    'nanoseconds',
  )
    .ignoreCase()
    .default('adaptive')
    .group(values)
    .doc(
      'How dates and times are written: as the column is precise, in milliseconds, as texts, or always alike.',
    ),
  'binary.handling.mode': oneOf('bytes', 'base64', 'base64-url-safe', 'hex')
    .ignoreCase()
    .default('bytes')
    .group(values)
    .doc('How binary columns are written.'),
  'unavailable.value.placeholder': string()
    .default('__debezium_unavailable_value')
    .group(values)
    .doc('Stands for a value that has not changed and that the database did not tell.'),
  'tombstones.on.delete': boolean()
    .default(true)
    .group(events)
    .doc(
      'Whether a delete is followed by a record without a value, so that the log may forget the key.',
    ),
  'skipped.operations': list()
    .default(['t'])
    .oneOf('c', 'u', 'd', 't', 'none')
    .group(events)
    .doc('Operations that are not written: c, u, d, t, or none.'),
  'heartbeat.interval.ms': int()
    .min(0)
    .default(0)
    .group(events)
    .doc('How often the position is written while no table changes, ms. 0: never.'),
  'topic.heartbeat.prefix': string()
    .default('__debezium-heartbeat')
    .importance('low')
    .group(events)
    .doc('What the name of the topic of heartbeats begins with.'),
  'heartbeat.action.query': string()
    .optional()
    .group(events)
    .doc('SQL that is run with each heartbeat, for example an update of a table of its own.'),
  'snapshot.fetch.size': int()
    .min(1)
    .max(100_000)
    .default(10_240)
    .importance('low')
    .doc('Rows that a snapshot reads at a time.'),
  'snapshot.max.threads': int()
    .min(1)
    .max(32)
    .default(1)
    .importance('low')
    .doc(
      'Connections on which a snapshot reads at the same time: tables, and parts of large ones.',
    ),
  'snapshot.include.collection.list': list()
    .optional()
    .group(selection)
    .doc('Regular expressions for the captured tables that a snapshot reads. Default: all.'),
  'max.batch.size': int()
    .min(1)
    .max(100_000)
    .default(2048)
    .importance('low')
    .doc('Most changes that are handed over at a time; more than 256 never are.'),
  'max.queue.size': int()
    .min(1)
    .max(1_000_000)
    .default(8192)
    .importance('low')
    .doc('Changes that are held; when there are more, the database waits.'),
  'poll.interval.ms': int()
    .min(1)
    .default(500)
    .importance('low')
    .doc('Taken for compatibility; changes are handed over at once.'),
};

export type CommonConfig = ConfigOf<typeof commonKeys>;

/** What is wrong between these keys. */
export function commonProblems(config: CommonConfig): ConfigProblem[] {
  return [
    ...listProblems([
      [
        'table.include.list',
        config['table.include.list'],
        'table.exclude.list',
        config['table.exclude.list'],
      ],
      [
        'column.include.list',
        config['column.include.list'],
        'column.exclude.list',
        config['column.exclude.list'],
      ],
      [
        'snapshot.include.collection.list',
        config['snapshot.include.collection.list'],
        '',
        undefined,
      ],
    ]),
    ...(config['max.queue.size'] < config['max.batch.size']
      ? [{ key: 'max.queue.size', message: 'max.queue.size must not be less than max.batch.size' }]
      : []),
  ];
}

/** More are not better: made in small batches, records are written before they outlive V8's young generation. */
const handedOverMax = 256;

/** Changes that are handed over at a time. */
export function batchSizeOf(config: CommonConfig): number {
  return Math.min(config['max.batch.size'], handedOverMax);
}

export function skippedOperations(config: CommonConfig): ReadonlySet<Operation> {
  return new Set(
    config['skipped.operations'].filter((each) => each !== 'none'),
  ) as ReadonlySet<Operation>;
}

function problemOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
