/** The records of one table as Debezium writes them: schemas of its keys and envelopes, and the records of each change. */
import {
  type RecordHeader,
  type Schema,
  type SchemaField,
  type SourceOffsetValue,
  schemas,
  type YieldedRecord,
} from '@sluice/connector-api';
import { objectMaker } from '@sluice/connector-api/data-values';

/** c create, u update, d delete, t truncate, r read by a snapshot. */
export type Operation = 'c' | 'u' | 'd' | 't' | 'r';

/** Values by the names of columns. */
export type Row = Readonly<Record<string, unknown>>;

export interface TableRecordsOptions {
  readonly topic: string;
  /** What the names of the schemas begin with: `<topic.prefix>.<namespace>.<table>`. */
  readonly schemaPrefix: string;
  readonly columns: readonly SchemaField[];
  /** Names of columns; none: the records have no key. */
  readonly keyColumns: readonly string[];
  /** Of the envelope's `source`. */
  readonly sourceSchema: Schema;
  readonly tombstonesOnDelete: boolean;
  readonly skipped: ReadonlySet<Operation>;
}

/** A change of one row, or of the whole table, and where it is from. */
export interface Change {
  readonly op: Operation;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: Row;
  /** Where to go on after it. */
  readonly offset: SourceOffsetValue;
}

const headerNames = { newKey: '__debezium.newkey', oldKey: '__debezium.oldkey' };

const transactionSchema: Schema = Object.freeze({
  type: 'struct',
  name: 'event.block',
  version: 1,
  optional: true,
  fields: [
    { field: 'id', schema: schemas.string },
    { field: 'total_order', schema: schemas.int64 },
    { field: 'data_collection_order', schema: schemas.int64 },
  ],
});

export class TableRecords {
  readonly #options: TableRecordsOptions;
  readonly #keySchema: Schema | undefined;
  readonly #valueSchema: Schema;
  readonly #keyNames: readonly string[];
  readonly #makeKey: ((values: readonly unknown[]) => Row) | undefined;

  constructor(options: TableRecordsOptions) {
    this.#options = options;
    const { columns, keyColumns, schemaPrefix, sourceSchema } = options;
    const row: Schema = {
      type: 'struct',
      name: `${schemaPrefix}.Value`,
      optional: true,
      fields: columns,
    };
    const keyFields = keyColumns.flatMap((name) => columns.filter(({ field }) => field === name));
    this.#keySchema =
      keyFields.length === 0
        ? undefined
        : { type: 'struct', name: `${schemaPrefix}.Key`, fields: keyFields };
    this.#keyNames = keyFields.map(({ field }) => field);
    this.#makeKey = this.#keySchema && objectMaker(this.#keyNames);
    this.#valueSchema = {
      type: 'struct',
      name: `${schemaPrefix}.Envelope`,
      version: 1,
      fields: [
        { field: 'before', schema: row },
        { field: 'after', schema: row },
        { field: 'source', schema: sourceSchema },
        { field: 'transaction', schema: transactionSchema },
        { field: 'op', schema: schemas.string },
        { field: 'ts_ms', schema: schemas.optionalInt64 },
        { field: 'ts_us', schema: schemas.optionalInt64 },
        { field: 'ts_ns', schema: schemas.optionalInt64 },
      ],
    };
  }

  /**
   * What is written for a change: nothing where its operation is skipped, a tombstone more after a delete, and for a
   * row whose key has changed the end of the old one and the beginning of the new one.
   */
  recordsOf(change: Change, nowMs: number): YieldedRecord[] {
    const { op, before, after, offset } = change;
    if (op === 't')
      return this.#options.skipped.has('t') ? [] : [this.#record(change, undefined, nowMs)];
    const newKey = after && this.#keyOf(after);
    const oldKey = before && this.#keyOf(before);
    if (op === 'u' && oldKey && newKey && !this.#isSameKey(oldKey, newKey)) {
      const moved = [
        ...this.#deletion({ ...change, op: 'd', after: null }, oldKey, nowMs, newKey),
        ...this.#one({ ...change, op: 'c', before: null }, newKey, nowMs, oldKey),
      ];
      // Together or not at all: a start in between would take it for two changes.
      return moved.map((record, index) =>
        index === moved.length - 1 ? { ...record, offset } : withoutOffset(record),
      );
    }
    return op === 'd'
      ? this.#deletion(change, oldKey ?? undefined, nowMs)
      : this.#one(change, newKey ?? undefined, nowMs);
  }

  #one(change: Change, key: Row | undefined, nowMs: number, oldKey?: Row): YieldedRecord[] {
    if (this.#options.skipped.has(change.op)) return [];
    return [this.#record(change, key, nowMs, oldKey && this.#keyHeader('oldKey', oldKey))];
  }

  #deletion(change: Change, key: Row | undefined, nowMs: number, newKey?: Row): YieldedRecord[] {
    if (this.#options.skipped.has('d')) return [];
    const record = this.#record(change, key, nowMs, newKey && this.#keyHeader('newKey', newKey));
    if (!this.#options.tombstonesOnDelete || key === undefined) return [record];
    const { valueSchema: _, value: __, ...rest } = record;
    return [withoutOffset(record), { ...rest, value: null }];
  }

  #record(
    change: Change,
    key: Row | undefined,
    nowMs: number,
    header?: RecordHeader,
  ): YieldedRecord {
    const { after, before, offset, op, source } = change;
    return {
      topic: this.#options.topic,
      ...(key && this.#keySchema ? { key, keySchema: this.#keySchema } : {}),
      value: {
        before,
        after,
        source,
        transaction: null,
        op,
        ts_ms: nowMs,
        ts_us: nowMs * 1_000,
        ts_ns: BigInt(nowMs) * 1_000_000n,
      },
      valueSchema: this.#valueSchema,
      ...(header ? { headers: [header] } : {}),
      offset,
    };
  }

  #keyOf(row: Row): Row | undefined {
    return this.#makeKey?.(this.#keyNames.map((name) => row[name]));
  }

  #keyHeader(name: keyof typeof headerNames, key: Row): RecordHeader {
    return {
      name: headerNames[name],
      value: key,
      ...(this.#keySchema ? { schema: this.#keySchema } : {}),
    };
  }

  #isSameKey(one: Row, other: Row): boolean {
    return this.#keyNames.every((name) => isSameValue(one[name], other[name]));
  }
}

/** Stored with the last record only: a start after one of those before would leave out the rest of the change. */
function withoutOffset(record: YieldedRecord): YieldedRecord {
  const { offset: _, ...rest } = record;
  return rest;
}

/** Of one schema. A number and the bigint of the same number are the same. */
function isSameValue(one: unknown, other: unknown): boolean {
  return Object.is(one, other) || canonicalText(one) === canonicalText(other);
}

function canonicalText(value: unknown): string {
  return JSON.stringify([value], (_, each: unknown) =>
    typeof each === 'bigint' || typeof each === 'number' ? String(each) : each,
  );
}
