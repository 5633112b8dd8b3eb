/** PostgreSQL. */
import type { ConnectionTarget } from '../connection/jdbc-url.ts';
import type {
  Dialect,
  Privilege,
  Session,
  TableColumn,
  TableInfo,
  TableName,
  TableType,
} from '../dialect.ts';
import { splitName } from '../table-names.ts';
import { instantOfUnits } from '../time-zone.ts';
import { describeColumns } from './postgres-read.ts';
import { PostgresSession } from './postgres-session.ts';
import {
  postgresColumnType,
  postgresDeleteSql,
  postgresLiteral,
  postgresWriter,
  postgresWriteSql,
  utcText,
} from './postgres-write.ts';

const kinds: Readonly<Record<TableType, string>> = {
  TABLE: "'r'",
  'PARTITIONED TABLE': "'p'",
  VIEW: "'v','m'",
};

const columnsSql = `
SELECT a.attname, pg_catalog.format_type(a.atttypid, -1), a.attnotnull::text, (a.attgenerated <> '')::text,
  a.attidentity::text, (a.atthasdef OR a.attidentity <> '')::text,
  (a.attidentity <> '' OR coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') LIKE 'nextval(%')::text
FROM pg_catalog.pg_attribute a
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum`;

/** Those that ON CONFLICT can name: not partial, not deferred, of plain columns. */
const uniqueKeysSql = `
SELECT i.indexrelid::text, a.attname
FROM pg_catalog.pg_index i
CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k(attnum, n)
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indimmediate
  AND k.n <= i.indnkeyatts
ORDER BY i.indisprimary DESC, i.indexrelid, k.n`;

export function postgresDialect(
  target: ConnectionTarget,
  options: { readonly zone: string; readonly quotesIdentifiers: boolean },
): Dialect {
  // Without quotes PostgreSQL takes a name in small letters: said with quotes, no name can be more than a name.
  const nameOf = (name: string): string => (options.quotesIdentifiers ? name : name.toLowerCase());
  const quote = (name: string): string => `"${nameOf(name).replaceAll('"', '""')}"`;
  const tableName = ({ schema, table }: TableName): string =>
    schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}`;
  const naming = (table: TableName) => ({ quote, tableName: tableName(table) });

  return {
    name: 'PostgreSQL',
    connect: ({ limitMs, signal }) =>
      PostgresSession.open({ target, zone: options.zone, limitMs, signal }, describeColumns),
    foldsCase: !options.quotesIdentifiers,
    quote,
    tableName,
    parseTableName(text) {
      const parts = splitName(text, '"');
      const table = parts.at(-1) ?? '';
      return { schema: parts.at(-2), table };
    },
    qualifiedName: ({ schema, table }) =>
      [target.database, schema ?? target.schema ?? 'public', table].join('.'),
    bind(values, value) {
      values.push(value);
      return `$${String(values.length)}`;
    },
    // The session's zone is db.timezone, so columns without a zone are compared as they should be.
    bindInstant(values, instant) {
      values.push(utcText(instant));
      return `$${String(values.length)}::timestamptz`;
    },
    nowSql: 'SELECT (extract(epoch FROM CURRENT_TIMESTAMP) * 1000000)::bigint',
    readNow: (text) => instantOfUnits(BigInt(text), 6),
    selectList: () => '*',
    listTables: (session, { schema, types }) => listTables(session, types, schema),
    describeTable: (session, table) => describeTable(session, tableName(table)),
    columnType: postgresColumnType,
    literal(value, column) {
      const type = postgresColumnType(column);
      const write = postgresWriter(
        column.schema,
        { ...writtenColumn, name: column.name, type: catalogTypes[type] ?? type.toLowerCase() },
        options.zone,
      );
      return `${postgresLiteral(String(write(value)))}::${type}`;
    },
    writerFor: (schema, column) => postgresWriter(schema, column, options.zone),
    writeSql: (mode, rows) => [postgresWriteSql(mode, rows, naming(rows.table))],
    deleteSql: (rows) => [postgresDeleteSql(rows, naming(rows.table))],
    statementBytesMax: 32 * 1024 * 1024,
    keyTextType: 'TEXT',
    transactionalTable: '',
    missingPrivileges: async (session, table, _, needed) => {
      const rows = await session.query(
        `SELECT p FROM unnest($1::text[]) AS p WHERE NOT pg_catalog.has_table_privilege($2::regclass, p)`,
        [`{${needed.join(',')}}`, tableName(table)],
      );
      return rows.map(([privilege]) => privilege as Privilege);
    },
  };
}

const catalogTypes: Readonly<Record<string, string>> = {
  INT: 'integer',
  TIMESTAMP: 'timestamp without time zone',
  TIMESTAMPTZ: 'timestamp with time zone',
};

const writtenColumn: Omit<TableColumn, 'name' | 'type'> = {
  isNullable: true,
  isGenerated: false,
  isAutoIncrement: false,
  hasDefault: false,
};

async function listTables(
  session: Session,
  types: readonly TableType[],
  schema: string | undefined,
): Promise<TableName[]> {
  const rows = await session.query(
    `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind IN (${types.map((type) => kinds[type]).join(',')})
       AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
       AND ($1::text IS NULL OR n.nspname LIKE $1)
     ORDER BY 1, 2`,
    [schema ?? null],
  );
  return rows.map(([namespace, table]) => ({ schema: String(namespace), table: String(table) }));
}

async function describeTable(session: Session, name: string): Promise<TableInfo | undefined> {
  const [[oid, canCopy] = []] = await session.query(
    `SELECT c.oid::text, (c.relkind IN ('r', 'p') AND NOT c.relrowsecurity)::text
     FROM pg_catalog.pg_class c WHERE c.oid = to_regclass($1)`,
    [name],
  );
  if (oid === null || oid === undefined) return undefined;
  const columns = await session.query(columnsSql, [oid]);
  const indexes = await session.query(uniqueKeysSql, [oid]);
  const keys = new Map<string, string[]>();
  for (const [index, column] of indexes) {
    const known = keys.get(String(index)) ?? [];
    known.push(String(column));
    keys.set(String(index), known);
  }
  return {
    columns: columns.map(([column, type, isNotNull, isGenerated, , hasDefault, isAuto]) => ({
      name: String(column),
      type: String(type),
      isNullable: isNotNull !== 'true',
      isGenerated: isGenerated === 'true',
      isAutoIncrement: isAuto === 'true',
      hasDefault: hasDefault === 'true',
    })),
    uniqueKeys: [...keys.values()],
    canCopy: canCopy === 'true',
    engineWithoutTransactions: undefined,
    alwaysIdentity: columns.find(([, , , , identity]) => identity === 'a')?.[0] ?? undefined,
  };
}
