/** Large tables are split by their keys, so that several connections read one of them at the same time. */
import { type KeyTexts, partsOf, type SnapshotPlan } from '@sluice/connector-capture';
import { type CatalogTable, readTableDetails } from './catalog.ts';
import type { Session } from './client.ts';
import { identifier, tableIdentifier } from './slot.ts';

/** Pages that are looked at for each part, of which the keys are taken. */
const pagesPerPart = 50;
const pageBytes = 8_192;

/** Splits what was not begun. `readers`: so many connections will read. */
export async function splitTables(
  session: Session,
  plan: SnapshotPlan,
  tables: ReadonlyMap<string, CatalogTable>,
  readers: number,
): Promise<void> {
  if (readers < 2) return;
  const untouched = plan.untouched.flatMap((name) => {
    const table = tables.get(name);
    return table ? [[name, table] as const] : [];
  });
  const sizes = await readSizes(
    session,
    untouched.map(([, { oid }]) => oid),
  );
  for (const [name, table] of untouched) {
    const bytes = sizes.get(table.oid) ?? 0;
    const parts = partsOf(bytes, readers);
    if (parts > 1) plan.split(name, await readBounds(session, table, parts, bytes));
  }
}

async function readSizes(
  session: Session,
  oids: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const rows = await session.query(
    'SELECT oid, pg_relation_size(oid) FROM pg_class WHERE oid = ANY ($1::oid[])',
    [`{${oids.join(',')}}`],
  );
  return new Map(rows.map(([oid, bytes]) => [Number(oid), Number(bytes)]));
}

/** Keys that divide the table into about equal parts, from a sample of its pages; none without a key. */
async function readBounds(
  session: Session,
  table: CatalogTable,
  parts: number,
  bytes: number,
): Promise<KeyTexts[]> {
  const { columns, keyColumns } = await readTableDetails(session, table.oid);
  const isRead = (key: string): boolean => columns.some(({ name }) => name === key);
  if (keyColumns.length === 0 || !keyColumns.every(isRead)) return [];
  const key = keyColumns.map(identifier).join(', ');
  const percent = Math.min(100, (100 * parts * pagesPerPart * pageBytes) / bytes);
  const rows = await session.query(`
    SELECT ${key} FROM (
      SELECT ${key}, row_number() OVER (ORDER BY ${key}) AS sluice_place, count(*) OVER () AS sluice_count
        FROM ONLY ${tableIdentifier(table)} TABLESAMPLE SYSTEM (${percent.toFixed(4)})) sampled
     WHERE sluice_place % greatest(1, sluice_count / ${String(parts)}) = 0 AND sluice_place < sluice_count
     ORDER BY sluice_place LIMIT ${String(parts - 1)}`);
  return rows.map((row) => row.map((value) => value ?? ''));
}
