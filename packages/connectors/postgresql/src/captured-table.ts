/** One captured table at one state of its schema: PostgreSQL's rows become Debezium's records. */
import {
  ConnectError,
  optionalSchema,
  type Schema,
  schemas,
  type TaskLogger,
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
  unsayable,
} from '@sluice/connector-capture';
import type { CatalogColumn } from './catalog.ts';
import { columnTypeOf, type FindType, placeholderOf, type TextType } from './column-types.ts';
import { keyColumnsOf, type PostgresConfig, selectionOf, valueSettingsOf } from './config.ts';
import { type RawRow, type RawValue, unchanged } from './pgoutput.ts';

const version = '1.0.0';

const sourceSchema: Schema = Object.freeze({
  type: 'struct',
  name: 'io.debezium.connector.postgresql.Source',
  version: 1,
  fields: [
    ...sourceFields,
    { field: 'schema', schema: schemas.string },
    { field: 'table', schema: schemas.string },
    { field: 'txId', schema: schemas.optionalInt64 },
    { field: 'lsn', schema: schemas.optionalInt64 },
    { field: 'xmin', schema: schemas.optionalInt64 },
  ],
});

interface CapturedColumn {
  readonly name: string;
  /** Place in the rows that PostgreSQL sends. */
  readonly index: number;
  readonly type: TextType;
  readonly isRequired: boolean;
  /** For a value that PostgreSQL does not tell. */
  readonly placeholder: unknown;
}

export interface CapturedTableOptions {
  readonly config: PostgresConfig;
  readonly name: TableName;
  /** In the order of the rows. */
  readonly columns: readonly CatalogColumn[];
  readonly keyColumns: readonly string[];
  /** What the log has of a former row; undefined: all of it, or nothing is known. */
  readonly identity?: readonly string[] | undefined;
  readonly find: FindType;
  readonly logger: TaskLogger;
}

/** Where a change is from. */
export interface Origin {
  readonly lsn: number;
  /** End of the last transaction before it. */
  readonly commitLsn: number | undefined;
  readonly transactionId: number | undefined;
  /** µs since 1970. */
  readonly atUs: number;
  readonly snapshot: 'true' | 'first' | 'last' | 'false';
}

export class CapturedTable {
  readonly name: TableName;
  /** Names and places of the columns of the key in the rows; none if a generated one is among them, which rows lack. */
  readonly keyPlaces: readonly { readonly name: string; readonly index: number }[];
  readonly #columns: readonly CapturedColumn[];
  /** Enums, and arrays of them. */
  readonly #labelled: readonly CapturedColumn[];
  readonly #records: TableRecords;
  readonly #make: (values: readonly unknown[]) => Row;
  readonly #config: PostgresConfig;
  /** Of the last origin: all rows of a snapshot have the same, which nobody can change. */
  #lastSource: { readonly origin: Origin; readonly source: Row } | undefined;
  /** Columns of the key that the log does not have of a former row. */
  readonly #untoldKey: readonly string[];

  constructor(options: CapturedTableOptions) {
    const { columns, config, name } = options;
    this.name = name;
    this.#config = config;
    this.#columns = capturedColumns(options);
    this.#labelled = this.#columns.filter(({ type }) => type.isNewLabel !== undefined);
    this.#make = objectMaker(this.#columns.map((column) => column.name));
    const keyPlaces = options.keyColumns.map((key) => ({
      name: key,
      index: columns.findIndex((column) => column.name === key),
    }));
    this.keyPlaces = keyPlaces.every(({ index }) => index >= 0) ? keyPlaces : [];
    const keyColumns = keyColumnsOf(config).of(name) ?? options.keyColumns;
    const { identity } = options;
    this.#untoldKey = identity ? keyColumns.filter((key) => !identity.includes(key)) : [];
    const parts = [config['topic.prefix'], name.namespace, name.table];
    this.#records = new TableRecords({
      topic: topicName(parts, config['topic.delimiter']),
      schemaPrefix: parts.join('.'),
      columns: this.#columns.map(({ isRequired, name: field, type }) => ({
        field,
        schema: isRequired ? type.schema : optionalSchema(type.schema),
      })),
      keyColumns,
      sourceSchema,
      tombstonesOnDelete: config['tombstones.on.delete'],
      skipped: skippedOperations(config),
    });
  }

  /** A value of an enum that is none of its labels, as far as they are known; undefined: there is none. */
  newLabelOf(row: RawRow): string | undefined {
    for (const { index, type } of this.#labelled) {
      const raw = row[index];
      if (typeof raw === 'string' && type.isNewLabel?.(raw)) return raw;
    }
    return undefined;
  }

  recordsOf(
    change: Pick<Change, 'op' | 'offset'> & {
      readonly before: RawRow | undefined;
      readonly after: RawRow | undefined;
      readonly origin: Origin;
    },
    nowMs: number,
  ): YieldedRecord[] {
    const { after, before, offset, op, origin } = change;
    if (before && this.#untoldKey.length > 0)
      throw new ConnectError(
        `The log does not have ${this.#untoldKey.join(', ')} of a former row of ${tableText(this.name)}, so its key is not known: leave the table out of message.key.columns, or set REPLICA IDENTITY FULL for it and read it again`,
      );
    return this.#records.recordsOf(
      {
        op,
        before: before ? this.#row(before, undefined) : null,
        after: after ? this.#row(after, before) : null,
        source: this.#source(origin),
        offset,
      },
      nowMs,
    );
  }

  /** `former`: the row before, which has what the change did not touch, if the replica identity is full. */
  #row(raw: RawRow, former: RawRow | undefined): Row {
    return this.#make(
      this.#columns.map((column) => {
        const value = raw[column.index] ?? null;
        return this.#value(
          column,
          value === unchanged ? (former?.[column.index] ?? unchanged) : value,
        );
      }),
    );
  }

  #value({ isRequired, name, placeholder, type }: CapturedColumn, raw: RawValue): unknown {
    if (raw === unchanged) return placeholder ?? (isRequired ? type.fallback : null);
    if (raw === null) return isRequired ? type.fallback : null;
    let value: unknown;
    try {
      value = type.read(raw);
    } catch (error) {
      throw new ConnectError(
        `Column ${tableText(this.name)}.${name}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    if (value === null && isRequired)
      throw unsayable(
        `${tableText(this.name)}.${name}`,
        'set decimal.handling.mode to string or double',
      );
    return value;
  }

  #source(origin: Origin): Row {
    if (origin.snapshot === 'false') return this.#sourceOf(origin);
    if (this.#lastSource?.origin !== origin)
      this.#lastSource = { origin, source: Object.freeze(this.#sourceOf(origin)) };
    return this.#lastSource.source;
  }

  #sourceOf({ atUs, commitLsn, lsn, snapshot, transactionId }: Origin): Row {
    return {
      version,
      connector: 'postgresql',
      name: this.#config['topic.prefix'],
      ts_ms: Math.floor(atUs / 1_000),
      snapshot,
      db: this.#config['database.dbname'],
      sequence: JSON.stringify([commitLsn === undefined ? null : String(commitLsn), String(lsn)]),
      ts_us: atUs,
      ts_ns: BigInt(atUs) * 1_000n,
      schema: this.name.namespace,
      table: this.name.table,
      txId: transactionId ?? null,
      lsn,
      xmin: null,
    };
  }
}

function capturedColumns(options: CapturedTableOptions): CapturedColumn[] {
  const { columns, config, find, logger, name } = options;
  const selection = selectionOf(config);
  const settings = valueSettingsOf(config);
  const ownKey = new Set(keyColumnsOf(config).of(name) ?? options.keyColumns);
  return columns.flatMap((column, index): CapturedColumn[] => {
    // The key is written in any case: without it rows could not be told apart.
    if (!selection.hasColumn(name, column.name) && !ownKey.has(column.name)) return [];
    const type = columnTypeOf(column.typeOid, column.typeModifier, find, settings);
    if (!type) {
      const text = `${tableText(name)}.${column.name}`;
      const typeName = find(column.typeOid)?.name;
      logger.warn(
        { column: text, type: typeName },
        'a column of a type without a schema is left out; include.unknown.datatypes writes it as bytes',
      );
      return [];
    }
    return [
      {
        name: column.name,
        index,
        type,
        isRequired: column.isRequired || options.keyColumns.includes(column.name),
        placeholder: placeholderOf(type, config['unavailable.value.placeholder']),
      },
    ];
  });
}

/** Kafka takes letters, digits, points, dashes and underscores; as Debezium, others become underscores. */
function topicName(parts: readonly string[], delimiter: string): string {
  return parts.join(delimiter).replaceAll(/[^A-Za-z0-9._-]/g, '_');
}
