/** Large tables are split by their keys, so that several connections read one of them at the same time. */
import {
  type KeyTexts,
  partsOf,
  type SnapshotPlan,
  type TableName,
  tableText,
} from '@sluice/connector-capture';
import { scalar, tableIdentifier, textOf } from './catalog.ts';
import { identifier, literal, type Session } from './client.ts';
import type { TableLayout } from './column.ts';

/** Those whose values can be counted between. */
const wholeType = /^(?:tinyint|smallint|mediumint|int|bigint)$/;

/** Into how many parts each table is worth to be split, by its size; 1 for those that are not here. */
export async function readPartCounts(
  session: Session,
  tables: readonly TableName[],
  readers: number,
): Promise<ReadonlyMap<string, number>> {
  if (readers < 2 || tables.length === 0) return new Map();
  const databases = [...new Set(tables.map(({ namespace }) => literal(namespace)))].join(', ');
  const rows = await session.query(
    `SELECT TABLE_SCHEMA, TABLE_NAME, DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA IN (${databases})`,
  );
  const captured = new Set(tables.map(tableText));
  return new Map(
    rows
      .map(([namespace, table, bytes]): [string, number] => [
        tableText({ namespace: textOf(namespace), table: textOf(table) }),
        partsOf(Number(textOf(bytes)), readers),
      ])
      .filter(([name, parts]) => captured.has(name) && parts > 1),
  );
}

export interface TableToSplit {
  readonly name: TableName;
  readonly columns: TableLayout['columns'];
  readonly keyPlaces: readonly { readonly name: string; readonly index: number }[];
}

/** Splits what was not begun, and has a key that begins with a whole number. */
export async function splitTables(
  session: Session,
  plan: SnapshotPlan,
  partCounts: ReadonlyMap<string, number>,
  tableOf: (name: string) => TableToSplit | undefined,
): Promise<void> {
  for (const name of plan.untouched) {
    const parts = partCounts.get(name) ?? 1;
    const table = tableOf(name);
    if (parts > 1 && table) plan.split(name, await readBounds(session, table, parts));
  }
}

/** As keys are in a plan: in hexadecimal. Equal distances: of numbers with large holes, parts differ in size. */
async function readBounds(
  session: Session,
  { columns, keyPlaces, name }: TableToSplit,
  parts: number,
): Promise<KeyTexts[]> {
  const [key] = keyPlaces;
  if (!key || !wholeType.test(columns[key.index]?.type ?? '')) return [];
  const from = `FROM ${tableIdentifier(name)}`;
  const [lowest, highest] = [
    await scalar(session, `SELECT MIN(${identifier(key.name)}) ${from}`),
    await scalar(session, `SELECT MAX(${identifier(key.name)}) ${from}`),
  ];
  return lowest === '' ? [] : boundsBetween(BigInt(lowest), BigInt(highest), parts);
}

export function boundsBetween(lowest: bigint, highest: bigint, parts: number): KeyTexts[] {
  const bounds = Array.from(
    { length: parts - 1 },
    (_, index) => lowest + ((highest - lowest) * BigInt(index + 1)) / BigInt(parts),
  );
  return [...new Set(bounds)].map((bound) => [Buffer.from(String(bound)).toString('hex')]);
}
