/**
 * Reading the rows that are there: each table, or part of a large one, by a cursor in the order of its key, all in one
 * snapshot of the database, several at once if asked for. What was read in part goes on after its last key.
 */
import type { SourceOffsetValue, YieldedRecord } from '@sluice/connector-api';
import {
  merged,
  type SnapshotPlan,
  type SnapshotRows,
  snapshotBatches,
  type TableToRead,
} from '@sluice/connector-capture';
import type { CapturedTable, Origin } from './captured-table.ts';
import type { Session, TextRow } from './client.ts';
import { snapshotOffset } from './position.ts';
import { identifier, tableIdentifier } from './slot.ts';

/** What the reader of a table needs. */
export interface SnapshotTable {
  readonly captured: CapturedTable;
  readonly columns: readonly { readonly name: string }[];
  /** Its rows are its partitions'. */
  readonly isPartitioned: boolean;
}

export interface SnapshotOptions {
  readonly plan: SnapshotPlan;
  readonly lsn: number;
  /** One for each table or part that is read at the same time, in a transaction on the same snapshot. */
  readonly sessions: readonly Session[];
  readonly openTable: (name: string, session: Session) => Promise<SnapshotTable>;
  readonly fetchSize: number;
  /** So many records are yielded at a time. */
  readonly batchMax: number;
  readonly signal: AbortSignal;
}

/** Rows may be of any size: about so much memory they take at a time. */
const chunkBytes = 2 * 1024 * 1024;

interface Chunk {
  readonly read: TableToRead;
  readonly captured: CapturedTable;
  readonly rows: readonly TextRow[];
  /** There are no rows after these. */
  readonly isEnd: boolean;
}

/** Begins the transaction in which a session reads. Returns the name of its snapshot, for others to import. */
export async function beginSnapshot(session: Session, imported?: string): Promise<string> {
  await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  if (imported !== undefined) {
    await session.query(`SET TRANSACTION SNAPSHOT '${imported.replaceAll("'", "''")}'`);
    return imported;
  }
  const [row] = await session.query('SELECT pg_export_snapshot()');
  return row?.[0] ?? '';
}

/** Records in batches, the last of which says that the snapshot is complete, also where there is no row. */
export function readSnapshot(options: SnapshotOptions): AsyncGenerator<YieldedRecord[]> {
  const { batchMax, lsn, signal } = options;
  const completed = snapshotOffset(lsn, '', true);
  const asLast = (record: YieldedRecord): YieldedRecord => completing(record, completed);
  return snapshotBatches({ chunks: readChunks(options), batchMax, asLast, completed, signal });
}

async function* readChunks(options: SnapshotOptions): AsyncGenerator<SnapshotRows<TextRow>> {
  const { lsn, plan, signal } = options;
  const origin = {
    lsn,
    commitLsn: undefined,
    transactionId: undefined,
    atUs: Date.now() * 1_000,
  };
  const first: Origin = { ...origin, snapshot: 'first' };
  const others: Origin = { ...origin, snapshot: 'true' };
  let offset = snapshotOffset(lsn, plan.progress(), false);
  const readers = options.sessions.map((session) => readTables(options, session));
  for await (const { captured, isEnd, read, rows } of merged(readers)) {
    if (signal.aborted) return;
    if (isEnd) plan.finish(read);
    else plan.advance(read, keyOf(captured, rows.at(-1)));
    const before = offset;
    const after = snapshotOffset(lsn, plan.progress(), false);
    offset = after;
    yield {
      rows,
      recordsOf: (row, { isFirst, isLast, nowMs }) =>
        captured.recordsOf(
          {
            op: 'r',
            before: undefined,
            after: row,
            origin: isFirst ? first : others,
            offset: isLast ? after : before,
          },
          nowMs,
        ),
    };
  }
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
  const { fetchSize, openTable, plan } = options;
  for (let next = plan.next(); next; next = plan.next()) {
    const table = await openTable(next.table, session);
    const { captured } = table;
    await session.query(`DECLARE snapshot_rows NO SCROLL CURSOR FOR ${selectOf(table, next)}`);
    for (let isEnd = false; !isEnd; ) {
      let left = fetchSize;
      for await (const some of session.rows(
        `FETCH ${String(left)} FROM snapshot_rows`,
        chunkBytes,
      )) {
        left -= some.rows.length;
        isEnd = some.isEnd && left > 0;
        yield { read: next, captured, rows: some.rows, isEnd };
      }
    }
    await session.query('CLOSE snapshot_rows');
  }
}

function selectOf(
  { captured: { keyPlaces, name }, columns, isPartitioned }: SnapshotTable,
  { after, from, upTo }: TableToRead,
): string {
  const listed = columns.map((column) => identifier(column.name)).join(', ');
  const key = keyPlaces.map((place) => identifier(place.name)).join(', ');
  const selected = `SELECT ${listed} FROM ${isPartitioned ? '' : 'ONLY '}${tableIdentifier(name)}`;
  if (key === '') return selected;
  const literals = (texts: readonly string[] | undefined): string | undefined =>
    texts?.length === keyPlaces.length ? texts.map(literal).join(', ') : undefined;
  const lower = literals(after) ?? literals(from);
  const upper = literals(upTo);
  const conditions = [
    ...(lower === undefined ? [] : [`(${key}) > (${lower})`]),
    ...(upper === undefined ? [] : [`(${key}) <= (${upper})`]),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `${selected}${where} ORDER BY ${key}`;
}

/** The type is that of the column it is compared with. */
function literal(text: string): string {
  const escaped = text.replaceAll("'", "''").replaceAll('\\', '\\\\');
  return `E'${escaped}'`;
}

function keyOf(captured: CapturedTable, row: TextRow | undefined): readonly string[] | undefined {
  if (!row || captured.keyPlaces.length === 0) return undefined;
  const values = captured.keyPlaces.map(({ index }) => row[index] ?? null);
  return values.some((value) => value === null) ? undefined : (values as string[]);
}
