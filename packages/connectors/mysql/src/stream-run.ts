/** The part of a run that follows the log: events become records, and heartbeats say where it is between them. */
import type { YieldedRecord } from '@sluice/connector-api';
import { batchSizeOf, heartbeatRecord, type TableName } from '@sluice/connector-capture';
import { bytesOf, type StreamedEvent } from './binlog/log-reader.ts';
import { LogStream } from './binlog/log-stream.ts';
import type { CapturedTable } from './captured-table.ts';
import { readCharsets } from './catalog.ts';
import { ChangeStream } from './change-stream.ts';
import type { Charsets } from './charsets.ts';
import { replicaName } from './config.ts';
import { MariadbGtids, MysqlGtids } from './gtids.ts';
import { findMarks } from './log-search.ts';
import {
  type InsideTransaction,
  type LogPosition,
  type Position,
  textOfPosition,
} from './position.ts';
import type { Found, RunContext } from './run-context.ts';
import { batches } from './snapshot.ts';
import { statementOf } from './statement.ts';
import { TableResolver } from './table-resolver.ts';
import { UndoneEvents } from './undone-events.ts';

/** How long the stream is waited for before it is seen whether a heartbeat is due, ms. */
const waitMs = 200;
/** Events that are taken at a time, each of which may have many rows. */
const eventsPerTake = 100;
/** Of events whose records are handed over, whatever the size of their rows is. */
const bytesPerYield = 1024 * 1024;

const xaRollbackText =
  'a transaction was rolled back by XA ROLLBACK after it was prepared, when its changes were captured: delete the offsets if it changed captured tables';

type Streamed = Map<number, CapturedTable | undefined>;

export async function* streamRecords(
  context: RunContext,
  found: Found,
  tables: readonly TableName[],
  from: LogPosition,
  stored: Position | undefined,
): AsyncGenerator<YieldedRecord[]> {
  const { config, logger, signal } = context;
  const charsets = await readCharsets(await context.sessions.sql());
  const resolver = openResolver(context, found, tables, charsets);
  const streamed: Streamed = new Map();
  const server = found.server.variables['server_id'] ?? '';
  const changes = new ChangeStream({
    from,
    inside: stored?.kind === 'stream' ? insideOf(stored.inside, server) : undefined,
    server,
    gtids: gtidsOf(from, found),
    isMariadb: found.server.isMariadb,
    tableOf: (tableId) => streamed.get(tableId),
    tableNamed: (name) => resolver.tableNamed(name),
    isTable: (name) => resolver.isTable(name),
    onStatement: (statement) => {
      resolver.forget(statement);
      if (statement.kind === 'end' && statement.isOfPrepared) logger.warn({}, xaRollbackText);
    },
    schemas: () => found.history.text(),
  });
  const undone = new UndoneEvents(
    async (file, pos) => await findMarks(await context.sessions.sql(), { file, pos }),
  );
  const stream = await openStream(context, found, from, charsets);
  logger.info({ at: textOfPosition(from) }, 'streaming changes');
  const batchMax = batchSizeOf(config);
  const heartbeatMs = config['heartbeat.interval.ms'];
  let nextHeartbeatMs = performance.now() + heartbeatMs;
  try {
    while (!signal.aborted) {
      let records: YieldedRecord[] = [];
      let bytes = 0;
      const limitMs = heartbeatMs > 0 ? Math.min(waitMs, heartbeatMs) : waitMs;
      const nowMs = Date.now();
      for (const came of await stream.take(eventsPerTake, limitMs))
        for (const event of await undone.take(came)) {
          await prepare(event, resolver, streamed);
          for (const record of changes.take(event, nowMs)) records.push(record);
          bytes += bytesOf(event);
          if (records.length < batchMax && bytes < bytesPerYield) continue;
          yield* batches(records, batchMax);
          records = [];
          bytes = 0;
        }
      if (heartbeatMs > 0 && performance.now() >= nextHeartbeatMs) {
        records.push(...(await heartbeat(context, changes)));
        nextHeartbeatMs = performance.now() + heartbeatMs;
      }
      yield* batches(records, batchMax);
    }
  } finally {
    stream.close();
  }
}

function openResolver(
  { config, flavour, sessions }: RunContext,
  { history, server }: Found,
  tables: readonly TableName[],
  charsets: Charsets,
): TableResolver {
  return new TableResolver({
    config,
    flavour,
    server,
    charsets,
    history,
    sql: async () => await sessions.sql(),
    tables,
  });
}

/** What was counted at another server does not count at this one: it begins the transaction again. */
function insideOf(
  inside: InsideTransaction | undefined,
  server: string,
): InsideTransaction | undefined {
  return (inside?.server ?? server) === server ? inside : undefined;
}

async function openStream(
  { config, sessions }: RunContext,
  { server }: Found,
  from: LogPosition,
  charsets: Charsets,
): Promise<LogStream> {
  return await LogStream.open({
    session: await sessions.open(),
    isMariadb: server.isMariadb,
    hasChecksum: server.hasChecksum,
    charsets,
    from,
    serverId: config['database.server.id'],
    replicaName: replicaName(config),
    queueMax: config['max.queue.size'],
    heartbeatMs: config['connect.keep.alive.interval.ms'],
  });
}

/** Undefined: the position is that in the file. */
function gtidsOf({ gtids }: LogPosition, { server }: Found): MariadbGtids | MysqlGtids | undefined {
  if (gtids === undefined) return undefined;
  return server.isMariadb ? new MariadbGtids(gtids) : new MysqlGtids(gtids);
}

/** Nothing inside of a transaction, whose changes say where they are. */
async function heartbeat(
  { config, sessions }: RunContext,
  changes: ChangeStream,
): Promise<YieldedRecord[]> {
  const query = config['heartbeat.action.query'];
  if (query) await (await sessions.sql()).query(query);
  const offset = changes.position();
  if (!offset) return [];
  const options = {
    topicPrefix: config['topic.heartbeat.prefix'],
    serverName: config['topic.prefix'],
  };
  return [heartbeatRecord(options, offset, Date.now())];
}

/** What an event names has to be known before its rows are read. */
async function prepare(
  { endPos, event, file }: StreamedEvent,
  resolver: TableResolver,
  streamed: Streamed,
): Promise<void> {
  const after = { file, pos: endPos };
  // Maps hold for one statement, and servers give their numbers once: what is kept would only grow.
  if (event.kind === 'gtid') streamed.clear();
  if (event.kind === 'table')
    streamed.set(event.map.tableId, await resolver.tableOf(event.map, event.body, after));
  if (event.kind !== 'query') return;
  const statement = statementOf(event.sql, event.database);
  if (statement.kind === 'truncate') await resolver.learn(statement.table, after);
}
