/**
 * Events of the log become records with offsets. Pure but for the tables it is given.
 *
 *     between transactions ──begin──▶ inside one ──row──▶ … ──commit──▶ between transactions
 *
 * The last change of a transaction is held until the next one or its end, so that it carries the position after the
 * whole transaction. A start inside a transaction gets it again from its beginning, and leaves out what was written of
 * it: events with rows are counted, and rows of the next one, before any is left out by name.
 */
import { ConnectError, type SourceOffsetValue, type YieldedRecord } from '@sluice/connector-api';
import { type Operation, type Row, type TableName, tableText } from '@sluice/connector-capture';
import { ByteReader } from './binlog/byte-reader.ts';
import type { LogEvent } from './binlog/events.ts';
import type { StreamedEvent } from './binlog/log-reader.ts';
import type { CapturedTable } from './captured-table.ts';
import type { GtidSet } from './gtids.ts';
import { type InsideTransaction, type LogPosition, positionFields } from './position.ts';
import { type Statement, statementOf } from './statement.ts';

interface Transaction {
  readonly gtid: string | undefined;
  /** Where it begins. */
  readonly file: string;
  readonly pos: number;
  /** One statement, after which nothing is committed. */
  readonly isAlone: boolean;
  /** A row or a BEGIN was seen, so that its end will be, too. */
  isOpen: boolean;
  /** Events with rows. */
  events: number;
  readonly written: InsideTransaction | undefined;
}

interface HeldChange {
  readonly table: CapturedTable;
  readonly op: Operation;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly at: StreamedEvent;
  /** Place among the rows of its event. */
  readonly row: number;
  /** Events of the transaction that are done before its own. */
  readonly events: number;
}

export interface ChangeStreamOptions {
  readonly from: LogPosition;
  readonly inside: InsideTransaction | undefined;
  readonly gtids: GtidSet | undefined;
  readonly isMariadb: boolean;
  /** The number of the server that is read from. */
  readonly server: string;
  /** By the last table map of this number; undefined: a table that is not captured. */
  readonly tableOf: (tableId: number) => CapturedTable | undefined;
  /** Whether it is a captured table that there is. */
  readonly isTable: (name: TableName) => boolean;
  /** Of a table that was emptied, which the log has no map of. */
  readonly tableNamed: (name: TableName) => CapturedTable | undefined;
  /** A statement may have changed tables. */
  readonly onStatement: (statement: Statement) => void;
  /** Layouts of the tables as they are now, for the offset. */
  readonly schemas: () => string | undefined;
}

type RowsEvent = Extract<LogEvent, { kind: 'rows' }>;

export class ChangeStream {
  readonly #options: ChangeStreamOptions;
  readonly #gtids: GtidSet | undefined;
  /** All before it is written as whole transactions. */
  #complete: LogPosition;
  /** Of the first transaction, until it was seen. */
  #inside: InsideTransaction | undefined;
  #transaction: Transaction | undefined;
  #held: HeldChange | undefined;

  constructor(options: ChangeStreamOptions) {
    this.#options = options;
    this.#gtids = options.gtids;
    this.#complete = options.from;
    this.#inside = options.inside;
  }

  /** The records that an event completes: those of the change before it, mostly. */
  take(streamed: StreamedEvent, nowMs: number): YieldedRecord[] {
    const { event } = streamed;
    switch (event.kind) {
      case 'rotate':
        this.#rotate(event.file, event.position);
        return [];
      case 'gtid':
        return this.#begin(streamed, event.gtid, event.isAlone, this.#options.isMariadb);
      case 'query':
        return this.#query(streamed, event.sql, event.database, nowMs);
      case 'commit':
        return this.#commit(streamed, nowMs);
      case 'rows':
        return this.#rows(streamed, event, nowMs);
      default:
        return [];
    }
  }

  /** Where a start would go on if nothing more came; undefined inside of a transaction. */
  position(): SourceOffsetValue | undefined {
    return this.#transaction ? undefined : this.#offset(this.#complete);
  }

  #offset(at: LogPosition): SourceOffsetValue {
    const schemas = this.#options.schemas();
    return { ...positionFields(at), ...(schemas === undefined ? {} : { schemas }) };
  }

  /** Also what the server says first, of where the stream begins. */
  #rotate(file: string, pos: number): void {
    if (!this.#transaction) this.#complete = { ...this.#complete, file, pos };
  }

  #begin(
    { file, pos }: StreamedEvent,
    gtid: string | undefined,
    isAlone: boolean,
    isOpen: boolean,
  ): YieldedRecord[] {
    const inside = this.#inside;
    const isWritten =
      inside !== undefined &&
      (inside.gtid === undefined || gtid === undefined || inside.gtid === gtid);
    if (isWritten) this.#inside = undefined;
    this.#transaction = {
      gtid,
      file,
      pos,
      isAlone,
      isOpen: isOpen && !isAlone,
      events: 0,
      written: isWritten ? inside : undefined,
    };
    return [];
  }

  #query(streamed: StreamedEvent, sql: string, database: string, nowMs: number): YieldedRecord[] {
    const statement = statementOf(sql, database);
    if (statement.kind === 'begin') {
      // Old servers have no event before it.
      if (!this.#transaction) this.#begin(streamed, undefined, false, true);
      if (this.#transaction) this.#transaction.isOpen = true;
      return [];
    }
    if (statement.kind === 'rows') this.#refuseStatement(statement.tables);
    this.#options.onStatement(statement);
    if (!this.#transaction) this.#begin(streamed, undefined, true, false);
    const records =
      statement.kind === 'truncate' ? this.#truncate(streamed, statement.table, nowMs) : [];
    const isEnd =
      statement.kind === 'end' ||
      statement.kind === 'rollback' ||
      this.#transaction?.isOpen === false;
    return isEnd ? [...records, ...this.#commit(streamed, nowMs)] : records;
  }

  /** Rows that were logged as the statement that changed them are lost. */
  #refuseStatement(tables: readonly TableName[]): void {
    const captured = tables.find((name) => this.#options.isTable(name));
    if (captured)
      throw new ConnectError(
        `A change of ${tableText(captured)} is in the log as a statement, without its rows: set binlog_format to ROW, also in sessions that change it, and delete the offsets to read the tables again`,
      );
  }

  #truncate(streamed: StreamedEvent, name: TableName, nowMs: number): YieldedRecord[] {
    const table = this.#options.tableNamed(name);
    if (!table) return [];
    const records = this.#release(nowMs);
    const events = this.#transaction?.events ?? 0;
    this.#held = { table, op: 't', before: null, after: null, at: streamed, row: 0, events };
    return records;
  }

  #rows(streamed: StreamedEvent, event: RowsEvent, nowMs: number): YieldedRecord[] {
    const transaction = this.#transaction;
    if (!transaction) throw new Error('the server sent rows outside of a transaction');
    transaction.isOpen = true;
    const events = transaction.events;
    transaction.events += 1;
    const table = this.#options.tableOf(event.tableId);
    const { written } = transaction;
    if (!table || streamed.isUndone || (written && events < written.events)) return [];
    const writtenRows = written?.events === events ? written.rows : 0;
    const records: YieldedRecord[] = [];
    const reader = new ByteReader(event.rows);
    const [present, presentAfter] = event.present;
    if (!present) return [];
    for (let row = 0; reader.left > 0; row += 1) {
      const first = table.rowOfLog(reader, present);
      const second = presentAfter ? table.rowOfLog(reader, presentAfter) : null;
      if (row < writtenRows) continue;
      for (const record of this.#release(nowMs)) records.push(record);
      const before = event.op === 'c' ? null : first;
      const after = event.op === 'c' ? first : second;
      this.#held = { table, op: event.op, before, after, at: streamed, row, events };
    }
    return records;
  }

  #commit({ endPos, file }: StreamedEvent, nowMs: number): YieldedRecord[] {
    const gtid = this.#transaction?.gtid;
    if (gtid !== undefined) this.#gtids?.add(gtid);
    const gtids = this.#gtids?.toString();
    const after = { file, pos: endPos, gtids };
    const records = this.#release(nowMs, after);
    this.#complete = after;
    this.#transaction = undefined;
    return records;
  }

  /** `after`: of the transaction, if the held change was its last one. */
  #release(nowMs: number, after?: LogPosition): YieldedRecord[] {
    const held = this.#held;
    const transaction = this.#transaction;
    if (!held || !transaction) return [];
    this.#held = undefined;
    const { at, row, table } = held;
    const { file, gtid, pos } = transaction;
    const offset: SourceOffsetValue = {
      ...(after
        ? this.#offset(after)
        : {
            ...this.#offset({ ...this.#complete, file, pos }),
            ...(gtid === undefined ? {} : { tx_gtid: gtid }),
            tx_events: held.events,
            tx_rows: row + 1,
            tx_server: this.#options.server,
          }),
      ts_sec: at.header.seconds,
      server_id: at.header.serverId,
    };
    const origin = {
      file: at.file,
      pos: at.pos,
      row,
      gtid,
      serverId: at.header.serverId,
      atMs: at.header.seconds * 1_000,
      snapshot: 'false' as const,
    };
    const { after: newRow, before, op } = held;
    return table.recordsOf({ op, before, after: newRow, origin, offset }, nowMs);
  }
}
