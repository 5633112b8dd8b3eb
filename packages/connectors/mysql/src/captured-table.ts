/** One captured table at one state of its schema: MySQL's rows become Debezium's records. */
import {
  ConnectError,
  optionalSchema,
  type Schema,
  schemas,
  type YieldedRecord,
} from '@sluice/connector-api';
import { objectMaker } from '@sluice/connector-api/data-values';
import {
  type Change,
  type Row,
  skippedOperations,
  sourceFields,
  type TableName,
  TableRecords,
  tableText,
} from '@sluice/connector-capture';
import { type ByteReader, hasBit } from './binlog/byte-reader.ts';
import { readLogValue } from './binlog/row-values.ts';
import type { LogColumn } from './binlog/table-map.ts';
import type { RawRow } from './client.ts';
import type { Column, TableLayout } from './column.ts';
import { valueTypeOf } from './column-types.ts';
import { keyColumnsOf, type MysqlConfig, selectionOf, valueSettingsOf } from './config.ts';
import type { ValueType } from './value-type.ts';

export type Flavour = 'mysql' | 'mariadb';

const version = '1.0.0';

const sourceSchemas: Readonly<Record<Flavour, Schema>> = {
  mysql: sourceSchema('mysql'),
  mariadb: sourceSchema('mariadb'),
};

function sourceSchema(flavour: Flavour): Schema {
  return Object.freeze({
    type: 'struct',
    name: `io.debezium.connector.${flavour}.Source`,
    version: 1,
    fields: [
      ...sourceFields,
      { field: 'table', schema: schemas.optionalString },
      { field: 'server_id', schema: schemas.int64 },
      { field: 'gtid', schema: schemas.optionalString },
      { field: 'file', schema: schemas.string },
      { field: 'pos', schema: schemas.int64 },
      { field: 'row', schema: schemas.int32 },
      { field: 'thread', schema: schemas.optionalInt64 },
      { field: 'query', schema: schemas.optionalString },
    ],
  });
}

interface CapturedColumn {
  readonly name: string;
  /** Place in the rows. */
  readonly index: number;
  readonly type: ValueType;
  readonly isRequired: boolean;
}

export interface CapturedTableOptions {
  readonly config: MysqlConfig;
  readonly flavour: Flavour;
  readonly name: TableName;
  readonly layout: TableLayout;
  /** As the log has them; none for a table of which only answers are read. */
  readonly logColumns?: readonly LogColumn[];
}

/** Where a change is from. */
export interface Origin {
  readonly file: string;
  readonly pos: number;
  /** Place among the rows of its event. */
  readonly row: number;
  readonly gtid: string | undefined;
  readonly serverId: number;
  /** Since 1970. */
  readonly atMs: number;
  readonly snapshot: 'true' | 'first' | 'last' | 'false';
}

export class CapturedTable {
  readonly name: TableName;
  readonly columns: readonly Column[];
  /** Names and places of the columns of the key in the rows. */
  readonly keyPlaces: readonly { readonly name: string; readonly index: number }[];
  readonly #captured: readonly CapturedColumn[];
  /** By the place in the rows. */
  readonly #capturedAt: readonly (CapturedColumn | undefined)[];
  readonly #logColumns: readonly LogColumn[];
  readonly #records: TableRecords;
  readonly #make: (values: readonly unknown[]) => Row;
  readonly #config: MysqlConfig;
  readonly #flavour: Flavour;
  /** Of the last origin: all rows of a snapshot have the same. */
  #lastSource: { readonly origin: Origin; readonly source: Row } | undefined;

  /** @throws ConnectError for a column that cannot be captured. */
  constructor(options: CapturedTableOptions) {
    const { config, flavour, layout, name } = options;
    this.name = name;
    this.columns = layout.columns;
    this.#config = config;
    this.#flavour = flavour;
    this.#captured = capturedColumns(options);
    this.#capturedAt = layout.columns.map((_, index) =>
      this.#captured.find((column) => column.index === index),
    );
    this.#logColumns = options.logColumns ?? [];
    this.#make = objectMaker(this.#captured.map((column) => column.name));
    this.keyPlaces = layout.keyColumns.flatMap((key) => {
      const index = layout.columns.findIndex((column) => column.name === key);
      return index < 0 ? [] : [{ name: key, index }];
    });
    const parts = [config['topic.prefix'], name.namespace, name.table];
    this.#records = new TableRecords({
      topic: topicName(parts, config['topic.delimiter']),
      schemaPrefix: parts.join('.'),
      columns: this.#captured.map(({ isRequired, name: field, type }) => ({
        field,
        schema: isRequired ? type.schema : optionalSchema(type.schema),
      })),
      keyColumns: keyColumnsOf(config).of(name) ?? layout.keyColumns,
      sourceSchema: sourceSchemas[flavour],
      tombstonesOnDelete: config['tombstones.on.delete'],
      skipped: skippedOperations(config),
    });
  }

  recordsOf(
    { origin, ...change }: Omit<Change, 'source'> & { readonly origin: Origin },
    nowMs: number,
  ): YieldedRecord[] {
    return this.#records.recordsOf({ ...change, source: this.#source(origin) }, nowMs);
  }

  /** The next row of an event. `present`: which columns it has. */
  rowOfLog(reader: ByteReader, present: Buffer): Row {
    const logColumns = this.#logColumns;
    let presentCount = 0;
    for (let index = 0; index < logColumns.length; index += 1)
      if (hasBit(present, index)) presentCount += 1;
    const nulls = reader.take((presentCount + 7) >> 3);
    const values: unknown[] = [];
    let place = 0;
    for (const [index, logColumn] of logColumns.entries()) {
      const captured = this.#capturedAt[index];
      if (!hasBit(present, index)) {
        if (captured) throw this.#missing(captured);
        continue;
      }
      const isNull = hasBit(nulls, place);
      place += 1;
      const isUnsigned = this.columns[index]?.isUnsigned ?? false;
      const raw = isNull ? null : this.#read(reader, logColumn, isUnsigned, index);
      if (captured) values.push(this.#value(captured, raw, captured.type.ofLog));
    }
    return this.#make(values);
  }

  rowOfText(raw: RawRow): Row {
    return this.#make(
      this.#captured.map((column) =>
        this.#value(column, raw[column.index] ?? null, column.type.ofText),
      ),
    );
  }

  #read(reader: ByteReader, column: LogColumn, isUnsigned: boolean, index: number): unknown {
    try {
      return readLogValue(reader, column, isUnsigned);
    } catch (error) {
      throw this.#failed(this.columns[index]?.name ?? '', error);
    }
  }

  #value<Raw>(
    { isRequired, name, type }: CapturedColumn,
    raw: Raw | null,
    read: (raw: Raw) => unknown,
  ): unknown {
    if (raw === null) return isRequired ? type.fallback : null;
    try {
      return read(raw) ?? (isRequired ? type.fallback : null);
    } catch (error) {
      throw this.#failed(name, error);
    }
  }

  #failed(column: string, error: unknown): ConnectError {
    const message = error instanceof Error ? error.message : String(error);
    return new ConnectError(`Column ${tableText(this.name)}.${column}: ${message}`);
  }

  #missing({ name }: CapturedColumn): ConnectError {
    return new ConnectError(
      `The log has a change of ${tableText(this.name)} without its column ${name}: set binlog_row_image to FULL, also in sessions that change it`,
    );
  }

  #source(origin: Origin): Row {
    if (this.#lastSource?.origin !== origin)
      this.#lastSource = { origin, source: this.#sourceOf(origin) };
    return this.#lastSource.source;
  }

  #sourceOf({ atMs, file, gtid, pos, row, serverId, snapshot }: Origin): Row {
    return {
      version,
      connector: this.#flavour,
      name: this.#config['topic.prefix'],
      ts_ms: atMs,
      snapshot,
      db: this.name.namespace,
      sequence: null,
      ts_us: atMs * 1_000,
      ts_ns: BigInt(atMs) * 1_000_000n,
      table: this.name.table,
      server_id: serverId,
      gtid: gtid ?? null,
      file,
      pos,
      row,
      thread: null,
      query: null,
    };
  }
}

function capturedColumns({ config, layout, name }: CapturedTableOptions): CapturedColumn[] {
  const selection = selectionOf(config);
  const settings = valueSettingsOf(config);
  const ownKey = new Set(keyColumnsOf(config).of(name) ?? layout.keyColumns);
  return layout.columns.flatMap((column, index): CapturedColumn[] => {
    // The key is written in any case: without it rows could not be told apart.
    if (!selection.hasColumn(name, column.name) && !ownKey.has(column.name)) return [];
    const type = valueTypeOf(column, settings);
    if (!type)
      throw new ConnectError(
        `Column ${tableText(name)}.${column.name} is of type ${column.type}, which is not supported: leave it out with column.exclude.list`,
      );
    const isRequired = column.isRequired || layout.keyColumns.includes(column.name);
    return [{ name: column.name, index, type, isRequired }];
  });
}

/** Kafka takes letters, digits, points, dashes and underscores; as Debezium, others become underscores. */
function topicName(parts: readonly string[], delimiter: string): string {
  return parts.join(delimiter).replaceAll(/[^A-Za-z0-9._-]/g, '_');
}
