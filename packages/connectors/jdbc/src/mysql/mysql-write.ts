/** Values and statements for MySQL and MariaDB: rows as literals, many in one statement. */
import { DataError, type Schema } from '@sluice/connector-api';
import type {
  InsertMode,
  NewColumn,
  RowsToWrite,
  SqlValue,
  TableColumn,
  ValueWriter,
  WriteStatement,
} from '../dialect.ts';
import {
  bufferOf,
  decimalOfField,
  instantOfField,
  jsonText,
  meaningOf,
} from '../sink/field-values.ts';
import { clockText, formatInstant, type Instant, parseInstant } from '../time-zone.ts';

export function mysqlWriter(schema: Schema, { type }: TableColumn, zone: string): ValueWriter {
  switch (meaningOf(schema)) {
    case 'integer':
      return (value) => value as SqlValue;
    case 'float':
      return finite;
    case 'boolean':
      return (value) => (value === true ? 1 : 0);
    case 'bytes':
      return isText(type) ? (value) => bufferOf(value).toString('utf8') : bufferOf;
    case 'decimal':
      return (value) => decimalOfField(value).toPlainString();
    case 'date':
      return (value) => textOf(instantOfField(schema, value), 'UTC').slice(0, 10);
    case 'time':
      return (value) => clockText(instantOfField(schema, value));
    case 'timestamp':
      return timestampWriter((value) => instantOfField(schema, value), type, zone);
    case 'zoned-timestamp':
      return isText(type)
        ? String
        : timestampWriter((value) => parseInstant(String(value), 'UTC'), type, zone);
    case 'array':
    case 'nested':
      return jsonText;
    default:
      return String;
  }
}

const numeric = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'decimal', 'double']);

function isText(type: string): boolean {
  return type.endsWith('text') || type.endsWith('char');
}

function timestampWriter(
  instantOf: (value: unknown) => Instant,
  type: string,
  zone: string,
): ValueWriter {
  if (numeric.has(type)) return (value) => instantOf(value).ms;
  // What the session writes into a TIMESTAMP is UTC.
  return (value) => textOf(instantOf(value), type === 'timestamp' ? 'UTC' : zone);
}

function textOf(instant: Instant, zone: string): string {
  const text = formatInstant(instant, zone);
  if (text.endsWith(' BC') || text.length < 19 || text[4] !== '-')
    throw new DataError('its date is beyond the years 1 to 9999, which MySQL does not store');
  return text;
}

function finite(value: unknown): SqlValue {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new DataError(`MySQL does not store ${String(value)}`);
  return value as SqlValue;
}

/** What a column of a key may have: it is part of an index. */
const keyLength = 255;

export function mysqlColumnType({ isKey, schema }: NewColumn): string {
  switch (meaningOf(schema)) {
    case 'decimal': {
      // The largest that there are.
      const scale = Math.min(Math.max(Number(schema.parameters?.['scale'] ?? 15), 0), 30);
      return `DECIMAL(65,${String(scale)})`;
    }
    case 'date':
      return 'DATE';
    case 'time':
      return schema.name?.startsWith('io.debezium') ? 'TIME(6)' : 'TIME(3)';
    case 'timestamp':
      return schema.name?.startsWith('io.debezium') ? 'DATETIME(6)' : 'DATETIME(3)';
    case 'zoned-timestamp':
      return 'DATETIME(6)';
    case 'json':
    case 'array':
    case 'nested':
      return 'JSON';
    case 'uuid':
      return 'CHAR(36)';
    case 'text':
      return isKey ? `VARCHAR(${String(keyLength)})` : 'LONGTEXT';
    case 'bytes':
      return isKey ? `VARBINARY(${String(keyLength)})` : 'LONGBLOB';
    default:
      return plainTypes[schema.type] ?? 'LONGTEXT';
  }
}

const plainTypes: Readonly<Record<string, string>> = {
  int8: 'TINYINT',
  int16: 'SMALLINT',
  int32: 'INT',
  int64: 'BIGINT',
  float32: 'FLOAT',
  float64: 'DOUBLE',
  boolean: 'TINYINT',
};

interface Naming {
  readonly quote: (name: string) => string;
  readonly tableName: string;
  readonly escape: (value: SqlValue) => string;
}

export function mysqlWriteSql(
  mode: InsertMode,
  { columns, keys, rows }: RowsToWrite,
  { escape, quote, tableName }: Naming,
): WriteStatement[] {
  const others = columns.filter((name) => !keys.includes(name));
  if (mode === 'update')
    return rows.map((row) => {
      const settings = columns.map((name, at) => `${quote(name)} = ${escape(row[at] ?? null)}`);
      const isKey = columns.map((name) => keys.includes(name));
      const set = settings.filter((_, at) => others.length === 0 || !isKey[at]).join(', ');
      const where = settings.filter((_, at) => isKey[at]).join(' AND ');
      return { sql: `UPDATE ${tableName} SET ${set} WHERE ${where}`, values: [] };
    });
  const values = rows.map((row) => `(${row.map(escape).join(',')})`).join(',');
  const insert = `INSERT INTO ${tableName} (${columns.map(quote).join(', ')}) VALUES ${values}`;
  if (mode === 'insert') return [{ sql: insert, values: [] }];
  const changed = (others.length > 0 ? others : keys).map(
    (name) => `${quote(name)} = VALUES(${quote(name)})`,
  );
  return [{ sql: `${insert} ON DUPLICATE KEY UPDATE ${changed.join(', ')}`, values: [] }];
}

export function mysqlDeleteSql(
  { columns, rows }: RowsToWrite,
  { escape, quote, tableName }: Naming,
): WriteStatement[] {
  const [only] = columns;
  const where =
    columns.length === 1 && only !== undefined
      ? `${quote(only)} IN (${rows.map((row) => escape(row[0] ?? null)).join(', ')})`
      : rows
          .map(
            (row) =>
              `(${columns.map((name, at) => `${quote(name)} = ${escape(row[at] ?? null)}`).join(' AND ')})`,
          )
          .join(' OR ');
  return [{ sql: `DELETE FROM ${tableName} WHERE ${where}`, values: [] }];
}
