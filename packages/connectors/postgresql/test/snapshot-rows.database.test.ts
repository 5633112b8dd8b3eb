/** Rows of a snapshot as they come: no more than fits, whatever their size is, and none left out. */
import { defineConfig } from '@sluice/connector-api';
import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Session } from '../src/client.ts';
import { configShape } from '../src/config.ts';
import { Capture, configOf, databasesOf } from './capture.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const newDatabase = databasesOf(postgres);

async function session(url: string): Promise<Session> {
  const config = defineConfig(configShape).parse(configOf(url));
  return await Session.open({ config, signal: new AbortController().signal });
}

test('many large rows that are asked for at once come in parts, each of a limited size', async () => {
  const { url } = await newDatabase('large');
  const sql = await session(url);
  const sizes: number[] = [];
  const ends: boolean[] = [];
  const rows = "SELECT n, repeat('x', 200000) FROM generate_series(1, 100) n";
  for await (const part of sql.rows(rows, 1_000_000)) {
    sizes.push(part.rows.length);
    ends.push(part.isEnd);
  }
  expect(sizes.reduce((sum, size) => sum + size)).toBe(100);
  // As many as fit, and one that the driver may have read besides.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(6);
  expect(ends.indexOf(true)).toBe(ends.length - 1);
  expect(await sql.query('SELECT 1')).toEqual([['1']]);
  await sql.close();
});

test('a statement that fails after its first rows fails, and the connection goes on', async () => {
  const { url } = await newDatabase('failing');
  const sql = await session(url);
  const read = async (): Promise<void> => {
    const rows = "SELECT repeat('x', 10000), 1 / (500 - n) FROM generate_series(1, 1000) n";
    for await (const _ of sql.rows(rows, 100_000));
  };
  await expect(read()).rejects.toThrow(/division by zero/);
  expect(await sql.query('SELECT 1')).toEqual([['1']]);
  const cut = read();
  sql.destroy();
  await expect(cut).rejects.toThrow(/terminated/i);
});

test('a snapshot begins a table anew whose key has a generated column, of which rows have nothing', async () => {
  const { sql, url } = await newDatabase('generated');
  await sql(
    `CREATE TABLE item (a int, b int, twice int GENERATED ALWAYS AS (b * 2) STORED, PRIMARY KEY (a, twice));
     INSERT INTO item (a, b) SELECT 1, n FROM generate_series(1, 6) n`,
  );
  const config = configOf(url, { 'snapshot.fetch.size': '2' });
  const first = await Capture.start(config);
  await first.untilCount('public.item', 6);
  await first.stop();
  await using again = await Capture.start(config, { offset: first.records[2]?.sourceOffset });
  await again.untilStreaming();
  expect(again.changes('public.item').map(({ after }) => after?.['b'])).toEqual([1, 2, 3, 4, 5, 6]);
});
