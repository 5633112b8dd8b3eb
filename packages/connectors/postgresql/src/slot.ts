/** The replication slot, which keeps the log for this connector. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectError, RetriableError, type TaskLogger } from '@sluice/connector-api';
import type { TableName } from '@sluice/connector-capture';
import type { Session } from './client.ts';
import { applicationName, type PostgresConfig } from './config.ts';
import { lsnOfText, textOfLsn } from './lsn.ts';

/** A connection that is ended is gone at once, unless its server is busy. */
const freeLimitMs = 5_000;
const freeLookMs = 30;

export interface Slot {
  readonly plugin: string;
  readonly database: string;
  readonly activePid: number | undefined;
  /** By which its connection calls itself. */
  readonly activeName: string | undefined;
  /** What is before it is gone from the slot. */
  readonly confirmedLsn: number | undefined;
  /** The server has thrown away log that the slot still needed. */
  readonly isLost: boolean;
}

export async function readSlot(session: Session, name: string): Promise<Slot | undefined> {
  // As JSON, since columns came and went with the versions.
  const [row] = await session.query(
    `SELECT to_jsonb(s)::text, a.application_name FROM pg_replication_slots s
       LEFT JOIN pg_stat_activity a ON a.pid = s.active_pid WHERE s.slot_name = $1`,
    [name],
  );
  if (!row) return undefined;
  const slot = JSON.parse(row[0] ?? '{}') as Record<string, unknown>;
  return {
    plugin: textOf(slot['plugin']),
    database: textOf(slot['database']),
    activePid: typeof slot['active_pid'] === 'number' ? slot['active_pid'] : undefined,
    activeName: row[1] ?? undefined,
    confirmedLsn:
      typeof slot['confirmed_flush_lsn'] === 'string'
        ? lsnOfText(slot['confirmed_flush_lsn'])
        : undefined,
    isLost: slot['wal_status'] === 'lost' || typeof slot['invalidation_reason'] === 'string',
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Why this connector cannot use the slot; undefined: it can. */
export function slotProblem(slot: Slot, config: PostgresConfig): string | undefined {
  const name = config['slot.name'];
  if (slot.plugin !== 'pgoutput')
    return `the slot ${name} has the plugin ${slot.plugin || 'of physical replication'}, not pgoutput: choose another slot.name, or drop it with SELECT pg_drop_replication_slot('${name}')`;
  if (slot.database !== config['database.dbname'])
    return `the slot ${name} is one of database ${slot.database}, not ${config['database.dbname']}: choose another slot.name`;
  return undefined;
}

/** Whether another program, or a connector with another prefix, reads from the slot. */
export function foreignUser(slot: Slot, config: PostgresConfig): string | undefined {
  if (slot.activePid === undefined || slot.activeName === applicationName(config)) return undefined;
  return `the slot ${config['slot.name']} is in use by the connection with pid ${String(slot.activePid)}${slot.activeName ? ` (${slot.activeName})` : ''}: give each connector a slot.name of its own, or end that connection`;
}

/**
 * The slot, free to be used. A connection that an earlier run of this connector left on it is ended: its worker is
 * gone, or lost its lease, and must not move the slot any more.
 * @throws RetriableError while another program has the slot.
 */
export async function freeSlot(
  session: Session,
  config: PostgresConfig,
  logger: TaskLogger,
): Promise<Slot | undefined> {
  const name = config['slot.name'];
  const giveUpMs = performance.now() + freeLimitMs;
  let endedPid: number | undefined;
  for (;;) {
    const slot = await readSlot(session, name);
    if (!slot) return undefined;
    const problem = slotProblem(slot, config);
    if (problem) throw new ConnectError(problem);
    const foreign = foreignUser(slot, config);
    if (foreign) throw new SlotTaken(foreign);
    if (slot.activePid === undefined) return slot;
    if (performance.now() > giveUpMs)
      throw new RetriableError(
        `the slot ${name} is still in use by an earlier run, pid ${String(slot.activePid)}`,
      );
    if (slot.activePid !== endedPid) {
      logger.warn(
        { slot: name, pid: slot.activePid },
        'ending the connection that an earlier run left on the slot',
      );
      await session.query('SELECT pg_terminate_backend($1)', [slot.activePid]);
      endedPid = slot.activePid;
    }
    await sleep(freeLookMs);
  }
}

/** Retriable for a while, since who has it may go. */
export class SlotTaken extends RetriableError {}

export interface CreatedSlot {
  readonly lsn: number;
  /** A snapshot of exactly what is not in the slot; valid until the connection is used again. */
  readonly snapshot: string | undefined;
}

const createLimitMs = 90_000;
/** After so long it is told what is waited for, ms. */
const createPatienceMs = 5_000;

/** The server waits for all transactions that run, also for those that are prepared. */
export async function createSlot(
  replication: Session,
  name: string,
  logger: TaskLogger,
): Promise<CreatedSlot> {
  const limit = setTimeout(() => replication.destroy(), createLimitMs);
  const patience = setTimeout(() => logger.warn({ slot: name }, slotWaitsText), createPatienceMs);
  try {
    const [row] = await replication.query(
      `CREATE_REPLICATION_SLOT "${name}" LOGICAL pgoutput EXPORT_SNAPSHOT`,
    );
    const [, lsn = null, snapshot = null] = row ?? [];
    return { lsn: lsnOfText(lsn ?? ''), snapshot: snapshot ?? undefined };
  } finally {
    clearTimeout(limit);
    clearTimeout(patience);
  }
}

const slotWaitsText =
  'the server makes the slot once all transactions that run have ended: see pg_stat_activity and pg_prepared_xacts';

/** False while it is in use. */
export async function dropSlot(session: Session, name: string): Promise<boolean> {
  await session.query(
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1 AND NOT active',
    [name],
  );
  return (await readSlot(session, name)) === undefined;
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function tableIdentifier({ namespace, table }: TableName): string {
  return `${identifier(namespace)}.${identifier(table)}`;
}

/** The server has thrown away changes that were not read yet, or never had them. `serverLsn`: where its log ends. */
export function gapProblem(
  slot: Slot | undefined,
  storedLsn: number,
  name: string,
  serverLsn: number,
): string | undefined {
  const remedy =
    'Set snapshot.mode to when_needed to read the tables again, or delete the offsets of the connector to begin anew';
  if (!slot)
    return `the slot ${name} is gone, and with it the changes since ${textOfLsn(storedLsn)}. ${remedy}`;
  if (slot.isLost)
    return `the server has removed log that the slot ${name} still needed (see max_slot_wal_keep_size), so changes since ${textOfLsn(storedLsn)} are lost. ${remedy}`;
  // It would be asked to leave out all that comes until then.
  if (serverLsn < storedLsn)
    return `the log of the server ends at ${textOfLsn(serverLsn)}, before ${textOfLsn(storedLsn)}, where this connector ended: it is another server, or was restored from a backup. ${remedy}`;
  if (slot.confirmedLsn !== undefined && slot.confirmedLsn > storedLsn)
    return `the slot ${name} begins at ${textOfLsn(slot.confirmedLsn)}, after ${textOfLsn(storedLsn)}, where this connector ended: it was made anew, or something else has read from it. ${remedy}`;
  return undefined;
}
