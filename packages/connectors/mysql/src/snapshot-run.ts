/** The part of a run that reads a snapshot: where it begins, by which sessions, and its records. */
import { ConnectError, type YieldedRecord } from '@sluice/connector-api';
import {
  batchSizeOf,
  SnapshotPlan,
  type TableName,
  tableText,
  wholeName,
} from '@sluice/connector-capture';
import { CapturedTable } from './captured-table.ts';
import type { Session } from './client.ts';
import type { TableLayout } from './column.ts';
import { type LogPosition, type Position, snapshotOffset, textOfPosition } from './position.ts';
import type { Found, RunContext } from './run-context.ts';
import { readSnapshot } from './snapshot.ts';
import { beginSnapshot, readLayouts } from './snapshot-start.ts';
import { readPartCounts, splitTables } from './table-parts.ts';

export interface BegunSnapshot {
  readonly at: LogPosition;
  readonly sessions: readonly Session[];
  readonly layouts: ReadonlyMap<string, TableLayout>;
  /** Into how many parts a table is split. */
  readonly partCounts: ReadonlyMap<string, number>;
}

/** `stored`: where one began whose rows are read on. */
export async function openSnapshot(
  { config, logger, sessions: pool }: RunContext,
  { history, server }: Found,
  tables: readonly TableName[],
  stored: Position | undefined,
): Promise<BegunSnapshot> {
  const sessions: Session[] = [];
  const threads = config['snapshot.max.threads'];
  const partCounts = await readPartCounts(await pool.sql(), tables, threads);
  const parts = tables.reduce((sum, name) => sum + (partCounts.get(tableText(name)) ?? 1), 0);
  const count = Math.max(1, Math.min(threads, parts));
  while (sessions.length < count) sessions.push(await pool.open());
  const [first] = sessions;
  if (!first) throw new Error('a snapshot needs a session');
  const now = await beginSnapshot({
    server,
    tables,
    sessions,
    sql: await pool.sql(),
    locking: config['snapshot.locking.mode'],
    logger,
  });
  const layouts = await readLayouts(first, server, tables, now);
  if (stored) return { at: stored.at, sessions, layouts, partCounts };
  if (!server.hasMetadata) for (const [text, layout] of layouts) history.set(text, layout);
  return { at: now, sessions, layouts, partCounts };
}

export async function* snapshotRecords(
  context: RunContext,
  { at, layouts, partCounts, sessions }: BegunSnapshot,
  { history }: Found,
  tables: readonly TableName[],
  stored: Position | undefined,
): AsyncGenerator<YieldedRecord[]> {
  const { config, logger, sessions: pool, signal, state } = context;
  const captured = chosenTables(context, tables, layouts);
  const progress = stored?.kind === 'snapshot' ? stored.progress : undefined;
  const plan = new SnapshotPlan([...captured.keys()], progress);
  await splitTables(await pool.sql(), plan, partCounts, (name) => captured.get(name));
  logger.info(
    { tables: captured.size, at: textOfPosition(at), goesOn: Boolean(progress) },
    'reading a snapshot',
  );
  const offset = snapshotOffset(at, plan.progress(), false, history.text());
  const records = readSnapshot({
    plan,
    at,
    sessions,
    schemas: history.text(),
    fetchSize: config['snapshot.fetch.size'],
    batchMax: batchSizeOf(config),
    signal,
    tableOf: (name) => {
      const table = captured.get(name);
      if (!table) throw new ConnectError(`the table ${name} is not captured any more`);
      return table;
    },
  });
  const isKnown = stored !== undefined || config['snapshot.mode'] === 'initial_only';
  yield* isKnown ? records : state.gate.pass(records, { at, offset, logger, signal });
  await Promise.all(sessions.map((session) => pool.close(session)));
  if (!signal.aborted) logger.info({}, 'the snapshot is complete');
}

/** Those whose rows are wanted; of the others only changes are. */
function chosenTables(
  { config, flavour }: RunContext,
  tables: readonly TableName[],
  layouts: ReadonlyMap<string, TableLayout>,
): Map<string, CapturedTable> {
  const wanted = config['snapshot.include.collection.list']?.map(wholeName);
  const chosen = new Map<string, CapturedTable>();
  for (const name of tables) {
    const layout = layouts.get(tableText(name));
    if (!layout || wanted?.every((pattern) => !pattern.test(tableText(name)))) continue;
    chosen.set(tableText(name), new CapturedTable({ config, flavour, name, layout }));
  }
  return chosen;
}
