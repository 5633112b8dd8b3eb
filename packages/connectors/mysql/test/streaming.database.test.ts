import { startMariadb } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb[Symbol.asyncDispose]());

async function database(name: string): Promise<{
  readonly url: string;
  /** With its point. */
  readonly prefix: string;
  readonly sql: (text: string) => Promise<string>;
}> {
  const url = await mariadb.createDatabase(name);
  const own = new URL(url).pathname.slice(1);
  return { url, prefix: `${own}.`, sql: (text) => mariadb.sql(text, own) };
}

test('the rows that there are come first, and then each change once, in its order', async () => {
  const { prefix, sql, url } = await database('order');
  await sql(`CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, amount decimal(8,2));
    INSERT INTO item VALUES (1, 'item 1', 1), (2, 'item 2', 2), (3, 'item 3', 3)`);
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount(`${prefix}item`, 3);
  await sql(
    `INSERT INTO item VALUES (4, 'four', 4.5); UPDATE item SET amount = 7 WHERE id = 1; DELETE FROM item WHERE id = 2`,
  );
  const changes = await capture.untilCount(`${prefix}item`, 6);
  expect(changes.map(({ op, source }) => [op, source['snapshot']])).toEqual([
    ['r', 'first'],
    ['r', 'true'],
    ['r', 'last'],
    ['c', 'false'],
    ['u', 'false'],
    ['d', 'false'],
  ]);
  expect(changes[4]?.after).toMatchObject({ id: 1, name: 'item 1' });
  expect(String(changes[5]?.before?.['amount'])).toBe('2.00');
  await capture.until('the tombstone', () => capture.records.length === 7);
  expect(capture.records.at(-1)).toMatchObject({ key: { id: 2 }, value: null });
});
