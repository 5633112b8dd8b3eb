/**
 * What of a transaction holds. A server cannot always leave out what was rolled back: in MariaDB a transaction that made a
 * temporary table is logged with its rows and ROLLBACK at its end, and rows after a savepoint with ROLLBACK TO.
 *
 *     between ──first table map──▶ holding its events ──end──▶ between
 *                                    └──too large: the rest is looked up──▶ passing ──end──▶ between
 *
 * Rows that do not hold are marked, not left out: starts within the transaction count them.
 */
import { bytesOf, type StreamedEvent } from './binlog/log-reader.ts';
import { type Statement, statementOf } from './statement.ts';

/** A statement of a transaction that says what holds. */
export interface Mark {
  readonly pos: number;
  readonly statement: Statement;
}

/** Rows at these positions do not hold. */
export interface Undone {
  readonly from: number;
  readonly to: number;
}

/** So much of a transaction is held; most are far smaller, and have come as a whole when their first event is read. */
const heldBytesMax = 8 * 1024 * 1024;

interface Held {
  events: StreamedEvent[];
  bytes: number;
  /** Of the first one. */
  readonly pos: number;
  readonly marks: Mark[];
}

export class UndoneEvents {
  readonly #lookUp: (file: string, pos: number) => Promise<readonly Mark[]>;
  #held: Held | undefined;
  /** Of a transaction that was too large to be held. */
  #undone: readonly Undone[] | undefined;

  /** `lookUp`: the marks of the transaction that has its first table map here. */
  constructor(lookUp: (file: string, pos: number) => Promise<readonly Mark[]>) {
    this.#lookUp = lookUp;
  }

  /** Those that can be read now, in their order. */
  async take(streamed: StreamedEvent): Promise<readonly StreamedEvent[]> {
    const isEnd = isEndOfTransaction(streamed);
    if (this.#undone) {
      const passed = marked(streamed, this.#undone);
      if (isEnd) this.#undone = undefined;
      return [passed];
    }
    if (!this.#held) {
      if (streamed.event.kind !== 'table') return [streamed];
      this.#held = { events: [], bytes: 0, pos: streamed.pos, marks: [] };
    }
    const held = this.#held;
    held.events.push(streamed);
    held.bytes += bytesOf(streamed);
    const statement = queryOf(streamed);
    if (statement) held.marks.push({ pos: streamed.pos, statement });
    if (isEnd) return this.#release(held, held.marks);
    if (held.bytes <= heldBytesMax) return [];
    const marks = await this.#lookUp(streamed.file, held.pos);
    this.#undone = undoneBy(marks, held.pos);
    return this.#release(held, marks);
  }

  #release({ events, pos }: Held, marks: readonly Mark[]): readonly StreamedEvent[] {
    this.#held = undefined;
    const undone = undoneBy(marks, pos);
    return undone.length === 0 ? events : events.map((event) => marked(event, undone));
  }
}

function marked(streamed: StreamedEvent, undone: readonly Undone[]): StreamedEvent {
  const isUndone =
    streamed.event.kind === 'rows' &&
    undone.some(({ from, to }) => from <= streamed.pos && streamed.pos < to);
  return isUndone ? { ...streamed, isUndone } : streamed;
}

function queryOf({ event }: StreamedEvent): Statement | undefined {
  return event.kind === 'query' ? statementOf(event.sql, event.database) : undefined;
}

function isEndOfTransaction(streamed: StreamedEvent): boolean {
  if (streamed.event.kind === 'commit' || streamed.event.kind === 'gtid') return true;
  const statement = queryOf(streamed);
  return statement?.kind === 'end' || statement?.kind === 'rollback';
}

/** `begin`: of the first row. A savepoint that is not among the marks is from before it. Pure. */
export function undoneBy(marks: readonly Mark[], begin: number): Undone[] {
  const undone: Undone[] = [];
  const savepoints = new Map<string, number>();
  for (const { pos, statement } of marks) {
    if (statement.kind === 'savepoint') savepoints.set(statement.savepoint, pos);
    else if (statement.kind === 'rollbackTo')
      undone.push({ from: savepoints.get(statement.savepoint) ?? begin, to: pos });
    else if (statement.kind === 'rollback') undone.push({ from: begin, to: pos });
  }
  return undone;
}
