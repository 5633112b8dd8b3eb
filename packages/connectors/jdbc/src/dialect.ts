/** What the source and the sink need of a database system; PostgreSQL and MySQL / MariaDB implement it. */
import type { Schema } from '@sluice/connector-api';
import type { Instant } from './time-zone.ts';

/** A name of a table: catalog is MySQL's database, which PostgreSQL's statements never name. */
export interface TableName {
  readonly schema: string | undefined;
  readonly table: string;
}

export type SqlValue = string | number | bigint | boolean | Buffer | null;

/** One connection. Whatever fails is a SqlError; after one whose fault is `connection` it is useless. */
export interface Session {
  readonly isUsable: boolean;
  /** Rows as texts. */
  query(sql: string, values?: readonly SqlValue[]): Promise<(string | null)[][]>;
  /** Returns how many rows it changed, as far as the database says. */
  execute(sql: string, values?: readonly SqlValue[]): Promise<number>;
  write(statement: WriteStatement): Promise<void>;
  /** Rows in batches, as they are asked for; leaving the loop ends the reading. */
  read(sql: string, values: readonly SqlValue[], options: ReadOptions): AsyncIterable<RowBatch>;
  /** Says good-bye first, if that takes no time. */
  close(): Promise<void>;
  /** At once, also in the middle of a statement. */
  destroy(): void;
}

export type NumericMapping = 'none' | 'precision_only' | 'best_fit' | 'best_fit_eager_double';

export type TimestampGranularity =
  | 'connect_logical'
  | 'micros_long'
  | 'micros_string'
  | 'micros_iso_datetime_string'
  | 'nanos_long'
  | 'nanos_string'
  | 'nanos_iso_datetime_string';

export interface ReadOptions {
  readonly batchRows: number;
  readonly zone: string;
  readonly numericMapping: NumericMapping;
  readonly granularity: TimestampGranularity;
  /** What is read, if it is a table. */
  readonly info?: TableInfo;
}

/** As the driver gives it. */
export type Cell = string | Buffer | null;

export interface ReadColumn {
  readonly name: string;
  readonly schema: Schema;
  /** Never of null. */
  readonly value: (cell: string | Buffer) => unknown;
  /** Of columns with dates. */
  readonly instant: (cell: string | Buffer) => Instant;
}

export interface RowBatch {
  readonly columns: readonly ReadColumn[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column of a table that exists. */
export interface TableColumn {
  readonly name: string;
  /** As the database calls it, without length: `timestamp with time zone`, `varchar`. */
  readonly type: string;
  readonly isNullable: boolean;
  /** Its values are made by the database alone. */
  readonly isGenerated: boolean;
  readonly isAutoIncrement: boolean;
  /** May be left out. */
  readonly hasDefault: boolean;
}

export interface TableInfo {
  readonly columns: readonly TableColumn[];
  /** Columns of the primary key and of each unique index, the primary key first. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Whether COPY may write it. */
  readonly canCopy: boolean;
  /** MySQL: the storage engine, if it knows no transactions. */
  readonly engineWithoutTransactions: string | undefined;
  /** PostgreSQL's GENERATED ALWAYS AS IDENTITY: takes a value if an INSERT insists on it, and is never changed. */
  readonly alwaysIdentity: string | undefined;
}

export type TableType = 'TABLE' | 'PARTITIONED TABLE' | 'VIEW';

/** A column that a sink needs. */
export interface NewColumn {
  readonly name: string;
  readonly schema: Schema;
  readonly isKey: boolean;
  readonly isNullable: boolean;
}

export interface WriteStatement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
  /** What is streamed to the statement: PostgreSQL's COPY. */
  readonly copied?: string;
}

/** Rows for one table, all with the same columns. */
export interface RowsToWrite {
  readonly table: TableName;
  readonly info: TableInfo;
  readonly keys: readonly string[];
  /** Names of all columns, keys included. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export type InsertMode = 'insert' | 'upsert' | 'update';

/** A value of a record as the column takes it. @throws DataError when it does not. */
export type ValueWriter = (value: unknown) => SqlValue;

export interface Dialect {
  /** For messages and documentation. */
  readonly name: string;
  connect(options: { readonly limitMs: number; readonly signal: AbortSignal }): Promise<Session>;

  /** Names that differ in capitals only mean the same column. */
  readonly foldsCase: boolean;
  quote(name: string): string;
  tableName(table: TableName): string;
  /** `shop.orders`, with the system's quotes or without. */
  parseTableName(text: string): TableName;
  /** As Kafka Connect's offsets call it: `db.schema.table`. */
  qualifiedName(table: TableName): string;
  /** How a statement says the value; what has to go along with it is added to `values`. */
  bind(values: SqlValue[], value: SqlValue): string;
  bindInstant(values: SqlValue[], instant: Instant, column: TableColumn | undefined): string;
  /** The time on the database's clock. */
  readonly nowSql: string;
  /** Of `nowSql`. */
  readNow(text: string): Instant;
  /** What is selected of a table so that nothing gets lost on its way. */
  selectList(info: TableInfo): string;

  listTables(
    session: Session,
    options: { readonly types: readonly TableType[]; readonly schema: string | undefined },
  ): Promise<TableName[]>;
  /** Undefined: there is none, or it cannot be seen. */
  describeTable(session: Session, table: TableName): Promise<TableInfo | undefined>;

  /** What a column is created as. @throws DataError for a schema that there is no type for. */
  columnType(column: NewColumn): string;
  literal(value: unknown, column: NewColumn): string;
  writerFor(schema: Schema, column: TableColumn): ValueWriter;
  writeSql(mode: InsertMode, rows: RowsToWrite): readonly WriteStatement[];
  /** `rows` are of the key columns only. */
  deleteSql(rows: RowsToWrite): readonly WriteStatement[];
  /** Bytes that one statement may have. */
  readonly statementBytesMax: number;
  /** Type of text columns of the table of offsets, where they are part of its key. */
  readonly keyTextType: string;
  /** What follows the columns of a table that transactions must hold for, whatever the server's default is. */
  readonly transactionalTable: string;
  /** The privileges that the user lacks on a table. */
  missingPrivileges(
    session: Session,
    table: TableName,
    info: TableInfo,
    needed: readonly Privilege[],
  ): Promise<Privilege[]>;
}

export type Privilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';
