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
  type TaskLogger,
  type YieldedRecord,
} from '@sluice/connector-api';
import {
  heartbeatRecord,
  SnapshotPlan,
  type TableName,
  tableText,
  wholeName,
} from '@sluice/connector-capture';
import { LogLost, type StreamedEvent } from './binlog/log-reader.ts';
import { LogStream } from './binlog/log-stream.ts';
import { CapturedTable, type Flavour } from './captured-table.ts';
import { readCollations, readEnd, readServer, type ServerFacts } from './catalog.ts';
import { ChangeStream } from './change-stream.ts';
import type { Session } from './client.ts';
import type { TableLayout } from './column.ts';
import { type MysqlConfig, readsRows, replicaName } from './config.ts';
import { MariadbGtids, MysqlGtids } from './gtids.ts';
import { type LogPosition, type Position, snapshotOffset, textOfPosition } from './position.ts';
import { capturedTables, checkServer, serverIdProblem, startPosition } from './preparation.ts';
import { SchemaHistory } from './schema-history.ts';
import { SessionPool } from './session-pool.ts';
import { batches, readSnapshot } from './snapshot.ts';
import type { SnapshotGate } from './snapshot-gate.ts';
import { beginSnapshot, readLayouts } from './snapshot-start.ts';
import { statementOf } from './statement.ts';
import { readPartCounts, splitTables } from './table-parts.ts';
import { LayoutLost, TableResolver } from './table-resolver.ts';

/** What outlives a run: of the whole task. */
export interface TaskState {
  /** `snapshot.mode` always: of this task. */
  isSnapshotTaken: boolean;
  /** The log was lost, and `snapshot.mode` says that the tables are read again. */
  isSnapshotNeeded: boolean;
  /** Told what is stored. */
  readonly gate: SnapshotGate;
}

export interface RunOptions {
  readonly config: MysqlConfig;
  readonly flavour: Flavour;
  readonly state: TaskState;
  readonly offset: SourceOffsetValue | undefined;
  readonly logger: TaskLogger;
  readonly signal: AbortSignal;
}

/** How long the stream is waited for before it is seen whether a heartbeat is due, ms. */
const waitMs = 200;
/** Events that are taken at a time, each of which may have many rows. */
const eventsPerTake = 100;

export class CaptureRun {
  readonly #config: MysqlConfig;
  readonly #flavour: Flavour;
  readonly #state: TaskState;
  readonly #logger: TaskLogger;
  readonly #signal: AbortSignal;
  readonly #offset: SourceOffsetValue | undefined;
  readonly #sessions: SessionPool;

  constructor({ config, flavour, logger, offset, signal, state }: RunOptions) {
    this.#config = config;
    this.#flavour = flavour;
    this.#state = state;
    this.#logger = logger;
    this.#signal = signal;
    this.#offset = offset;
    this.#sessions = new SessionPool(config, signal);
  }

  async *records(): AsyncGenerator<YieldedRecord[]> {
    try {
      yield* this.#capture();
    } catch (error) {
      // A connection that was cut because the task stops is no failure.
      if (!this.#signal.aborted) throw this.#judged(error);
    } finally {
      await this.#sessions.closeAll();
    }
  }

  async *#capture(): AsyncGenerator<YieldedRecord[]> {
    const config = this.#config;
    const mode = config['snapshot.mode'];
    const sql = await this.#sessions.sql();
    const server = await readServer(sql);
    checkServer(server, config);
    const taken = mode === 'initial_only' ? undefined : await serverIdProblem(sql, server, config);
    if (taken) throw new ConnectError(taken);
    const tables = await capturedTables(sql, config, this.#logger);
    const stored = this.#state.isSnapshotNeeded
      ? undefined
      : startPosition(this.#offset, config, this.#state.isSnapshotTaken);
    if (mode === 'initial_only' && stored?.kind === 'stream') return;
    const history = new SchemaHistory(stored?.schemas);
    let at = stored?.at;
    if (stored?.kind !== 'stream' && (readsRows(config) || stored?.kind === 'snapshot')) {
      const begun = await this.#beginSnapshot(server, tables, stored, history);
      at = begun.at;
      yield* this.#snapshot(begun, tables, stored, history);
    }
    if (this.#signal.aborted || mode === 'initial_only') return;
    this.#state.isSnapshotTaken = true;
    this.#state.isSnapshotNeeded = false;
    at ??= await this.#fromNow(sql, server, tables, history);
    yield* this.#stream(server, tables, at, stored, history);
  }

  async #beginSnapshot(
    server: ServerFacts,
    tables: readonly TableName[],
    stored: Position | undefined,
    history: SchemaHistory,
  ): Promise<BegunSnapshot> {
    const sessions: Session[] = [];
    const threads = this.#config['snapshot.max.threads'];
    const partCounts = await readPartCounts(await this.#sessions.sql(), tables, threads);
    const parts = tables.reduce((sum, name) => sum + (partCounts.get(tableText(name)) ?? 1), 0);
    const count = Math.max(1, Math.min(threads, parts));
    while (sessions.length < count) sessions.push(await this.#sessions.open());
    const [first] = sessions;
    if (!first) throw new Error('a snapshot needs a session');
    const now = await beginSnapshot({
      server,
      tables,
      sessions,
      sql: await this.#sessions.sql(),
      locking: this.#config['snapshot.locking.mode'],
      logger: this.#logger,
    });
    const layouts = await readLayouts(first, server, tables, now);
    if (stored) return { at: stored.at, sessions, layouts, partCounts };
    if (!server.hasMetadata) for (const [text, layout] of layouts) history.set(text, layout);
    return { at: now, sessions, layouts, partCounts };
  }

  async *#snapshot(
    { at, layouts, partCounts, sessions }: BegunSnapshot,
    tables: readonly TableName[],
    stored: Position | undefined,
    history: SchemaHistory,
  ): AsyncGenerator<YieldedRecord[]> {
    const wanted = this.#config['snapshot.include.collection.list']?.map(wholeName);
    const captured = new Map<string, CapturedTable>();
    for (const name of tables) {
      const layout = layouts.get(tableText(name));
      if (!layout || wanted?.every((pattern) => !pattern.test(tableText(name)))) continue;
      const options = { config: this.#config, flavour: this.#flavour, name, layout };
      captured.set(tableText(name), new CapturedTable(options));
    }
    const progress = stored?.kind === 'snapshot' ? stored.progress : undefined;
    const plan = new SnapshotPlan([...captured.keys()], progress);
    await splitTables(await this.#sessions.sql(), plan, partCounts, (name) => captured.get(name));
    this.#logger.info(
      { tables: captured.size, at: textOfPosition(at), goesOn: Boolean(progress) },
      'reading a snapshot',
    );
    const begin = snapshotOffset(at, plan.progress(), false, history.text());
    const records = readSnapshot({
      plan,
      at,
      sessions,
      schemas: history.text(),
      fetchSize: this.#config['snapshot.fetch.size'],
      batchMax: this.#config['max.batch.size'],
      signal: this.#signal,
      tableOf: (name) => {
        const table = captured.get(name);
        if (!table) throw new ConnectError(`the table ${name} is not captured any more`);
        return table;
      },
    });
    const isKnown = stored !== undefined || this.#config['snapshot.mode'] === 'initial_only';
    yield* isKnown
      ? records
      : this.#state.gate.pass(records, {
          at,
          // Where there are heartbeats anyway.
          heartbeat:
            this.#config['heartbeat.interval.ms'] > 0 ? this.#heartbeatRecord(begin) : undefined,
          logger: this.#logger,
          signal: this.#signal,
        });
    await Promise.all(sessions.map((session) => this.#sessions.close(session)));
    if (!this.#signal.aborted) this.#logger.info({}, 'the snapshot is complete');
  }

  /** Without a snapshot, and without an offset. */
  async #fromNow(
    sql: Session,
    server: ServerFacts,
    tables: readonly TableName[],
    history: SchemaHistory,
  ): Promise<LogPosition> {
    const at = await readEnd(sql, server);
    const layouts = await readLayouts(sql, server, tables, at);
    if (!server.hasMetadata) for (const [text, layout] of layouts) history.set(text, layout);
    return at;
  }

  async *#stream(
    server: ServerFacts,
    tables: readonly TableName[],
    from: LogPosition,
    stored: Position | undefined,
    history: SchemaHistory,
  ): AsyncGenerator<YieldedRecord[]> {
    const config = this.#config;
    const resolver = new TableResolver({
      config,
      flavour: this.#flavour,
      server,
      charsets: await readCollations(await this.#sessions.sql()),
      history,
      sql: async () => await this.#sessions.sql(),
      tables,
    });
    const streamed = new Map<number, CapturedTable | undefined>();
    const changes = new ChangeStream({
      from,
      inside: stored?.kind === 'stream' ? stored.inside : undefined,
      gtids:
        from.gtids === undefined
          ? undefined
          : server.isMariadb
            ? new MariadbGtids(from.gtids)
            : new MysqlGtids(from.gtids),
      isMariadb: server.isMariadb,
      tableOf: (tableId) => streamed.get(tableId),
      tableNamed: (name) => resolver.tableNamed(name),
      isTable: (name) => resolver.isTable(name),
      onStatement: (statement) => resolver.forget(statement),
      schemas: () => history.text(),
    });
    const stream = await LogStream.open({
      session: await this.#sessions.open(),
      isMariadb: server.isMariadb,
      hasChecksum: server.hasChecksum,
      from,
      serverId: config['database.server.id'],
      replicaName: replicaName(config),
      queueMax: config['max.queue.size'],
      heartbeatMs: config['connect.keep.alive.interval.ms'],
    });
    this.#logger.info({ at: textOfPosition(from) }, 'streaming changes');
    const heartbeatMs = config['heartbeat.interval.ms'];
    let nextHeartbeatMs = performance.now() + heartbeatMs;
    try {
      while (!this.#signal.aborted) {
        const records: YieldedRecord[] = [];
        const limitMs = heartbeatMs > 0 ? Math.min(waitMs, heartbeatMs) : waitMs;
        const nowMs = Date.now();
        for (const event of await stream.take(eventsPerTake, limitMs)) {
          await prepare(event, resolver, streamed);
          for (const record of changes.take(event, nowMs)) records.push(record);
        }
        if (heartbeatMs > 0 && performance.now() >= nextHeartbeatMs) {
          records.push(...(await this.#heartbeat(changes)));
          nextHeartbeatMs = performance.now() + heartbeatMs;
        }
        yield* batches(records, config['max.batch.size']);
      }
    } finally {
      stream.close();
    }
  }

  /** Nothing inside of a transaction, whose changes say where they are. */
  async #heartbeat(changes: ChangeStream): Promise<YieldedRecord[]> {
    const query = this.#config['heartbeat.action.query'];
    if (query) await (await this.#sessions.sql()).query(query);
    const offset = changes.position();
    return offset ? [this.#heartbeatRecord(offset)] : [];
  }

  #heartbeatRecord(offset: SourceOffsetValue): YieldedRecord {
    const options = {
      topicPrefix: this.#config['topic.heartbeat.prefix'],
      serverName: this.#config['topic.prefix'],
    };
    return heartbeatRecord(options, offset, Date.now());
  }

  /** A log that was lost costs a snapshot, if the definition says so. */
  #judged(error: unknown): unknown {
    const mode = this.#config['snapshot.mode'];
    const isLost = error instanceof LogLost || error instanceof LayoutLost;
    if (!isLost || (mode !== 'when_needed' && mode !== 'always')) return error;
    this.#logger.warn({}, `the tables are read again: ${error.message}`);
    this.#state.isSnapshotNeeded = true;
    return new RetriableError(error.message);
  }
}

interface BegunSnapshot {
  readonly at: LogPosition;
  readonly sessions: readonly Session[];
  readonly layouts: ReadonlyMap<string, TableLayout>;
  /** Into how many parts a table is split. */
  readonly partCounts: ReadonlyMap<string, number>;
}

/** What an event names has to be known before its rows are read. */
async function prepare(
  { endPos, event, file }: StreamedEvent,
  resolver: TableResolver,
  streamed: Map<number, CapturedTable | undefined>,
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
