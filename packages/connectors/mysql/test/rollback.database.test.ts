/** What a transaction has rolled back is in the log in some cases, and is captured in none. */
import type { SourceOffsetValue } from '@sluice/connector-api';
import { useMariadb } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { statementOf } from '../src/statement.ts';
import { undoneBy } from '../src/undone-events.ts';
import { Capture, configOf } from './capture.ts';

const mariadb = await useMariadb();
afterAll(() => mariadb[Symbol.asyncDispose]());

async function database(name: string) {
  const url = await mariadb.createDatabase(name);
  const own = new URL(url).pathname.slice(1);
  return { url, item: `${own}.item`, sql: (text: string) => mariadb.sql(text, own) };
}

/** After each of them the row that says so has been captured. */
const transactions = [
  {
    what: 'that made a temporary table and was rolled back',
    sql: 'BEGIN; INSERT INTO item (id) VALUES (1); CREATE TEMPORARY TABLE t (a int); ROLLBACK',
    wanted: [],
  },
  {
    what: 'that made a temporary table and was rolled back to a savepoint',
    sql: `BEGIN; INSERT INTO item (id) VALUES (2); SAVEPOINT one; INSERT INTO item (id) VALUES (3); SAVEPOINT two;
      INSERT INTO item (id) VALUES (4); CREATE TEMPORARY TABLE t (a int); ROLLBACK TO two; INSERT INTO item (id) VALUES (5);
      ROLLBACK TO one; INSERT INTO item (id) VALUES (6); COMMIT`,
    wanted: [2, 6],
  },
  {
    what: 'that was rolled back to a savepoint before all of its rows',
    sql: `BEGIN; SAVEPOINT none; INSERT INTO item (id) VALUES (7); CREATE TEMPORARY TABLE t (a int); ROLLBACK TO none;
      INSERT INTO item (id) VALUES (8); COMMIT`,
    wanted: [8],
  },
  {
    what: 'that changed a table without transactions between',
    sql: `BEGIN; INSERT INTO item (id) VALUES (9); SAVEPOINT one; INSERT INTO item (id) VALUES (10); INSERT INTO plain VALUES (1);
      ROLLBACK TO one; INSERT INTO item (id) VALUES (11); COMMIT`,
    wanted: [9, 11],
  },
  {
    what: 'that is too large to be held, and was rolled back',
    sql: `BEGIN; INSERT INTO item SELECT seq, repeat('x', 1000) FROM seq_100_to_12000; CREATE TEMPORARY TABLE t (a int); ROLLBACK`,
    wanted: [],
  },
  {
    what: 'that is too large to be held, with a savepoint',
    sql: `BEGIN; INSERT INTO item VALUES (20, ''); SAVEPOINT one; INSERT INTO item SELECT seq, repeat('x', 1000) FROM seq_100_to_12000;
      CREATE TEMPORARY TABLE t (a int); ROLLBACK TO one; INSERT INTO item VALUES (21, ''); COMMIT`,
    wanted: [20, 21],
  },
];

test('a transaction is captured as it ended, whatever the log has of it', async () => {
  const { item, sql, url } = await database('undone');
  await sql(
    'CREATE TABLE item (id int PRIMARY KEY, pad text); CREATE TABLE plain (id int) ENGINE=MyISAM',
  );
  const config = configOf(url);
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(config);
    await capture.untilStreaming();
    const wanted: number[] = [];
    for (const [index, transaction] of transactions.entries()) {
      // The client warns of tables that cannot be rolled back.
      await sql(transaction.sql);
      await sql(`INSERT INTO item (id) VALUES (${String(-1 - index)})`);
      wanted.push(...transaction.wanted, -1 - index);
      await capture.untilCount(item, wanted.length);
      const ids = capture.changes(item).map(({ after }) => after?.['id']);
      expect(ids, transaction.what).toEqual(wanted);
    }
    offset = capture.records.find(({ key }) => (key as { id: number }).id === 2)?.sourceOffset;
  }
  expect(offset).toHaveProperty('tx_events');
  await using again = await Capture.start(config, { offset });
  await again.untilCount(item, 1);
  expect(again.changes(item)[0]?.after).toMatchObject({ id: 6 });
});

test('what does not hold is between a savepoint and the return to it, the last one of its name', () => {
  const marks = (...statements: readonly string[]) =>
    statements.map((sql, index) => ({ pos: index * 10, statement: statementOf(sql, 'shop') }));
  expect(undoneBy(marks('INSERT INTO item', 'SAVEPOINT a', 'COMMIT'), 3)).toEqual([]);
  expect(undoneBy(marks('SAVEPOINT `A`', 'SAVEPOINT a', 'ROLLBACK TO `a`'), 3)).toEqual([
    { from: 10, to: 20 },
  ]);
  expect(undoneBy(marks('SELECT 1', 'ROLLBACK WORK TO SAVEPOINT b', 'ROLLBACK'), 3)).toEqual([
    { from: 3, to: 10 },
    { from: 3, to: 20 },
  ]);
});
