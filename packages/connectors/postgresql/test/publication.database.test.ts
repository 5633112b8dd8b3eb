/** What the publication does not tell of is missing without a word: what becomes of it, and of who takes part in it. */
import type { SourceOffsetValue } from '@sluice/connector-api';
import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { postgresConnector } from '../src/index.ts';
import { Capture, configOf, databasesOf } from './capture.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const newDatabase = databasesOf(postgres);

function opsOf(capture: Capture, table: string): readonly unknown[] {
  return capture
    .changes(table)
    .map(({ after, before, op }) => [op, (after ?? before)?.['id'] ?? null]);
}

function topicsOf(capture: Capture): readonly string[] {
  return [...new Set(capture.records.map(({ topic }) => topic))];
}

test('a publication that is dropped ends the task, also when it is made again, unless the tables are read again', async () => {
  const { sql, url } = await newDatabase('pubdropped');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url);
  const told = /publication "dbz_publication" does not exist.*snapshot\.mode to when_needed/;
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(config);
    await capture.untilStreaming();
    await sql('DROP PUBLICATION dbz_publication; INSERT INTO item VALUES (2)');
    expect(await capture.untilFailure()).toMatch(told);
    offset = capture.offset;
  }
  {
    await using again = await Capture.start(config, { offset });
    expect(await again.untilFailure()).toMatch(told);
  }
  await using needed = await Capture.start(
    { ...config, 'snapshot.mode': 'when_needed' },
    { offset },
  );
  await needed.untilCount('public.item', 2);
  await sql('INSERT INTO item VALUES (3)');
  await needed.untilCount('public.item', 3);
  expect(opsOf(needed, 'public.item')).toEqual([
    ['r', 1],
    ['r', 2],
    ['c', 3],
  ]);
});

test('a table that is taken out of the publication ends the task, and one that is made later is added', async () => {
  const { sql, url } = await newDatabase('pubtable');
  await sql('CREATE TABLE item (id int PRIMARY KEY)');
  await using capture = await Capture.start(
    configOf(url, { 'publication.autocreate.mode': 'filtered' }),
  );
  await capture.untilStreaming();
  await sql(`CREATE TABLE later (id int PRIMARY KEY);
    ALTER PUBLICATION dbz_publication DROP TABLE item; INSERT INTO item VALUES (1)`);
  expect(await capture.untilFailure()).toMatch(/lacks tables .*: public\.item\..*ADD TABLE/);
  expect(await sql('SELECT tablename FROM pg_publication_tables')).toBe('later');
  expect(capture.lines.at(-1)).toMatchObject({
    level: 'warn',
    fields: { tables: ['public.later'] },
    message: expect.stringMatching(/^tables were added to the publication/),
  });
});

test('a publication that does not publish all that is captured is refused', async () => {
  const { sql, url } = await newDatabase('pubops');
  await sql(`CREATE TABLE item (id int PRIMARY KEY);
    CREATE PUBLICATION dbz_publication FOR ALL TABLES WITH (publish = 'insert')`);
  const told =
    /does not publish update, delete: ALTER PUBLICATION "dbz_publication" SET \(publish = 'insert, update, delete'\)/;
  {
    await using capture = await Capture.start(configOf(url));
    expect(await capture.untilFailure()).toMatch(told);
  }
  const validation = postgresConnector.validate?.(configOf(url), {
    signal: AbortSignal.timeout(10_000),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  expect(await validation).toEqual([
    { key: 'publication.name', message: expect.stringMatching(told) },
  ]);
  await using inserts = await Capture.start(configOf(url, { 'skipped.operations': 'u,d,t' }));
  await inserts.untilStreaming();
  await sql('INSERT INTO item VALUES (1)');
  await inserts.untilCount('public.item', 1);
});

const partitioned = `CREATE TABLE item (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
  CREATE TABLE item_a PARTITION OF item FOR VALUES FROM (0) TO (10);
  CREATE TABLE item_b PARTITION OF item FOR VALUES FROM (10) TO (20);
  CREATE TABLE other (id int PRIMARY KEY);
  INSERT INTO item VALUES (1, 0), (11, 0)`;

test.each(['made by the connector', 'made by hand'])(
  'a publication via the root, %s, tells of partitions as of their table, also of those that come later',
  async (how) => {
    const { sql, url } = await newDatabase('viaroot');
    await sql(partitioned);
    const isByHand = how === 'made by hand';
    if (isByHand)
      await sql(
        'CREATE PUBLICATION dbz_publication FOR TABLE item WITH (publish_via_partition_root = true)',
      );
    const config = configOf(url, {
      'table.include.list': 'public.item',
      'publication.autocreate.mode': isByHand ? 'disabled' : 'filtered',
      ...(isByHand ? {} : { 'publish.via.partition.root': 'true' }),
    });
    await using capture = await Capture.start(config);
    await capture.untilCount('public.item', 2);
    await capture.untilStreaming();
    await sql(`UPDATE item SET n = 1 WHERE id = 1;
      CREATE TABLE item_c PARTITION OF item FOR VALUES FROM (20) TO (30);
      INSERT INTO item VALUES (21, 0); DELETE FROM item WHERE id = 11; UPDATE item SET id = 12 WHERE id = 1`);
    await capture.untilCount('public.item', 7);
    expect(opsOf(capture, 'public.item')).toEqual([
      ['r', 1],
      ['r', 11],
      ['u', 1],
      ['c', 21],
      ['d', 11],
      ['d', 1],
      ['c', 12],
    ]);
    expect(topicsOf(capture)).toEqual(['shop.public.item']);
  },
);

test('without it, partitions are tables, by snapshot and stream', async () => {
  const { sql, url } = await newDatabase('leaves');
  await sql(partitioned);
  await using capture = await Capture.start(configOf(url));
  await capture.untilStreaming();
  await sql('UPDATE item SET n = 1');
  await capture.untilCount('public.item_b', 2);
  expect(opsOf(capture, 'public.item_a')).toEqual([
    ['r', 1],
    ['u', 1],
  ]);
  expect(topicsOf(capture)).toEqual(['shop.public.item_a', 'shop.public.item_b']);
});
