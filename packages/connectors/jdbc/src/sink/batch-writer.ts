/** Writes rows in one transaction: all of them, or none. */
import type { TopicPartition } from '@sluice/connector-api';
import type {
  Dialect,
  InsertMode,
  RowsToWrite,
  Session,
  SqlValue,
  WriteStatement,
} from '../dialect.ts';
import { keyOf, type OffsetsTable, rollBack } from './offsets-table.ts';
import { type PlannedRow, planWrites, type RowGroup } from './write-plan.ts';

/** A record's row, and where the record was. */
export interface PlacedRow extends PlannedRow {
  readonly at: TopicPartition & { readonly offset: number };
}

export interface BatchWriterOptions {
  readonly dialect: Dialect;
  readonly mode: InsertMode;
  readonly offsets: OffsetsTable | undefined;
}

export class BatchWriter {
  readonly #options: BatchWriterOptions;

  constructor(options: BatchWriterOptions) {
    this.#options = options;
  }

  /** @throws SqlError; nothing was written then, unless the connection was lost with the answer to COMMIT. */
  async write(session: Session, rows: readonly PlacedRow[]): Promise<void> {
    const { offsets } = this.#options;
    if (!offsets) {
      const statements = this.#statements(rows);
      if (statements.length === 1) await run(session, statements);
      else await inTransaction(session, () => run(session, statements));
      return;
    }
    await inTransaction(session, async () => {
      const ends = endsOf(rows.map(({ at }) => at));
      const next = await offsets.enter(session, [...ends.values()]);
      const isNew = ({ at }: PlacedRow): boolean => at.offset >= (next.get(keyOf(at)) ?? 0);
      await run(session, this.#statements(rows.filter(isNew)));
      await moveTo(session, offsets, ends, next);
    });
  }

  /** Of records that were given up: with exactly once, their offsets are passed as well. */
  async pass(session: Session, at: TopicPartition & { readonly offset: number }): Promise<void> {
    const { offsets } = this.#options;
    if (!offsets) return;
    await inTransaction(session, async () => {
      const ends = endsOf([at]);
      await moveTo(session, offsets, ends, await offsets.enter(session, [at]));
    });
  }

  #statements(rows: readonly PlacedRow[]): WriteStatement[] {
    const { dialect, mode } = this.#options;
    return planWrites(rows, mode).flatMap((group) =>
      partsOf(group, dialect.statementBytesMax).flatMap((part) => {
        const { target } = group;
        const toWrite: RowsToWrite = {
          table: target.table,
          info: target.info,
          keys: target.keys,
          columns: target.columns.map(({ name }) => name),
          rows: part,
        };
        return target.isDelete ? dialect.deleteSql(toWrite) : dialect.writeSql(mode, toWrite);
      }),
    );
  }
}

async function run(session: Session, statements: readonly WriteStatement[]): Promise<void> {
  for (const statement of statements) await session.write(statement);
}

async function inTransaction(session: Session, work: () => Promise<void>): Promise<void> {
  await session.execute('BEGIN');
  try {
    await work();
    await session.execute('COMMIT');
  } catch (error) {
    await rollBack(session);
    throw error;
  }
}

type End = TopicPartition & { readonly next: number };

function endsOf(
  places: readonly (TopicPartition & { readonly offset: number })[],
): ReadonlyMap<string, End> {
  const ends = new Map<string, End>();
  for (const { offset, partition, topic } of places) {
    const key = keyOf({ topic, partition });
    const next = Math.max(offset + 1, ends.get(key)?.next ?? 0);
    ends.set(key, { topic, partition, next });
  }
  return ends;
}

/** Never back. */
async function moveTo(
  session: Session,
  offsets: OffsetsTable,
  ends: ReadonlyMap<string, End>,
  known: ReadonlyMap<string, number | undefined>,
): Promise<void> {
  for (const [key, end] of ends)
    if (end.next > (known.get(key) ?? 0)) await offsets.move(session, end, end.next);
}

/** A server takes statements up to some size. */
function partsOf({ rows }: RowGroup, bytesMax: number): (readonly (readonly SqlValue[])[])[] {
  const parts: (readonly SqlValue[])[][] = [];
  let part: (readonly SqlValue[])[] = [];
  let bytes = 0;
  for (const row of rows) {
    const size = row.reduce((sum: number, value) => sum + sizeOf(value), 0);
    if (part.length > 0 && bytes + size > bytesMax) {
      parts.push(part);
      part = [];
      bytes = 0;
    }
    part.push(row);
    bytes += size;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

/** About; as a literal. */
function sizeOf(value: SqlValue): number {
  if (typeof value === 'string') return value.length + 3;
  return Buffer.isBuffer(value) ? value.length * 2 + 3 : 20;
}
