/**
 * Values and statements for PostgreSQL. Every value is sent as text and cast to the type of its column, so that all
 * types can be written, and rows as one array of texts for each column, so that one statement serves any number of rows.
 */
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
import { clockText, dateText, formatInstant, type Instant, parseInstant } from '../time-zone.ts';
import { arrayText } from './postgres-arrays.ts';

type TextWriter = (value: unknown) => string;

export function postgresWriter(schema: Schema, { type }: TableColumn, zone: string): ValueWriter {
  return textWriter(schema, type, zone);
}

function textWriter(schema: Schema, type: string, zone: string): TextWriter {
  const isJson = type === 'json' || type === 'jsonb';
  switch (meaningOf(schema)) {
    case 'boolean':
      return isNumeric(type)
        ? (value) => (value === true ? '1' : '0')
        : (value) => (value === true ? 'true' : 'false');
    case 'bytes':
      return type === 'bytea'
        ? (value) => `\\x${bufferOf(value).toString('hex')}`
        : (value) => bufferOf(value).toString('utf8');
    case 'decimal':
      return (value) => decimalOfField(value).toPlainString();
    case 'date':
      return (value) => dateText(instantOfField(schema, value));
    case 'time':
      return (value) => timeText(instantOfField(schema, value));
    case 'timestamp':
      return timestampWriter((value) => instantOfField(schema, value), type, zone);
    case 'zoned-timestamp':
      return isText(type)
        ? String
        : timestampWriter((value) => parseInstant(String(value), 'UTC'), type, zone);
    case 'array':
      if (isJson) return jsonText;
      return (value) => arrayOf(schema, type, zone, value);
    case 'nested':
      if (isJson) return jsonText;
      throw new DataError(
        `a ${schema.type} has no column type but jsonb: flatten it (Flatten$Value), or make the column jsonb`,
      );
    default:
      // Numbers that are no numbers: NaN, Infinity.
      return String;
  }
}

function isNumeric(type: string): boolean {
  return ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'].includes(type);
}

function isText(type: string): boolean {
  return type === 'text' || type.startsWith('character') || type === 'bpchar';
}

/** MySQL's times may be spans that are longer than a day, or negative. */
function timeText(instant: Instant): string {
  if (instant.ms < 0 || instant.ms > 86_400_000)
    throw new DataError('it is no time within a day, and PostgreSQL has no other');
  return clockText(instant);
}

function timestampWriter(
  instantOf: (value: unknown) => Instant,
  type: string,
  zone: string,
): TextWriter {
  if (type === 'timestamp without time zone' || type === 'date')
    return (value) => formatInstant(instantOf(value), zone);
  if (isNumeric(type)) return (value) => String(instantOf(value).ms);
  return (value) => utcText(instantOf(value));
}

export function utcText(instant: Instant): string {
  const text = formatInstant(instant, 'UTC');
  return text.endsWith(' BC') ? `${text.slice(0, -3)}+00 BC` : `${text}+00`;
}

function arrayOf(schema: Schema, type: string, zone: string, value: unknown): string {
  if (!Array.isArray(value)) throw new DataError('it is no array');
  const { items } = schema;
  if (!items) throw new DataError('nothing is known about the elements of the array');
  const isNested = items.type === 'array';
  const write = textWriter(items, isNested ? type : type.replace(/\[\]$/, ''), zone);
  return arrayText(
    value.map((each: unknown) => {
      if (each === null || each === undefined) return null;
      const text = write(each);
      return isNested ? { array: text } : text;
    }),
  );
}

export function postgresColumnType({ schema }: NewColumn): string {
  switch (meaningOf(schema)) {
    case 'decimal':
      return 'DECIMAL';
    case 'date':
      return 'DATE';
    case 'time':
      return 'TIME';
    case 'timestamp':
      return 'TIMESTAMP';
    case 'zoned-timestamp':
      return 'TIMESTAMPTZ';
    case 'json':
    case 'nested':
      return 'JSONB';
    case 'uuid':
      return 'UUID';
    case 'array': {
      if (!schema.items) throw new DataError('nothing is known about the elements of the array');
      const element = postgresColumnType({
        name: '',
        schema: schema.items,
        isKey: false,
        isNullable: true,
      });
      return element.endsWith('[]') ? element : `${element}[]`;
    }
    default:
      return plainTypes[schema.type] ?? 'TEXT';
  }
}

const plainTypes: Readonly<Record<string, string>> = {
  int8: 'SMALLINT',
  int16: 'SMALLINT',
  int32: 'INT',
  int64: 'BIGINT',
  float32: 'REAL',
  float64: 'DOUBLE PRECISION',
  boolean: 'BOOLEAN',
  string: 'TEXT',
  bytes: 'BYTEA',
};

export function postgresLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** COPY is faster than INSERT (README.md); for a few rows it is one round trip more. */
const copiedRowsMin = 20;

/** In COPY's text format. */
function copyLine(row: readonly SqlValue[]): string {
  return `${row.map((value) => (value === null ? '\\N' : String(value).replaceAll(copyEscaped, escapeCopied))).join('\t')}\n`;
}

const copyEscaped = /[\\\t\n\r]/g;
const copyEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
};

function escapeCopied(character: string): string {
  return copyEscapes[character] ?? character;
}

interface Naming {
  readonly quote: (name: string) => string;
  readonly tableName: string;
}

export function postgresWriteSql(
  mode: InsertMode,
  rows: RowsToWrite,
  { quote, tableName }: Naming,
): WriteStatement {
  const { columns, info, keys } = rows;
  const isChanged = (name: string): boolean => !keys.includes(name) && name !== info.alwaysIdentity;
  const others = columns.filter(isChanged);
  const names = columns.map(quote).join(', ');
  if (mode === 'insert' && info.canCopy && rows.rows.length >= copiedRowsMin)
    return {
      sql: `COPY ${tableName} (${names}) FROM STDIN`,
      values: [],
      copied: rows.rows.map(copyLine).join(''),
    };
  const source = sourceOf(rows);
  const values = source.casts.join(', ');
  if (mode === 'update') {
    const settings = columns.flatMap((name, at) =>
      isChanged(name) ? [`${quote(name)} = ${String(source.casts[at])}`] : [],
    );
    // Nothing to change, but it is a statement anyway.
    const set =
      settings.length > 0 ? settings : keys.map((name) => `${quote(name)} = t.${quote(name)}`);
    return {
      sql: `UPDATE ${tableName} AS t SET ${set.join(', ')} FROM ${source.from} WHERE ${matchOf(rows, quote, source.casts)}`,
      values: source.values,
    };
  }
  const overriding = info.alwaysIdentity !== undefined ? ' OVERRIDING SYSTEM VALUE' : '';
  const insert = `INSERT INTO ${tableName} (${names})${overriding} SELECT ${values} FROM ${source.from} ORDER BY v.n`;
  if (mode === 'insert') return { sql: insert, values: source.values };
  const action =
    others.length === 0
      ? 'NOTHING'
      : `UPDATE SET ${others.map((name) => `${quote(name)} = EXCLUDED.${quote(name)}`).join(', ')}`;
  return {
    sql: `${insert} ON CONFLICT (${keys.map(quote).join(', ')}) DO ${action}`,
    values: source.values,
  };
}

export function postgresDeleteSql(rows: RowsToWrite, { quote, tableName }: Naming): WriteStatement {
  const source = sourceOf(rows);
  return {
    sql: `DELETE FROM ${tableName} AS t USING ${source.from} WHERE ${matchOf(rows, quote, source.casts)}`,
    values: source.values,
  };
}

function matchOf(
  { columns, keys }: RowsToWrite,
  quote: (name: string) => string,
  casts: readonly string[],
): string {
  return columns
    .flatMap((name, at) => (keys.includes(name) ? [`t.${quote(name)} = ${String(casts[at])}`] : []))
    .join(' AND ');
}

interface RowSource {
  readonly from: string;
  readonly casts: readonly string[];
  readonly values: readonly SqlValue[];
}

function sourceOf({ columns, info, rows }: RowsToWrite): RowSource {
  const types = new Map(info.columns.map(({ name, type }) => [name, type]));
  const names = columns.map((_, at) => `c${String(at)}`);
  return {
    from: `ROWS FROM (unnest(${columns.map((_, at) => `$${String(at + 1)}::text[]`).join(', ')})) WITH ORDINALITY AS v(${names.join(', ')}, n)`,
    casts: columns.map((name, at) => `v.${String(names[at])}::${types.get(name) ?? 'text'}`),
    values: columns.map((_, at) => textArray(rows, at)),
  };
}

function textArray(rows: RowsToWrite['rows'], at: number): string {
  return arrayText(
    rows.map((row) => {
      const value = row[at];
      return value === null || value === undefined ? null : String(value);
    }),
  );
}
