import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

async function database(
  name: string,
): Promise<{ url: string; sql: (text: string) => Promise<string> }> {
  const url = await postgres.createDatabase(name);
  return { url, sql: (text) => postgres.sql(text, new URL(url).pathname.slice(1)) };
}

test('the rows that there are come first, and then each change once, in its order', async () => {
  const { sql, url } = await database('order');
  await sql(`CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, amount numeric(8,2));
    INSERT INTO item SELECT n, 'item ' || n, n FROM generate_series(1, 3) n`);
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 3);
  await sql(
    `INSERT INTO item VALUES (4, 'four', 4.5); UPDATE item SET amount = 7 WHERE id = 1; DELETE FROM item WHERE id = 2`,
  );
  const changes = await capture.untilCount('public.item', 6);
  expect(changes.map(({ op, source }) => [op, source['snapshot']])).toEqual([
    ['r', 'first'],
    ['r', 'true'],
    ['r', 'last'],
    ['c', 'false'],
    ['u', 'false'],
    ['d', 'false'],
  ]);
  expect(changes[4]?.after).toMatchObject({ id: 1, name: 'item 1' });
  expect(changes[5]?.before).toEqual({ id: 2, name: '', amount: null });
  await capture.until('the tombstone', () => capture.records.length === 7);
  expect(capture.records.at(-1)).toMatchObject({ key: { id: 2 }, value: null });
});
