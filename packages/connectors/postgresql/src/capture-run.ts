/**
 * One run of the capture: connect, make sure of the slot and the publication, read the snapshot if one is due, stream.
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
  batchSizeOf,
  heartbeatRecord,
  SnapshotPlan,
  tableText,
  wholeName,
} from '@sluice/connector-capture';
import { CapturedTable } from './captured-table.ts';
import { type CatalogTable, readTableDetails, TypeCatalog } from './catalog.ts';
import { ChangeStream } from './change-stream.ts';
import type { Session } from './client.ts';
import type { PostgresConfig } from './config.ts';
import { PublicationGone } from './errors.ts';
import { textOfLsn } from './lsn.ts';
import type { Position } from './position.ts';
import {
  capturedTables,
  checkServer,
  currentLsn,
  obtainSlot,
  readsAgain,
  startPosition,
  withoutGap,
} from './preparation.ts';
import { PublicationWatch, preparePublication } from './publication.ts';
import { ReplicationStream } from './replication-stream.ts';
import { SessionPool } from './session-pool.ts';
import { SlotTaken } from './slot.ts';
import { beginSnapshot, readSnapshot } from './snapshot.ts';
import { StreamedTables } from './streamed-tables.ts';
import { splitTables } from './table-parts.ts';

/** What outlives a run: of the whole task. */
export interface TaskState {
  /** Told what is durable; undefined while nothing streams. */
  stream: ReplicationStream | undefined;
  /** What the log has stored, which the slot need not keep; 0: nothing is known to be stored. */
  releasedLsn: number;
  /** `snapshot.mode` always: of this task. */
  isSnapshotTaken: boolean;
  /** What the slot tells next cannot be read, and `snapshot.mode` says that the tables are read again. */
  isSlotSpent: boolean;
  /** Since when another program has the slot, on the monotonic clock; undefined: nobody does. */
  slotTakenSinceMs: number | undefined;
}

export interface RunOptions {
  readonly config: PostgresConfig;
  readonly state: TaskState;
  readonly offset: SourceOffsetValue | undefined;
  readonly logger: TaskLogger;
  readonly signal: AbortSignal;
}

/** How long the stream is waited for before it is seen whether a heartbeat is due, ms. */
const waitMs = 200;

export class CaptureRun {
  readonly #config: PostgresConfig;
  readonly #state: TaskState;
  readonly #logger: TaskLogger;
  readonly #signal: AbortSignal;
  readonly #offset: SourceOffsetValue | undefined;
  readonly #types = new TypeCatalog();
  readonly #sessions: SessionPool;

  constructor({ config, logger, offset, signal, state }: RunOptions) {
    this.#config = config;
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
      this.#state.stream = undefined;
      await this.#sessions.closeAll();
    }
  }

  async *#capture(): AsyncGenerator<YieldedRecord[]> {
    const config = this.#config;
    const logger = this.#logger;
    const mode = config['snapshot.mode'];
    const sql = await this.#sessions.sql();
    await checkServer(sql, config);
    await this.#types.read(sql);
    const tables = await capturedTables(sql, config, logger);
    const stored = startPosition(this.#offset, config, this.#state.isSnapshotTaken);
    if (mode === 'initial_only') {
      if (stored?.kind === 'stream') return;
      yield* this.#snapshot(tables, stored?.lsn ?? (await currentLsn(sql)), stored, undefined);
      return;
    }
    const isBegun = stored !== undefined;
    await preparePublication(sql, config, tables, { isBegun, logger });
    const replication = await this.#sessions.openReplication();
    const { isSlotSpent } = this.#state;
    const position = await withoutGap(sql, config, logger, stored, isSlotSpent);
    const slot = await obtainSlot(sql, replication, config, logger);
    this.#state.isSlotSpent = false;
    this.#state.slotTakenSinceMs = undefined;
    const fromLsn = position?.lsn ?? slot.lsn;
    const isSnapshotDue = position?.kind !== 'stream' && mode !== 'no_data' && mode !== 'never';
    if (isSnapshotDue) yield* this.#snapshot(tables, fromLsn, position, slot.snapshot);
    if (this.#signal.aborted) return;
    this.#state.isSnapshotTaken = true;
    yield* this.#stream(replication, tables, fromLsn, position);
  }

  async *#snapshot(
    tables: readonly CatalogTable[],
    lsn: number,
    position: Position | undefined,
    exported: string | undefined,
  ): AsyncGenerator<YieldedRecord[]> {
    const wanted = this.#config['snapshot.include.collection.list']?.map(wholeName);
    const byName = new Map(
      tables
        .filter((table) => wanted?.some((pattern) => pattern.test(tableText(table))) ?? true)
        .map((table) => [tableText(table), table]),
    );
    const progress = position?.kind === 'snapshot' ? position.progress : undefined;
    const plan = new SnapshotPlan([...byName.keys()], progress);
    if (plan.isDone) return;
    const threads = this.#config['snapshot.max.threads'];
    await splitTables(await this.#sessions.sql(), plan, byName, threads);
    const sessions: Session[] = [];
    let snapshot = exported;
    const count = Math.min(threads, plan.readersMax);
    for (let index = 0; index < count; index += 1) {
      const session = await this.#sessions.open();
      snapshot = await beginSnapshot(session, snapshot);
      sessions.push(session);
    }
    this.#logger.info(
      { tables: byName.size, lsn: textOfLsn(lsn), goesOn: Boolean(progress) },
      'reading a snapshot',
    );
    yield* readSnapshot({
      plan,
      lsn,
      sessions,
      fetchSize: this.#config['snapshot.fetch.size'],
      batchMax: batchSizeOf(this.#config),
      signal: this.#signal,
      openTable: async (name, session) => {
        const table = byName.get(name);
        if (!table) throw new ConnectError(`the table ${name} is not captured any more`);
        const details = await readTableDetails(session, table.oid);
        const captured = this.#table(table, details.columns, details.keyColumns);
        return { captured, columns: details.columns, isPartitioned: table.isPartitioned };
      },
    });
    await Promise.all(sessions.map((session) => this.#sessions.close(session)));
    if (!this.#signal.aborted) this.#logger.info({}, 'the snapshot is complete');
  }

  async *#stream(
    session: Session,
    tables: readonly CatalogTable[],
    fromLsn: number,
    position: Position | undefined,
  ): AsyncGenerator<YieldedRecord[]> {
    const streamed = new StreamedTables({
      config: this.#config,
      logger: this.#logger,
      types: this.#types,
      sql: async () => await this.#sessions.sql(),
    });
    const watch = new PublicationWatch({ config: this.#config, logger: this.#logger, tables });
    const changes = new ChangeStream({
      fromLsn,
      inside: position?.kind === 'stream' ? position.inside : undefined,
      tableOf: (oid) => streamed.of(oid),
    });
    const stream = await ReplicationStream.open({
      session,
      slot: this.#config['slot.name'],
      publication: this.#config['publication.name'],
      fromLsn,
      releasedLsn: this.#state.releasedLsn,
      queueMax: this.#config['max.queue.size'],
      statusIntervalMs: this.#config['status.update.interval.ms'],
    });
    this.#state.stream = stream;
    this.#logger.info({ lsn: textOfLsn(fromLsn) }, 'streaming changes');
    const batchMax = batchSizeOf(this.#config);
    const heartbeatMs = this.#config['heartbeat.interval.ms'];
    let nextHeartbeatMs = performance.now() + heartbeatMs;
    try {
      while (!this.#signal.aborted) {
        const records: YieldedRecord[] = [];
        const limitMs = heartbeatMs > 0 ? Math.min(waitMs, heartbeatMs) : waitMs;
        const nowMs = Date.now();
        for (const message of await stream.take(batchMax, limitMs)) {
          await streamed.prepare(message);
          for (const record of changes.take(message, nowMs)) records.push(record);
        }
        if (heartbeatMs > 0 && performance.now() >= nextHeartbeatMs) {
          records.push(...(await this.#heartbeat(changes)));
          nextHeartbeatMs = performance.now() + heartbeatMs;
        }
        if (records.length > 0) yield records;
        if (watch.isDue) await watch.look(await this.#sessions.sql());
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
    if (!offset) return [];
    const options = {
      topicPrefix: this.#config['topic.heartbeat.prefix'],
      serverName: this.#config['topic.prefix'],
    };
    return [heartbeatRecord(options, offset, Date.now())];
  }

  #table(
    { namespace, table }: { readonly namespace: string; readonly table: string },
    columns: ConstructorParameters<typeof CapturedTable>[0]['columns'],
    keyColumns: readonly string[],
  ): CapturedTable {
    return new CapturedTable({
      config: this.#config,
      name: { namespace, table },
      columns,
      keyColumns,
      find: this.#types.find,
      logger: this.#logger,
    });
  }

  /** A slot that another program has is waited for as long as the definition says. */
  #judged(error: unknown): unknown {
    if (error instanceof PublicationGone && readsAgain(this.#config)) {
      this.#logger.warn({}, `the tables are read again: ${error.message}`);
      this.#state.isSlotSpent = true;
      return new RetriableError(error.message);
    }
    if (!(error instanceof SlotTaken)) return error;
    const nowMs = performance.now();
    this.#state.slotTakenSinceMs ??= nowMs;
    const limitMs = this.#config['slot.max.retries'] * this.#config['slot.retry.delay.ms'];
    return nowMs - this.#state.slotTakenSinceMs < limitMs ? error : new ConnectError(error.message);
  }
}
