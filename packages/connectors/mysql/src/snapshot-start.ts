/**
 * Where a snapshot begins: transactions that see one state of the database, and the position of the log that this state
 * is at. MariaDB tells the position of a transaction's state; elsewhere, or for several transactions, writes are locked
 * out while they begin.
 */
import { ConnectError, RetriableError, type TaskLogger } from '@sluice/connector-api';
import { type TableName, tableText } from '@sluice/connector-capture';
import { readEnd, readLayout, type ServerFacts, scalar, tableIdentifier } from './catalog.ts';
import { literal, type Session } from './client.ts';
import type { TableLayout } from './column.ts';
import { findChange } from './log-search.ts';
import type { LogPosition } from './position.ts';
import { touches } from './table-resolver.ts';

export interface BeginOptions {
  readonly server: ServerFacts;
  readonly tables: readonly TableName[];
  /** All that read; at least one. */
  readonly sessions: readonly Session[];
  /** Takes the locks. */
  readonly sql: Session;
  /** `snapshot.locking.mode` */
  readonly locking: 'minimal' | 'none';
  readonly logger: TaskLogger;
}

const begin = 'START TRANSACTION WITH CONSISTENT SNAPSHOT';
/** A lock that is waited for makes others wait behind it. */
const lockLimitSeconds = 10;

export async function beginSnapshot(options: BeginOptions): Promise<LogPosition> {
  const { locking, server, sessions, sql } = options;
  const [first] = sessions;
  if (!first) throw new Error('a snapshot needs a session');
  for (const session of sessions)
    await session.query('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  if (server.isMariadb && server.hasLog && sessions.length === 1) {
    await first.query(begin);
    return await positionOfSnapshot(first);
  }
  if (locking === 'none') {
    // What changes in between is written twice, and nothing is missed.
    const at = await readEnd(sql, server);
    for (const session of sessions) await session.query(begin);
    return at;
  }
  await lockWrites(options);
  try {
    for (const session of sessions) await session.query(begin);
    return await readEnd(sql, server);
  } finally {
    await sql.query('UNLOCK TABLES');
  }
}

async function positionOfSnapshot(session: Session): Promise<LogPosition> {
  const status = await session.query("SHOW STATUS LIKE 'binlog_snapshot_%'");
  const values = new Map(
    status.map(([name, value]) => [String(name).toLowerCase(), String(value)]),
  );
  const file = values.get('binlog_snapshot_file') ?? '';
  const pos = Number(values.get('binlog_snapshot_position'));
  const gtids = await scalar(session, `SELECT BINLOG_GTID_POS(${literal(file)}, ${String(pos)})`);
  return { file, pos, gtids };
}

/** The whole server for a moment, or where that is not allowed the captured tables. */
async function lockWrites({ logger, sql, tables }: BeginOptions): Promise<void> {
  await sql.query(`SET SESSION lock_wait_timeout = ${String(lockLimitSeconds)}`);
  try {
    await sql.query('FLUSH TABLES WITH READ LOCK');
    return;
  } catch (error) {
    if (error instanceof RetriableError) throw error;
    logger.info({}, 'no privilege to lock the server for a moment: the captured tables are locked');
  }
  if (tables.length === 0) return;
  try {
    await sql.query(
      `LOCK TABLES ${tables.map((name) => `${tableIdentifier(name)} READ`).join(', ')}`,
    );
  } catch (error) {
    if (error instanceof RetriableError) throw error;
    throw new ConnectError(
      `The snapshot cannot lock writes for the moment in which it begins (${error instanceof Error ? error.message : String(error)}): grant RELOAD, or LOCK TABLES, or set snapshot.locking.mode to none, which may write changes of that moment twice`,
    );
  }
}

/**
 * The layouts of the tables at this position. Inside a transaction, which then keeps them from being changed.
 * @throws RetriableError if one was changed since.
 */
export async function readLayouts(
  session: Session,
  server: ServerFacts,
  tables: readonly TableName[],
  at: LogPosition,
): Promise<Map<string, TableLayout>> {
  const layouts = new Map<string, TableLayout>();
  for (const name of tables) {
    await session.query(`SELECT 1 FROM ${tableIdentifier(name)} LIMIT 0`);
    layouts.set(tableText(name), await readLayout(session, name, server.isMariadb));
  }
  if (!server.hasLog || tables.length === 0) return layouts;
  const texts = [...layouts.keys()];
  const change = await findChange(session, at, (statement) =>
    texts.some((text) => touches(statement, text)),
  );
  if (change)
    throw new RetriableError(
      `a captured table was changed at ${change}, while its columns were read: they are read again`,
    );
  return layouts;
}
