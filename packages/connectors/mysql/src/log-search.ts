/** Looking through the log by SQL, where what is wanted does not come by the stream, or not yet. */
import { endAfter } from './binlog/log-reader.ts';
import { textOf } from './catalog.ts';
import { literal, type Session } from './client.ts';
import { type Statement, statementOf } from './statement.ts';
import type { Mark } from './undone-events.ts';

/** In a file of the log. */
export interface FilePosition {
  readonly file: string;
  readonly pos: number;
}

interface LoggedEvent {
  readonly pos: number;
  /** By its name. */
  readonly type: string;
  readonly info: string;
}

/** Events that are looked through at a time. */
const eventsPerPage = 5_000;

async function* eventsOf(sql: Session, file: string, from: number): AsyncGenerator<LoggedEvent> {
  let pos = Math.max(4, from);
  for (;;) {
    const events = await sql.query(
      `SHOW BINLOG EVENTS IN ${literal(file)} FROM ${String(pos)} LIMIT ${String(eventsPerPage)}`,
    );
    for (const [, at, type, , , info] of events)
      yield { pos: Number(textOf(at)), type: textOf(type), info: textOf(info) };
    const last = events.at(-1);
    if (!last || events.length < eventsPerPage) return;
    // The second one has 32 bits, the first all.
    pos = endAfter(Number(textOf(last[1])), Number(textOf(last[4])));
  }
}

/** Where the log, from a position to its end, has a statement that is looked for; undefined: nowhere. */
export async function findChange(
  sql: Session,
  from: FilePosition,
  isWanted: (statement: Statement) => boolean,
): Promise<string | undefined> {
  const files = (await sql.query('SHOW BINARY LOGS')).map(([file]) => textOf(file));
  const first = Math.max(0, files.indexOf(from.file));
  for (const file of files.slice(first))
    for await (const { info, pos, type } of eventsOf(sql, file, file === from.file ? from.pos : 4))
      if (isQuery(type) && isWanted(statementOfInfo(info))) return `${file}:${String(pos)}`;
  return undefined;
}

/** The statements of the transaction that this position is in, from there to its end. */
export async function findMarks(sql: Session, { file, pos: from }: FilePosition): Promise<Mark[]> {
  const marks: Mark[] = [];
  for await (const { info, pos, type } of eventsOf(sql, file, from)) {
    if (/^(?:Xid|XA_prepare|Gtid|Anonymous_Gtid)/i.test(type)) break;
    if (!isQuery(type)) continue;
    const statement = statementOfInfo(info);
    marks.push({ pos, statement });
    if (statement.kind === 'end' || statement.kind === 'rollback') break;
  }
  return marks;
}

/** Also one that MariaDB has compressed. */
function isQuery(type: string): boolean {
  return /^Query/i.test(type);
}

/** `use `shop`; ALTER TABLE …` */
function statementOfInfo(info: string): Statement {
  const [, database = '', sql = info] = /^use `((?:[^`]|``)*)`; (.*)$/s.exec(info) ?? [];
  return statementOf(sql, database.replaceAll('``', '`'));
}
