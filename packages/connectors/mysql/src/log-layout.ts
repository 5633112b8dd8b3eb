/** Layouts of tables by the log itself, and whether a layout is one that rows of the log can have. Pure. */
import { type LogColumn, logTypes, type TableMap } from './binlog/table-map.ts';
import { decoderOf } from './charsets.ts';
import type { Column, TableLayout } from './column.ts';
import { asText } from './value-type.ts';

const binaryCollation = 63;
/** Of the hidden columns of MariaDB, which are the last ones. */
const hashName = /^DB_ROW_HASH_\d+$/;

/** Types of columns by the number of the log, where one number has one type. */
const plainTypes: Readonly<Record<number, string>> = {
  [logTypes.tiny]: 'tinyint',
  [logTypes.short]: 'smallint',
  [logTypes.int24]: 'mediumint',
  [logTypes.long]: 'int',
  [logTypes.longlong]: 'bigint',
  [logTypes.float]: 'float',
  [logTypes.double]: 'double',
  [logTypes.newdecimal]: 'decimal',
  [logTypes.year]: 'year',
  [logTypes.date]: 'date',
  [logTypes.time]: 'time',
  [logTypes.time2]: 'time',
  [logTypes.datetime]: 'datetime',
  [logTypes.datetime2]: 'datetime',
  [logTypes.timestamp]: 'timestamp',
  [logTypes.timestamp2]: 'timestamp',
  [logTypes.bit]: 'bit',
  [logTypes.json]: 'json',
  [logTypes.enum]: 'enum',
  [logTypes.set]: 'set',
  [logTypes.geometry]: 'geometry',
  [logTypes.vector]: 'vector',
};

/** Those that share a number of the log: texts, and what is stored as texts are. */
const sharedTypes: readonly (readonly [types: readonly number[], names: readonly string[]])[] = [
  [[logTypes.string], ['char', 'binary', 'uuid', 'inet4', 'inet6']],
  [
    [logTypes.varchar, logTypes.varString],
    ['varchar', 'varbinary'],
  ],
  [
    [logTypes.blob],
    [
      'tinytext',
      'text',
      'mediumtext',
      'longtext',
      'tinyblob',
      'blob',
      'mediumblob',
      'longblob',
      'json',
    ],
  ],
  [
    [logTypes.geometry],
    [
      'geometry',
      'point',
      'linestring',
      'polygon',
      'multipoint',
      'multilinestring',
      'multipolygon',
      'geometrycollection',
      'geomcollection',
    ],
  ],
  [[logTypes.compressedVarchar], ['compressed varchar', 'compressed varbinary']],
  [
    [logTypes.compressedBlob],
    [
      'compressed tinytext',
      'compressed text',
      'compressed mediumtext',
      'compressed longtext',
      'compressed tinyblob',
      'compressed blob',
      'compressed mediumblob',
      'compressed longblob',
    ],
  ],
];

/**
 * By `binlog_row_metadata=FULL`. `now`: the columns as they are now, which say of one of the same name and stored type
 * what the log does not: that a text is JSON, that bytes are a UUID, that a geometry is a point.
 */
export function layoutOfMap(
  { columns, metadata }: TableMap,
  now: readonly Column[],
  charsets: ReadonlyMap<number, string>,
): TableLayout | undefined {
  if (!metadata) return undefined;
  const isHash = (name: string): boolean =>
    hashName.test(name) && now.every((each) => each.name !== name);
  const hashCount = metadata.names.filter(isHash).length;
  return {
    ...(hashCount > 0 ? { hashCount } : {}),
    columns: columns.slice(0, columns.length - hashCount).map((column, index): Column => {
      const name = metadata.names[index] ?? '';
      const collation = metadata.collations[index];
      const charset = collation === undefined ? undefined : charsets.get(collation);
      const decode = decoderOf(charset ?? 'utf8mb4') ?? asText;
      const labels = (metadata.labels[index] ?? []).map(decode);
      const same = now.find((each) => each.name === name && isOfLogType(each, column));
      const type = typeOf(column, collation);
      return {
        name,
        type: same && isMoreThanStored(same.type) ? same.type : type,
        isRequired: !column.isNullable,
        ...(metadata.isUnsigned[index] ? { isUnsigned: true } : {}),
        ...(charset && charset !== 'binary' ? { charset } : {}),
        ...(labels.length > 0 ? { labels } : {}),
        ...shapeOf(column),
      };
    }),
    keyColumns: metadata.key.map((index) => metadata.names[index] ?? ''),
  };
}

function isMoreThanStored(type: string): boolean {
  return (
    ['json', 'uuid', 'inet4', 'inet6'].includes(type) ||
    (sharedTypes[3]?.[1].includes(type) ?? false)
  );
}

function typeOf({ type }: LogColumn, collation: number | undefined): string {
  const isBinary = collation === undefined || collation === binaryCollation;
  switch (type) {
    case logTypes.string:
      return isBinary ? 'binary' : 'char';
    case logTypes.varchar:
    case logTypes.varString:
      return isBinary ? 'varbinary' : 'varchar';
    case logTypes.blob:
      return isBinary ? 'blob' : 'text';
    case logTypes.compressedVarchar:
    case logTypes.compressedBlob:
      return 'compressed';
    default:
      return plainTypes[type] ?? `number ${String(type)} of the log`;
  }
}

function shapeOf({ meta, type }: LogColumn): Partial<Column> {
  switch (type) {
    case logTypes.newdecimal:
      return { precision: meta >> 8, scale: meta & 0xff };
    case logTypes.time2:
    case logTypes.datetime2:
    case logTypes.timestamp2:
      return { fraction: meta };
    case logTypes.bit:
    case logTypes.string:
    case logTypes.varchar:
    case logTypes.varString:
      return { length: meta };
    default:
      return {};
  }
}

/** What keeps rows of the log from having this layout; undefined: nothing. */
export function mismatchOf(layout: TableLayout, logged: readonly LogColumn[]): string | undefined {
  const columns = logged.slice(0, logged.length - (layout.hashCount ?? 0));
  const hashes = logged.slice(columns.length);
  if (layout.columns.length !== columns.length || !hashes.every(isHashColumn))
    return `it has ${String(layout.columns.length)} columns, and ${String(columns.length)} in the log`;
  for (const [index, logColumn] of columns.entries()) {
    const column = layout.columns[index];
    if (column && !isOfLogType(column, logColumn))
      return `column ${column.name} is of another type`;
  }
  return undefined;
}

function isHashColumn({ type }: LogColumn): boolean {
  return type === logTypes.longlong;
}

/** MariaDB's sequences are tables to the log, with these columns. */
const sequenceColumns = [
  'next_not_cached_value',
  'minimum_value',
  'maximum_value',
  'start_value',
  'increment',
  'cache_size',
  'cycle_option',
  'cycle_count',
].join();

export function isSequence({ columns }: TableLayout): boolean {
  return columns.map(({ name }) => name).join() === sequenceColumns;
}

function isOfLogType(column: Column, logColumn: LogColumn): boolean {
  const { type } = logColumn;
  const isOfType =
    plainTypes[type] === column.type ||
    sharedTypes.some(([types, names]) => types.includes(type) && names.includes(column.type));
  if (!isOfType) return false;
  const shape = shapeOf(logColumn);
  return (['precision', 'scale', 'fraction', 'length'] as const).every(
    (name) => shape[name] === undefined || (column[name] ?? shape[name]) === shape[name],
  );
}
