/**
 * Reading the rows that are there: each table, or part of a large one, in the order of its key, all in one state of the
 * database, several at once if asked for. What was read in part goes on after its last key.
 */
import type { SourceOffsetValue, YieldedRecord } from '@sluice/connector-api';
import {
  type KeyTexts,
  merged,
  type SnapshotPlan,
  type SnapshotRows,
  snapshotBatches,
  type TableName,
  type TableToRead,
} from '@sluice/connector-capture';
import type { CapturedTable, Origin } from './captured-table.ts';
import { tableIdentifier } from './catalog.ts';
import { identifier, type Session } from './client.ts';
import type { Column } from './column.ts';
import { type PackedRows, unpacked } from './packed-rows.ts';
import { type LogPosition, snapshotOffset } from './position.ts';

export interface SnapshotOptions {
  readonly plan: SnapshotPlan;
  readonly at: LogPosition;
  /** One for each table or part that is read at the same time, in a transaction on the same state. */
  readonly sessions: readonly Session[];
  readonly tableOf: (name: string) => CapturedTable;
  readonly schemas: string | undefined;
  readonly fetchSize: number;
  /** So many records are yielded at a time. */
  readonly batchMax: number;
  readonly signal: AbortSignal;
}

/** Rows may be of any size: so much memory they take at a time, and what the driver has read at once. */
const chunkBytes = 1024 * 1024;

interface Chunk {
  readonly read: TableToRead;
  readonly captured: CapturedTable;
  readonly rows: PackedRows;
}

/** Records in batches, the last of which says that the snapshot is complete, also where there is no row. */
export function readSnapshot(options: SnapshotOptions): AsyncGenerator<YieldedRecord[]> {
  const { at, batchMax, schemas, signal } = options;
  const completed = snapshotOffset(at, '', true, schemas);
  const asLast = (record: YieldedRecord): YieldedRecord => completing(record, completed);
  return snapshotBatches({ chunks: readChunks(options), batchMax, asLast, completed, signal });
}

async function* readChunks(options: SnapshotOptions): AsyncGenerator<SnapshotRows<number>> {
  const { at, plan, schemas, signal } = options;
  const origin = { ...at, gtid: undefined, row: 0, serverId: 0, atMs: Date.now() };
  const first: Origin = { ...origin, snapshot: 'first' };
  const others: Origin = { ...origin, snapshot: 'true' };
  let offset = snapshotOffset(at, plan.progress(), false, schemas);
  const readers = options.sessions.map((session) => readTables(options, session));
  for await (const { captured, read, rows } of merged(readers)) {
    if (signal.aborted) return;
    if (rows.isEnd) plan.finish(read);
    else plan.advance(read, keyOf(captured, rows));
    const before = offset;
    const after = snapshotOffset(at, plan.progress(), false, schemas);
    offset = after;
    yield {
      rows: rows.places,
      recordsOf: (place, { isFirst, isLast, nowMs }) =>
        captured.recordsOf(
          {
            op: 'r',
            before: null,
            after: captured.rowOfText(unpacked(rows.bytes, place)),
            origin: isFirst ? first : others,
            offset: isLast ? after : before,
          },
          nowMs,
        ),
    };
  }
}

export function* batches(
  records: readonly YieldedRecord[],
  max: number,
): Generator<YieldedRecord[]> {
  for (let start = 0; start < records.length; start += max) yield records.slice(start, start + max);
}

function completing(record: YieldedRecord, offset: SourceOffsetValue): YieldedRecord {
  const value = record.value as { readonly source: object };
  return {
    ...record,
    value: { ...value, source: { ...value.source, snapshot: 'last' } },
    offset,
  };
}

/** Whatever is next, until there is nothing. */
async function* readTables(options: SnapshotOptions, session: Session): AsyncGenerator<Chunk> {
  const { fetchSize, plan, tableOf } = options;
  for (let next = plan.next(); next; next = plan.next()) {
    const captured = tableOf(next.table);
    const limits = { rows: fetchSize, bytes: chunkBytes };
    for await (const rows of session.rows(selectOf(captured, next), limits))
      yield { read: next, captured, rows };
  }
}

interface Selected {
  readonly name: TableName;
  readonly columns: readonly Column[];
  readonly keyPlaces: CapturedTable['keyPlaces'];
}

/** Keys are in hexadecimal; the bounds of a part are of the first column of the key. */
export function selectOf(
  { columns, keyPlaces, name }: Selected,
  { after, from, upTo }: Pick<TableToRead, 'after' | 'from' | 'upTo'>,
): string {
  const listed = columns.map(selectedAs).join(', ');
  const selected = `SELECT ${listed} FROM ${tableIdentifier(name)}`;
  const keys = keyPlaces.map((place) => ({
    name: identifier(place.name),
    column: columns[place.index],
  }));
  const [first] = keys;
  if (!first) return selected;
  const conditions = [
    ...(after?.length === keys.length ? [isAfter(keys, after)] : []),
    ...(from ? [`${first.name} > ${literalOf(first.column, from[0] ?? '')}`] : []),
    ...(upTo ? [`${first.name} <= ${literalOf(first.column, upTo[0] ?? '')}`] : []),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `${selected}${where} ORDER BY ${keys.map((key) => key.name).join(', ')}`;
}

/** Column by column, since not every version uses the index for (a, b) > (1, 2). */
function isAfter(
  keys: readonly { readonly name: string; readonly column: Column | undefined }[],
  after: KeyTexts,
): string {
  const alternatives = keys.map((key, index) => {
    const equal = keys
      .slice(0, index)
      .map((each, place) => `${each.name} = ${literalOf(each.column, after[place] ?? '')}`);
    return [...equal, `${key.name} > ${literalOf(key.column, after[index] ?? '')}`].join(' AND ');
  });
  const any = alternatives.map((each) => `(${each})`).join(' OR ');
  return alternatives.length > 1 ? `(${any})` : any;
}

/** A float is written with fewer digits than it has, unless it is a double. */
function selectedAs({ name, type }: Column): string {
  return type === 'float' ? `${identifier(name)} + 0e0` : identifier(name);
}

/** In the type and the collation of the column, so that its index is used. */
function literalOf(column: Column | undefined, hex: string): string {
  const type = column?.type ?? '';
  // As a text of bytes it would be compared by the number that the text begins with.
  if (type === 'bit') return `0 + 0x${hex || '0'}`;
  if (numericType.test(type))
    return Buffer.from(hex, 'hex')
      .toString('latin1')
      .replaceAll(/[^-+.\deE]/g, '');
  return binaryType.test(type) ? `x'${hex}'` : `_utf8mb4 x'${hex}'`;
}

const numericType = /^(?:tinyint|smallint|mediumint|int|bigint|decimal|double|year)$/;
const binaryType = /^(?:binary|varbinary|(?:tiny|medium|long)?blob)$/;
/** Types whose order is not that of what is read of them: their tables begin anew after a crash. */
const unorderedType = /^(?:enum|set|float)$/;

/** Of the last row. */
function keyOf(captured: CapturedTable, rows: PackedRows): readonly string[] | undefined {
  const { columns, keyPlaces } = captured;
  const last = rows.places.at(-1);
  if (last === undefined || keyPlaces.length === 0) return undefined;
  if (keyPlaces.some(({ index }) => unorderedType.test(columns[index]?.type ?? '')))
    return undefined;
  const row = unpacked(rows.bytes, last);
  return keyPlaces.map(({ index }) => row[index]?.toString('hex') ?? '');
}
