/** What of a transaction holds, by the events of its log alone; on a real server: `rollback.database.test.ts`. */
import { expect, test } from 'vitest';

import type { LogEvent } from '../src/binlog/events.ts';
import type { StreamedEvent } from '../src/binlog/log-reader.ts';
import { statementOf } from '../src/statement.ts';
import { UndoneEvents } from '../src/undone-events.ts';

// Nothing of it is looked at here.
const table = { kind: 'table' } as LogEvent;
const query = (sql: string): LogEvent => ({ kind: 'query', database: 'shop', sql });

/** `bytes`: of the rows once they are unpacked; the event itself has 100 in the log. */
function rows(bytes = 10): LogEvent {
  const buffer = Buffer.alloc(bytes);
  return { kind: 'rows', op: 'c', tableId: 1, columnCount: 1, present: [], rows: buffer };
}

const eventBytes = 100;

function streamed(events: readonly LogEvent[]): StreamedEvent[] {
  return events.map((event, index): StreamedEvent => {
    const [pos, endPos] = [index * eventBytes, (index + 1) * eventBytes];
    const header = {
      seconds: 0,
      type: 0,
      serverId: 1,
      size: eventBytes,
      endPosition: endPos,
      flags: 0,
    };
    return { event, header, file: 'log.1', pos, endPos };
  });
}

/** Which of the events are given out with which one, and whether their rows hold. */
async function given(events: readonly LogEvent[]): Promise<string[][]> {
  const all = streamed(events);
  const marks = all.flatMap(({ event, pos }) =>
    event.kind === 'query' ? [{ pos, statement: statementOf(event.sql, 'shop') }] : [],
  );
  const undone = new UndoneEvents(async () => marks);
  const out: string[][] = [];
  for (const each of all)
    out.push(
      (await undone.take(each)).map(
        ({ event, isUndone }) => `${event.kind}${isUndone === true ? ' undone' : ''}`,
      ),
    );
  return out;
}

test('a transaction is held until its end, and its rows after a savepoint that was rolled back do not hold', async () => {
  const events = [
    table,
    rows(),
    query('SAVEPOINT `a`'),
    rows(),
    query('ROLLBACK TO `a`'),
    rows(),
    { kind: 'commit' } as const,
  ];
  expect(await given(events)).toEqual([
    ...events.slice(1).map(() => []),
    ['table', 'rows', 'query', 'rows undone', 'query', 'rows', 'commit'],
  ]);
});

test('of one that ends with ROLLBACK no row holds', async () => {
  const last = (await given([table, rows(), query('ROLLBACK')])).at(-1);
  expect(last).toEqual(['table', 'rows undone', 'query']);
});

test('what is held is bounded by what it takes in memory, also of rows that were compressed in the log', async () => {
  const mebibyte = 1024 * 1024;
  const events = [
    table,
    ...Array.from({ length: 12 }, () => rows(mebibyte)),
    query('ROLLBACK'),
    table,
    rows(),
    { kind: 'commit' } as const,
  ];
  const out = await given(events);
  const first = out.findIndex((each) => each.length > 0);
  expect(first).toBeLessThanOrEqual(9);
  expect(out[first]).toEqual(['table', ...Array.from({ length: first }, () => 'rows undone')]);
  // The others of it pass one by one, and the next transaction is one of its own.
  expect(out.slice(first + 1)).toEqual([
    ...Array.from({ length: 12 - first }, () => ['rows undone']),
    ['query'],
    [],
    [],
    ['table', 'rows', 'commit'],
  ]);
});
