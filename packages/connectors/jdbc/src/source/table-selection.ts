/** Which tables there are to read, and which task reads them. */
import { ConnectError } from '@sluice/connector-api';
import type { Dialect, Session, TableName, TableType } from '../dialect.ts';
import type { SourceConfig } from './source-keys.ts';

/** Those that are there and asked for. @throws ConnectError when two would share a topic. */
export async function selectTables(
  dialect: Dialect,
  session: Session,
  config: SourceConfig,
): Promise<TableName[]> {
  const pattern = config['schema.pattern'] || config['catalog.pattern'];
  const all = await dialect.listTables(session, {
    types: config['table.types'] as readonly TableType[],
    schema: pattern === '' ? undefined : pattern,
  });
  const wanted = new Set(config['table.whitelist'].map(plain));
  const unwanted = new Set(config['table.blacklist'].map(plain));
  const isIn = (names: ReadonlySet<string>, table: TableName): boolean =>
    namesOf(dialect, table).some((name) => names.has(name));
  const tables = all.filter(
    (table) => (wanted.size === 0 || isIn(wanted, table)) && !isIn(unwanted, table),
  );
  const topics = Map.groupBy(tables, ({ table }) => table);
  for (const [table, same] of topics)
    if (same.length > 1)
      throw new ConnectError(
        `the topic of a table is named after the table alone, and there are several tables ${table}: ${same.map((each) => dialect.qualifiedName(each)).join(', ')}. Choose by table.whitelist or schema.pattern`,
      );
  return tables;
}

/** Names of `table.whitelist` that no table has. */
export function missingTables(
  dialect: Dialect,
  config: SourceConfig,
  tables: readonly TableName[],
): string[] {
  const known = new Set(tables.flatMap((table) => namesOf(dialect, table)));
  return config['table.whitelist'].filter((name) => !known.has(plain(name)));
}

function namesOf(dialect: Dialect, table: TableName): string[] {
  return [table.table, `${table.schema ?? ''}.${table.table}`, dialect.qualifiedName(table)];
}

function plain(name: string): string {
  return name.trim().replaceAll(/["`]/g, '');
}

/** Neighbours together, as Kafka Connect's helper does it. */
export function dealTables(tables: readonly TableName[], tasksMax: number): TableName[][] {
  const groups = Math.min(tasksMax, tables.length);
  const size = Math.floor(tables.length / Math.max(groups, 1));
  const larger = tables.length - size * groups;
  let at = 0;
  return Array.from({ length: groups }, (_, group) => {
    const end = at + size + (group < larger ? 1 : 0);
    const dealt = tables.slice(at, end);
    at = end;
    return dealt;
  });
}
