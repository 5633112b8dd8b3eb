/** What the server says of itself, its tables and their columns. */
import type { TableName } from '@sluice/connector-capture';
import type { Charsets } from './charsets.ts';
import { identifier, literal, type Session } from './client.ts';
import type { Column, TableLayout } from './column.ts';
import { builtInDatabases } from './config.ts';
import type { LogPosition } from './position.ts';

export interface ServerFacts {
  readonly version: string;
  readonly isMariadb: boolean;
  readonly hasLog: boolean;
  readonly format: string;
  readonly rowImage: string;
  /** The log says the names of columns, their signs, character sets and keys. */
  readonly hasMetadata: boolean;
  readonly hasChecksum: boolean;
  readonly hasGtids: boolean;
  /** What stands in the way of reading the log, by the names of the server's variables. */
  readonly variables: Readonly<Record<string, string>>;
}

const variableNames = [
  'binlog_checksum',
  'binlog_format',
  'binlog_row_image',
  'binlog_row_metadata',
  'binlog_row_value_options',
  'binlog_transaction_compression',
  'binlog_alter_two_phase',
  'gtid_mode',
  'log_bin',
  'server_id',
  'version',
];

export async function readServer(session: Session): Promise<ServerFacts> {
  const rows = await session.query(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${variableNames.map(literal).join(', ')})`,
  );
  const variables = Object.fromEntries(
    rows.map(([name, value]) => [textOf(name).toLowerCase(), textOf(value)]),
  );
  const version = variables['version'] ?? '';
  const isMariadb = /mariadb/i.test(version);
  return {
    version,
    isMariadb,
    hasLog: variables['log_bin'] === 'ON',
    format: variables['binlog_format'] ?? 'ROW',
    rowImage: variables['binlog_row_image'] ?? 'FULL',
    hasMetadata: variables['binlog_row_metadata'] === 'FULL',
    hasChecksum: (variables['binlog_checksum'] ?? 'NONE') !== 'NONE',
    hasGtids: isMariadb || variables['gtid_mode'] === 'ON',
    variables,
  };
}

/** Where the log ends now. */
export async function readEnd(session: Session, server: ServerFacts): Promise<LogPosition> {
  const [status] = await session.queryNamed(statusStatement(server));
  if (!status) return { file: '', pos: 4, gtids: undefined };
  const gtids = server.hasGtids
    ? server.isMariadb
      ? await scalar(session, 'SELECT @@global.gtid_binlog_pos')
      : (status['executed_gtid_set'] ?? '').replaceAll(/\s/g, '')
    : undefined;
  return { file: status['file'] ?? '', pos: Number(status['position']), gtids };
}

function statusStatement({ isMariadb, version }: ServerFacts): string {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  // The old name is gone since 8.4.
  const isNew = !isMariadb && (major > 8 || (major === 8 && minor >= 2));
  return isNew ? 'SHOW BINARY LOG STATUS' : 'SHOW MASTER STATUS';
}

export async function scalar(session: Session, sql: string): Promise<string> {
  const [row] = await session.query(sql);
  return textOf(row?.[0]);
}

export interface ServerTable extends TableName {
  /** MariaDB: WITH SYSTEM VERSIONING. */
  readonly isVersioned: boolean;
}

/** Tables that have rows of their own; views and sequences have none that are captured. */
export async function readTables(session: Session): Promise<ServerTable[]> {
  const rows = await session.query(`
    SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES
     WHERE TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
       AND TABLE_SCHEMA NOT IN (${builtInDatabases.map(literal).join(', ')})
     ORDER BY TABLE_SCHEMA, TABLE_NAME`);
  return rows.map(([namespace, table, type]) => ({
    namespace: textOf(namespace),
    table: textOf(table),
    isVersioned: textOf(type) === 'SYSTEM VERSIONED',
  }));
}

/** Tables whose rows the server changes or deletes for a foreign key, of which its log has nothing. */
export async function readCascades(session: Session): Promise<TableName[]> {
  const rows = await session.query(`
    SELECT DISTINCT CONSTRAINT_SCHEMA, TABLE_NAME FROM information_schema.REFERENTIAL_CONSTRAINTS
     WHERE DELETE_RULE IN (${cascading}) OR UPDATE_RULE IN (${cascading})
     ORDER BY CONSTRAINT_SCHEMA, TABLE_NAME`);
  return rows.map(([namespace, table]) => ({ namespace: textOf(namespace), table: textOf(table) }));
}

const cascading = "'CASCADE', 'SET NULL', 'SET DEFAULT'";

export async function readLayout(
  session: Session,
  { namespace, table }: TableName,
  isMariadb: boolean,
): Promise<TableLayout> {
  const where = `TABLE_SCHEMA = ${literal(namespace)} AND TABLE_NAME = ${literal(table)}`;
  const columns = await session.queryNamed(`
    SELECT COLUMN_NAME AS name, DATA_TYPE AS type, COLUMN_TYPE AS declared, IS_NULLABLE AS nullable,
           CHARACTER_SET_NAME AS charset, CHARACTER_OCTET_LENGTH AS octets,
           NUMERIC_PRECISION AS digits, NUMERIC_SCALE AS scale, DATETIME_PRECISION AS fraction
      FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`);
  const key = await session.query(`
    SELECT COLUMN_NAME FROM information_schema.STATISTICS
     WHERE ${where} AND INDEX_NAME = 'PRIMARY' ORDER BY SEQ_IN_INDEX`);
  const json = isMariadb ? await readJsonColumns(session, { namespace, table }) : new Set();
  const hashCount = isMariadb ? await readHashCount(session, where) : 0;
  return {
    columns: columns.map((each) => columnOf(each, json.has(each['name']))),
    keyColumns: key.map(([name]) => textOf(name)),
    ...(hashCount > 0 ? { hashCount } : {}),
  };
}

/** MariaDB: a unique index of a text has a column of its own. Elsewhere an index may be a hash by itself. */
async function readHashCount(session: Session, where: string): Promise<number> {
  const count = await scalar(
    session,
    `SELECT COUNT(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS
       JOIN information_schema.TABLES USING (TABLE_SCHEMA, TABLE_NAME)
      WHERE ${where} AND NON_UNIQUE = 0 AND INDEX_TYPE = 'HASH' AND ENGINE <> 'MEMORY'`,
  );
  return Number(count);
}

/** MariaDB's JSON is a text with a check. */
async function readJsonColumns(
  session: Session,
  { namespace, table }: TableName,
): Promise<ReadonlySet<unknown>> {
  const checks = await session.query(`
    SELECT CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = ${literal(namespace)} AND TABLE_NAME = ${literal(table)}`);
  return new Set(
    checks.flatMap(([name, clause]) => {
      const column = textOf(name);
      const isCheck =
        textOf(clause).toLowerCase() === `json_valid(${identifier(column)})`.toLowerCase();
      return isCheck ? [column] : [];
    }),
  );
}

function columnOf(row: Readonly<Record<string, string | null>>, isJson: boolean): Column {
  const declared = row['declared'] ?? '';
  const stored = (row['type'] ?? '').toLowerCase();
  // MariaDB: `text /*M!100301 COMPRESSED*/`.
  const isCompressed = /\/\*M?!\d* ?COMPRESSED/i.test(declared) && !declared.includes("'");
  const type = isCompressed ? `compressed ${stored}` : isJson ? 'json' : stored;
  const { charset, digits, fraction, octets, scale } = row;
  return {
    name: row['name'] ?? '',
    type,
    isRequired: row['nullable'] === 'NO',
    ...(/\bunsigned\b|\bzerofill\b/i.test(declared) ? { isUnsigned: true } : {}),
    ...(charset ? { charset } : {}),
    ...(type === 'enum' || type === 'set' ? { labels: labelsOf(declared) } : {}),
    ...(type === 'bit' ? { length: Number(digits) } : {}),
    ...(octets && /^(?:binary|char|varbinary|varchar)$/.test(type)
      ? { length: Number(octets) }
      : {}),
    ...(type === 'decimal' ? { precision: Number(digits), scale: Number(scale) } : {}),
    ...(fraction ? { fraction: Number(fraction) } : {}),
  };
}

const escapes: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r' };

/** `enum('a','b''c','d\\e')` */
function labelsOf(declared: string): string[] {
  return [...declared.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, label = '']) =>
    label.replaceAll(/''|\\(.)/gs, (_, escaped: string | undefined) =>
      escaped === undefined ? "'" : (escapes[escaped] ?? escaped),
    ),
  );
}

/** Names of character sets by the ids of their collations, as the log has them. */
export async function readCharsets(session: Session): Promise<Charsets> {
  const [has] = await session.query(
    `SELECT 1 FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema'
       AND TABLE_NAME = 'COLLATION_CHARACTER_SET_APPLICABILITY' AND COLUMN_NAME = 'ID'`,
  );
  // MariaDB has some collations for several character sets, each with an id.
  const table = has ? 'COLLATION_CHARACTER_SET_APPLICABILITY' : 'COLLATIONS';
  const rows = await session.query(
    `SELECT ID, CHARACTER_SET_NAME FROM information_schema.${table} WHERE ID IS NOT NULL`,
  );
  return new Map(rows.map(([id, charset]) => [Number(textOf(id)), textOf(charset)]));
}

export function tableIdentifier({ namespace, table }: TableName): string {
  return `${identifier(namespace)}.${identifier(table)}`;
}

export function textOf(value: Buffer | null | undefined): string {
  return value?.toString('utf8') ?? '';
}
