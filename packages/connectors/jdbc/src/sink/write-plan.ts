/**
 * Rows in the order of their records, as few statements that end with the same tables. Pure.
 *
 * With upserts and updates only the last of each key counts, as long as they have the same columns; deletes come first.
 * Inserts are all written, and what is of another kind begins anew.
 */
import type { InsertMode, SqlValue } from '../dialect.ts';
import type { Target } from './target-tables.ts';

export interface PlannedRow {
  readonly target: Target;
  readonly values: readonly SqlValue[];
}

/** Of one target each, to be done in this order. */
export interface RowGroup {
  readonly target: Target;
  readonly rows: readonly (readonly SqlValue[])[];
}

interface Segment {
  readonly deletes: KeyedRows;
  readonly writes: KeyedRows;
}

class KeyedRows {
  target: Target | undefined;
  readonly rows = new Map<string, readonly SqlValue[]>();
}

export function planWrites(rows: readonly PlannedRow[], mode: InsertMode): RowGroup[] {
  const tables = new Map<string, PlannedRow[]>();
  for (const row of rows) {
    const { schema, table } = row.target.table;
    const name = JSON.stringify([schema ?? null, table]);
    const known = tables.get(name);
    if (known) known.push(row);
    else tables.set(name, [row]);
  }
  return [...tables.values()].flatMap((ofTable) =>
    mode === 'insert' ? inTurns(ofTable) : lastOfEach(ofTable),
  );
}

function inTurns(rows: readonly PlannedRow[]): RowGroup[] {
  const groups: { target: Target; rows: (readonly SqlValue[])[] }[] = [];
  for (const { target, values } of rows) {
    const last = groups.at(-1);
    if (last?.target === target) last.rows.push(values);
    else groups.push({ target, rows: [values] });
  }
  return groups;
}

function lastOfEach(rows: readonly PlannedRow[]): RowGroup[] {
  const segments: Segment[] = [];
  for (const row of rows) {
    const { target, values } = row;
    let segment = segments.at(-1);
    const part = segment && (target.isDelete ? segment.deletes : segment.writes);
    if (!segment || (part?.target && part.target !== target)) {
      segment = { deletes: new KeyedRows(), writes: new KeyedRows() };
      segments.push(segment);
    }
    const own = target.isDelete ? segment.deletes : segment.writes;
    own.target = target;
    const key = keyOf(row);
    if (target.isDelete) segment.writes.rows.delete(key);
    // Deleted first, so that it is at the place of its last record.
    own.rows.delete(key);
    own.rows.set(key, values);
  }
  return segments.flatMap(({ deletes, writes }) => [deletes, writes].flatMap(groupOf));
}

function groupOf({ rows, target }: KeyedRows): RowGroup[] {
  return target && rows.size > 0 ? [{ target, rows: [...rows.values()] }] : [];
}

/** Keys come first in all targets of a table, in the same order. */
function keyOf({ target, values }: PlannedRow): string {
  const parts = target.columns.flatMap(({ field }, at): string[] => {
    const value = values[at];
    if (!field.isKey) return [];
    return [Buffer.isBuffer(value) ? value.toString('hex') : String(value)];
  });
  return JSON.stringify(parts);
}
