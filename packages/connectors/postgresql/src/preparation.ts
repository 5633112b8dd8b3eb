/** What has to hold before anything is captured, and where a run begins. */
import { ConnectError, type SourceOffsetValue, type TaskLogger } from '@sluice/connector-api';
import { tableText } from '@sluice/connector-capture';
import { type CatalogTable, readServer, readTables, versionMin } from './catalog.ts';
import type { Session } from './client.ts';
import { type PostgresConfig, selectionOf } from './config.ts';
import { lsnOfText, textOfLsn } from './lsn.ts';
import { type Position, positionOf } from './position.ts';
import { isViaRoot, readPublication } from './publication.ts';
import { type CreatedSlot, createSlot, dropSlot, freeSlot, gapProblem } from './slot.ts';

/** @throws ConnectError for a server from which nothing can be captured. */
export async function checkServer(sql: Session, config: PostgresConfig): Promise<void> {
  const { version, walLevel } = await readServer(sql);
  if (version < versionMin)
    throw new ConnectError(
      `PostgreSQL ${String(Math.floor(version / 10_000))} is too old: this connector needs ${String(versionMin / 10_000)} or newer`,
    );
  if (walLevel !== 'logical' && config['snapshot.mode'] !== 'initial_only')
    throw new ConnectError(
      `wal_level of the server is ${walLevel}: set wal_level = logical in postgresql.conf and restart the server`,
    );
}

export async function capturedTables(
  sql: Session,
  config: PostgresConfig,
  logger: TaskLogger,
): Promise<CatalogTable[]> {
  const selection = selectionOf(config);
  const publication = await readPublication(sql, config['publication.name']);
  const tables = (await readTables(sql, isViaRoot(publication, config))).filter((table) =>
    selection.hasTable(table),
  );
  if (tables.length === 0)
    logger.warn({}, 'no table is captured; check table.include.list and schema.include.list');
  const frozen = tables
    .filter(
      ({ hasPrimaryKey, replicaIdentity }) =>
        replicaIdentity === 'n' || (replicaIdentity === 'd' && !hasPrimaryKey),
    )
    .map(tableText);
  if (frozen.length > 0)
    logger.warn(
      { tables: frozen },
      'PostgreSQL refuses updates and deletes of published tables without a replica identity: give them a primary key, or ALTER TABLE … REPLICA IDENTITY FULL',
    );
  return tables;
}

/** Undefined: a snapshot from the beginning, or the stream from where the slot begins. */
export function startPosition(
  offset: SourceOffsetValue | undefined,
  config: PostgresConfig,
  isSnapshotTaken: boolean,
): Position | undefined {
  const position = positionOf(offset);
  const isAgain =
    config['snapshot.mode'] === 'always' && !isSnapshotTaken && position?.kind === 'stream';
  // The stream goes on where it was, after the rows that are read again.
  return isAgain ? { kind: 'snapshot', lsn: position.lsn, progress: '' } : position;
}

/** Whether `snapshot.mode` makes up for changes that were lost. */
export function readsAgain(config: PostgresConfig): boolean {
  return ['always', 'when_needed'].includes(config['snapshot.mode']);
}

/**
 * The position, unless changes after it were lost and the mode says that a snapshot makes up for them. `isSpent`: what
 * the slot tells next cannot be read.
 * @throws ConnectError when changes were lost and nothing makes up for them.
 */
export async function withoutGap(
  sql: Session,
  config: PostgresConfig,
  logger: TaskLogger,
  position: Position | undefined,
  isSpent: boolean,
): Promise<Position | undefined> {
  const name = config['slot.name'];
  const slot = await freeSlot(sql, config, logger);
  if (isSpent) {
    await dropSlot(sql, name);
    return undefined;
  }
  const endLsn = position?.lsn ?? (slot?.isLost ? (slot.confirmedLsn ?? 0) : undefined);
  const problem =
    endLsn === undefined ? undefined : gapProblem(slot, endLsn, name, await currentLsn(sql));
  if (!problem) return position;
  if (!readsAgain(config)) throw new ConnectError(problem);
  logger.warn({ slot: name }, `the tables are read again: ${problem}`);
  if (slot?.isLost) await dropSlot(sql, name);
  return undefined;
}

/** The slot that there is, else a new one; a snapshot to read with it only if it was made for one. */
export async function obtainSlot(
  sql: Session,
  replication: Session,
  config: PostgresConfig,
  logger: TaskLogger,
): Promise<CreatedSlot> {
  const slot = await freeSlot(sql, config, logger);
  if (slot) return { lsn: slot.confirmedLsn ?? 0, snapshot: undefined };
  const name = config['slot.name'];
  const created = await createSlot(replication, name, logger);
  logger.info({ slot: name, lsn: textOfLsn(created.lsn) }, 'made a replication slot');
  return created;
}

export async function currentLsn(sql: Session): Promise<number> {
  // A standby has no log of its own.
  const [row] = await sql.query(
    'SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END',
  );
  return lsnOfText(row?.[0] ?? '');
}
