/** MySQL and MariaDB. */
import type { ConnectionTarget } from '../connection/jdbc-url.ts';
import type {
  Dialect,
  Privilege,
  Session,
  SqlValue,
  TableInfo,
  TableName,
  TableType,
} from '../dialect.ts';
import { SqlError } from '../sql-error.ts';
import { splitName } from '../table-names.ts';
import { formatInstant, parseInstant } from '../time-zone.ts';
import { MysqlSession } from './mysql-session.ts';
import { mysqlColumnType, mysqlDeleteSql, mysqlWriter, mysqlWriteSql } from './mysql-write.ts';

const kinds: Readonly<Record<TableType, string>> = {
  TABLE: "'BASE TABLE'",
  'PARTITIONED TABLE': "'BASE TABLE'",
  VIEW: "'VIEW'",
};

/** The driver is loaded when a connector of this class is used. */
export async function mysqlDialect(
  target: ConnectionTarget,
  { zone }: { readonly zone: string },
): Promise<Dialect> {
  const { default: mysql } = await import('mysql2');
  const escape = (value: SqlValue): string => mysql.escape(value);
  // Always with quotes: without, a name means the same.
  const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
  const tableName = ({ schema, table }: TableName): string =>
    schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`;
  const databaseOf = ({ schema }: TableName): string => escape(schema ?? target.database);
  const naming = (table: TableName) => ({ escape, quote, tableName: tableName(table) });

  return {
    name: 'MySQL or MariaDB',
    connect: ({ limitMs, signal }) => MysqlSession.open({ target, limitMs, signal }),
    foldsCase: true,
    quote,
    tableName,
    parseTableName(text) {
      const parts = splitName(text, '`');
      return { schema: parts.at(-2), table: parts.at(-1) ?? '' };
    },
    qualifiedName: ({ schema, table }) => `${schema ?? target.database}.${table}`,
    bind: (_, value) => escape(value),
    bindInstant(_, instant, column) {
      const text = formatInstant(instant, column?.type === 'timestamp' ? 'UTC' : zone);
      return `CAST(${escape(text)} AS DATETIME(6))`;
    },
    nowSql: 'SELECT UTC_TIMESTAMP(6)',
    readNow: (text) => parseInstant(text, 'UTC'),
    selectList: ({ columns }) =>
      columns
        .map(({ name, type }) =>
          type === 'float' ? `(${quote(name)} * 1e0) AS ${quote(name)}` : quote(name),
        )
        .join(', '),
    async listTables(session, { schema, types }) {
      const rows = await session.query(
        `SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES
         WHERE TABLE_SCHEMA = ${escape(schema ?? target.database)}
           AND TABLE_TYPE IN (${types.map((type) => kinds[type]).join(',')}) ORDER BY 1, 2`,
      );
      return rows.map(([database, table]) => ({ schema: String(database), table: String(table) }));
    },
    describeTable: (session, table) =>
      describeTable(session, databaseOf(table), escape(table.table)),
    columnType: mysqlColumnType,
    literal(value, column) {
      const type = mysqlColumnType(column);
      const written = mysqlWriter(column.schema, newColumn(column.name, type), zone)(value);
      // Of these only expressions may be defaults.
      return /TEXT|BLOB|JSON/.test(type) ? `(${escape(written)})` : escape(written);
    },
    writerFor: (schema, column) => mysqlWriter(schema, column, zone),
    writeSql: (mode, rows) => mysqlWriteSql(mode, rows, naming(rows.table)),
    deleteSql: (rows) => mysqlDeleteSql(rows, naming(rows.table)),
    // A quarter of MariaDB's default of max_allowed_packet, 16 MiB; as text a byte may take two.
    statementBytesMax: 4 * 1024 * 1024,
    keyTextType: 'VARCHAR(255)',
    transactionalTable: ' ENGINE=InnoDB',
    missingPrivileges: (session, table, { columns }, needed) =>
      missingOf(session, tableName(table), quote(columns[0]?.name ?? ''), needed),
  };
}

function newColumn(name: string, type: string) {
  return {
    name,
    type: type.toLowerCase().replace(/\(.*/, ''),
    isNullable: true,
    isGenerated: false,
    isAutoIncrement: false,
    hasDefault: false,
  };
}

async function describeTable(
  session: Session,
  database: string,
  table: string,
): Promise<TableInfo | undefined> {
  const where = `TABLE_SCHEMA = ${database} AND TABLE_NAME = ${table}`;
  const columns = await session.query(
    `SELECT COLUMN_NAME, DATA_TYPE, IS_NULLABLE, EXTRA, COLUMN_DEFAULT FROM information_schema.COLUMNS WHERE ${where} ORDER BY ORDINAL_POSITION`,
  );
  if (columns.length === 0) return undefined;
  const [engine] = await session.query(
    `SELECT ENGINE FROM information_schema.TABLES JOIN information_schema.ENGINES USING (ENGINE) WHERE ${where} AND TRANSACTIONS <> 'YES'`,
  );
  const indexes = await session.query(
    `SELECT INDEX_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE ${where} AND NON_UNIQUE = 0 AND SUB_PART IS NULL ORDER BY INDEX_NAME <> 'PRIMARY', INDEX_NAME, SEQ_IN_INDEX`,
  );
  const keys = new Map<string, string[]>();
  for (const [index, column] of indexes) {
    const known = keys.get(String(index)) ?? [];
    known.push(String(column));
    keys.set(String(index), known);
  }
  return {
    columns: columns.map(([name, type, isNullable, extra, defaultValue]) => ({
      name: String(name),
      type: String(type).toLowerCase(),
      isNullable: isNullable === 'YES',
      isGenerated: /(VIRTUAL|STORED|PERSISTENT) GENERATED/i.test(extra ?? ''),
      isAutoIncrement: /auto_increment/i.test(extra ?? ''),
      hasDefault: defaultValue !== null || isNullable === 'YES' || (extra ?? '') !== '',
    })),
    uniqueKeys: [...keys.values()],
    canCopy: false,
    engineWithoutTransactions: engine?.[0] ?? undefined,
    alwaysIdentity: undefined,
  };
}

/** EXPLAIN asks for the privileges of what it explains, and changes nothing. */
const probes: Readonly<Record<Privilege, (table: string, column: string) => string>> = {
  SELECT: (table) => `EXPLAIN SELECT * FROM ${table}`,
  INSERT: (table, column) => `EXPLAIN INSERT INTO ${table} (${column}) VALUES (DEFAULT)`,
  UPDATE: (table, column) => `EXPLAIN UPDATE ${table} SET ${column} = DEFAULT WHERE FALSE`,
  DELETE: (table) => `EXPLAIN DELETE FROM ${table} WHERE FALSE`,
};

const denied = new Set(['ER_TABLEACCESS_DENIED_ERROR', 'ER_COLUMNACCESS_DENIED_ERROR']);

async function missingOf(
  session: Session,
  table: string,
  column: string,
  needed: readonly Privilege[],
): Promise<Privilege[]> {
  const missing: Privilege[] = [];
  for (const privilege of needed) {
    try {
      await session.query(probes[privilege](table, column));
    } catch (error) {
      if (!(error instanceof SqlError) || error.fault === 'connection') throw error;
      if (denied.has(error.code)) missing.push(privilege);
    }
  }
  return missing;
}
