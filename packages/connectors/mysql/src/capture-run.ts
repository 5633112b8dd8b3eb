/**
 * One run of the capture: connect, read the snapshot if one is due, stream.
 *
 * On failure of a connection the run throws a RetriableError, and the next one goes on at the offset that was handed
 * over last. What it holds at the database is given up with it, whatever ends it.
 */
import {
  ConnectError,
  RetriableError,
  type SourceOffsetValue,
  type YieldedRecord,
} from '@sluice/connector-api';
import type { TableName } from '@sluice/connector-capture';
import { LogLost } from './binlog/log-reader.ts';
import { readEnd, readServer } from './catalog.ts';
import { readsRows } from './config.ts';
import type { LogPosition } from './position.ts';
import { capturedTables, checkServer, serverIdProblem, startPosition } from './preparation.ts';
import type { Found, RunContext } from './run-context.ts';
import { SchemaHistory } from './schema-history.ts';
import { SessionPool } from './session-pool.ts';
import { openSnapshot, snapshotRecords } from './snapshot-run.ts';
import { readLayouts } from './snapshot-start.ts';
import { streamRecords } from './stream-run.ts';
import { LayoutLost } from './table-resolver.ts';

export interface RunOptions extends Omit<RunContext, 'sessions'> {
  readonly offset: SourceOffsetValue | undefined;
}

export async function* captureRun(options: RunOptions): AsyncGenerator<YieldedRecord[]> {
  const sessions = new SessionPool(options.config, options.signal);
  const context: RunContext = { ...options, sessions };
  try {
    yield* capture(context, options.offset);
  } catch (error) {
    // A connection that was cut because the task stops is no failure.
    if (!options.signal.aborted) throw judged(error, context);
  } finally {
    await sessions.closeAll();
  }
}

async function* capture(
  context: RunContext,
  offset: SourceOffsetValue | undefined,
): AsyncGenerator<YieldedRecord[]> {
  const { config, logger, sessions, signal, state } = context;
  const mode = config['snapshot.mode'];
  const sql = await sessions.sql();
  const server = await readServer(sql);
  checkServer(server, config);
  const taken = mode === 'initial_only' ? undefined : await serverIdProblem(sql, server, config);
  if (taken) throw new ConnectError(taken);
  const tables = await capturedTables(sql, config, logger);
  const stored = state.isSnapshotNeeded
    ? undefined
    : startPosition(offset, config, state.isSnapshotTaken);
  if (mode === 'initial_only' && stored?.kind === 'stream') return;
  const found: Found = { server, history: new SchemaHistory(stored?.schemas) };
  let at = stored?.at;
  if (stored?.kind !== 'stream' && (readsRows(config) || stored?.kind === 'snapshot')) {
    const begun = await openSnapshot(context, found, tables, stored);
    at = begun.at;
    yield* snapshotRecords(context, begun, found, tables, stored);
  }
  if (signal.aborted || mode === 'initial_only') return;
  state.isSnapshotTaken = true;
  state.isSnapshotNeeded = false;
  at ??= await fromNow(context, found, tables);
  yield* streamRecords(context, found, tables, at, stored);
}

/** Without a snapshot, and without an offset. */
async function fromNow(
  { sessions }: RunContext,
  { history, server }: Found,
  tables: readonly TableName[],
): Promise<LogPosition> {
  const sql = await sessions.sql();
  const at = await readEnd(sql, server);
  const layouts = await readLayouts(sql, server, tables, at);
  if (!server.hasMetadata) for (const [text, layout] of layouts) history.set(text, layout);
  return at;
}

/** A log that was lost costs a snapshot, if the definition says so. */
function judged(error: unknown, { config, logger, state }: RunContext): unknown {
  const mode = config['snapshot.mode'];
  const isLost = error instanceof LogLost || error instanceof LayoutLost;
  if (!isLost || (mode !== 'when_needed' && mode !== 'always')) return error;
  logger.warn({}, `the tables are read again: ${error.message}`);
  state.isSnapshotNeeded = true;
  return new RetriableError(error.message);
}
