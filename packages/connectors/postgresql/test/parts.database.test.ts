/** One large table that several connections read at the same time. */
import { isDeepStrictEqual } from 'node:util';
import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf, databasesOf } from './capture.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const newDatabase = databasesOf(postgres);
const rowCount = 20_000;

/** 40 MB in few rows. */
const large = `CREATE TABLE item (region text, id int, n int, pad text, PRIMARY KEY (region, id));
  INSERT INTO item SELECT CASE n % 3 WHEN 0 THEN 'it''s' WHEN 1 THEN E'b\\\\c' ELSE 'é' END, n, 0, repeat('x', 1800)
    FROM generate_series(1, ${String(rowCount)}) n`;

const parallel = { 'snapshot.max.threads': '2', 'snapshot.fetch.size': '500' };

function idsOf(capture: Capture): number[] {
  return capture.changes('public.item').map(({ after }) => Number(after?.['id']));
}

test('a large table is read in parts at the same time, each row once', async () => {
  const { sql, url } = await newDatabase('parts');
  await sql(large);
  await using capture = await Capture.start(configOf(url, parallel));
  const changes = await capture.untilCount('public.item', rowCount, 50_000);
  expect(new Set(idsOf(capture)).size).toBe(rowCount);
  expect(changes).toHaveLength(rowCount);
  expect(changes[0]?.source['snapshot']).toBe('first');
  expect(changes.at(-1)?.source['snapshot']).toBe('last');
  // Each reader goes on from key to key: where the next row is not the next key, the other one had its turn.
  const places = await sql('SELECT id, row_number() OVER (ORDER BY region, id) FROM item');
  const placeOf = new Map(
    places.split('\n').map((line) => {
      const [id = 0, place = 0] = line.split('\t').map(Number);
      return [id, place] as const;
    }),
  );
  const turns = idsOf(capture).filter((id, index, ids) => {
    const before = ids[index - 1];
    return before !== undefined && placeOf.get(id) !== (placeOf.get(before) ?? 0) + 1;
  });
  expect(turns.length).toBeGreaterThan(4);
});

test('parts that were read in part go on after a crash, with changes of between', async () => {
  const { sql, url } = await newDatabase('resume');
  await sql(large);
  const config = configOf(url, parallel);
  const first = await Capture.start(config);
  await first.untilCount('public.item', rowCount / 4, 50_000);
  await first.stop();
  expect(first.offset?.['snapshot_progress']).toMatch(/"parts"/);
  await sql(`UPDATE item SET n = 1 WHERE id % 10 = 0; DELETE FROM item WHERE id % 10 = 1;
    INSERT INTO item SELECT 'new', n, 2, '' FROM generate_series(1, 50) n`);
  await using second = await Capture.start(config, { offset: first.offset });
  const wanted = (await sql('SELECT region, id, n FROM item')).split('\n').toSorted();
  // As the last record of each key leaves it.
  const state = (): string[] => {
    const rows = new Map<string, string>();
    for (const capture of [first, second])
      for (const { after, before, op } of capture.changes('public.item')) {
        const row = after ?? before;
        const key = `${String(row?.['region'])}\t${String(row?.['id'])}`;
        if (op === 'd') rows.delete(key);
        else rows.set(key, `${key}\t${String(row?.['n'])}`);
      }
    return [...rows.values()].toSorted();
  };
  await second.until('each row to be right', () => isDeepStrictEqual(state(), wanted), 50_000);
  const read = second.changes('public.item').filter(({ op }) => op === 'r');
  expect(read.length).toBeLessThan(rowCount);
});
