import type { Schema, SourceOffsetValue } from '@sluice/connector-api';
import { usePostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf, databasesOf, type Envelope } from './capture.ts';

const postgres = await usePostgres();
afterAll(() => postgres[Symbol.asyncDispose]());

const newDatabase = databasesOf(postgres);

/** The slot's position in the database's own words. */
async function confirmedLsn(slot: string): Promise<string> {
  return await postgres.sql(
    `SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  );
}

test('the rows that there are come first, and then each change once, in its order', async () => {
  const { sql, url } = await newDatabase('order');
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

test('a snapshot without a row is complete: what is inserted while nothing runs comes once', async () => {
  const { sql, url } = await newDatabase('empty');
  await sql('CREATE TABLE item (id int PRIMARY KEY)');
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(configOf(url));
    await capture.untilStreaming();
    offset = capture.offset;
  }
  expect(offset).toMatchObject({ snapshot_completed: true });
  await sql('INSERT INTO item VALUES (1)');
  await using again = await Capture.start(configOf(url), { offset });
  expect((await again.untilCount('public.item', 1)).map(({ op }) => op)).toEqual(['c']);
});

test('a change of the key ends the old row and begins a new one', async () => {
  const { sql, url } = await newDatabase('rekey');
  await sql(`CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1, 'a')`);
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 1);
  await sql('UPDATE item SET id = 9');
  await capture.until('four records', () => capture.records.length === 4);
  const [, deleted, tombstone, created] = capture.records;
  expect(deleted).toMatchObject({
    key: { id: 1 },
    value: { op: 'd', before: { id: 1, name: null }, after: null },
    headers: [{ name: '__debezium.newkey', value: { id: 9 } }],
  });
  expect(tombstone).toMatchObject({ key: { id: 1 }, value: null });
  expect(created).toMatchObject({
    key: { id: 9 },
    value: { op: 'c', before: null, after: { id: 9, name: 'a' } },
    headers: [{ name: '__debezium.oldkey', value: { id: 1 } }],
  });
});

test('the key is what the log has of former rows: an index that is the identity, a name that a column had', async () => {
  const { sql, url } = await newDatabase('identitykey');
  await sql(`CREATE TABLE item (id int PRIMARY KEY, code text NOT NULL); CREATE UNIQUE INDEX by_code ON item (code);
    ALTER TABLE item REPLICA IDENTITY USING INDEX by_code; INSERT INTO item VALUES (5, 'x');
    CREATE TABLE other (id int PRIMARY KEY, note text); INSERT INTO other VALUES (1, 'a')`);
  const config = configOf(url);
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(config);
    await capture.until('the snapshot', () => capture.records.length === 2);
    await sql(`UPDATE item SET code = 'y'; UPDATE item SET id = 6; DELETE FROM item`);
    await capture.until('the changes', () => capture.records.length === 8);
    const keys = capture.records
      .filter(({ topic }) => topic === 'shop.public.item')
      .map(({ key, value }) => [key, (value as Envelope | null)?.op]);
    expect(keys).toEqual([
      [{ code: 'x' }, 'r'],
      [{ code: 'x' }, 'd'],
      [{ code: 'x' }, undefined],
      [{ code: 'y' }, 'c'],
      [{ code: 'y' }, 'u'],
      [{ code: 'y' }, 'd'],
      [{ code: 'y' }, undefined],
    ]);
    offset = capture.offset;
  }
  await sql(`UPDATE other SET note = 'b'; ALTER TABLE other RENAME COLUMN id TO number;
    UPDATE other SET note = 'c'`);
  await using capture = await Capture.start(config, { offset });
  await capture.untilCount('public.other', 2);
  expect(capture.records.map(({ key }) => key)).toEqual([{ id: 1 }, { number: 1 }]);
});

test('a key that the log does not have of former rows is refused', async () => {
  const { sql, url } = await newDatabase('untold');
  await sql('CREATE TABLE item (id int PRIMARY KEY, code text NOT NULL)');
  await using capture = await Capture.start(
    configOf(url, { 'message.key.columns': 'public.item:code' }),
  );
  await capture.untilStreaming();
  await sql("INSERT INTO item VALUES (1, 'x'); DELETE FROM item");
  await expect(capture.untilCount('public.item', 2)).rejects.toThrow(
    /does not have code of a former row of public.item/,
  );
});

test('each replica identity tells what it can of the row before', async () => {
  const { sql, url } = await newDatabase('identity');
  await sql(`CREATE TABLE keyed (id int PRIMARY KEY, note text);
    CREATE TABLE whole (id int PRIMARY KEY, note text); ALTER TABLE whole REPLICA IDENTITY FULL;
    CREATE TABLE indexed (code text NOT NULL, note text); CREATE UNIQUE INDEX by_code ON indexed (code);
    ALTER TABLE indexed REPLICA IDENTITY USING INDEX by_code;
    CREATE TABLE keyless (note text); ALTER TABLE keyless REPLICA IDENTITY FULL;
    CREATE TABLE mute (id int PRIMARY KEY); ALTER TABLE mute REPLICA IDENTITY NOTHING;
    INSERT INTO keyed VALUES (1, 'a'); INSERT INTO whole VALUES (1, 'a');
    INSERT INTO indexed VALUES ('x', 'a'); INSERT INTO keyless VALUES ('a')`);
  await using capture = await Capture.start(configOf(url));
  await capture.until('the snapshot', () => capture.records.length === 4);
  for (const table of ['keyed', 'whole', 'indexed', 'keyless'])
    await sql(`UPDATE ${table} SET note = 'b'`);
  await sql(
    'DELETE FROM keyed; DELETE FROM whole; DELETE FROM indexed; DELETE FROM keyless; INSERT INTO mute VALUES (1)',
  );
  await capture.untilCount('public.mute', 1);
  const befores = (table: string) => capture.changes(table).map(({ before, op }) => [op, before]);
  expect(befores('public.keyed')).toEqual([
    ['r', null],
    ['u', null],
    ['d', { id: 1, note: null }],
  ]);
  expect(befores('public.whole')).toEqual([
    ['r', null],
    ['u', { id: 1, note: 'a' }],
    ['d', { id: 1, note: 'b' }],
  ]);
  expect(befores('public.indexed')).toEqual([
    ['r', null],
    ['u', null],
    ['d', { code: 'x', note: null }],
  ]);
  expect(befores('public.keyless')).toEqual([
    ['r', null],
    ['u', { note: 'a' }],
    ['d', { note: 'b' }],
  ]);
  expect(capture.records.filter(({ topic }) => topic === 'shop.public.indexed')[0]?.key).toEqual({
    code: 'x',
  });
  expect(
    capture.records
      .filter(({ topic }) => topic === 'shop.public.keyless')
      .every(({ key }) => key === undefined),
  ).toBe(true);
  expect(capture.lines.some(({ message }) => message.includes('without a replica identity'))).toBe(
    true,
  );
});

test('a replica identity that changes in mid-stream holds from the next change on', async () => {
  const { sql, url } = await newDatabase('reidentified');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY, code text NOT NULL UNIQUE, n int); INSERT INTO item VALUES (1, 'x', 1)`,
  );
  await using capture = await Capture.start(configOf(url));
  await capture.untilStreaming();
  await sql(`UPDATE item SET n = 2; ALTER TABLE item REPLICA IDENTITY FULL; UPDATE item SET n = 3;
    ALTER TABLE item REPLICA IDENTITY USING INDEX item_code_key; UPDATE item SET n = 4; DELETE FROM item;
    ALTER TABLE item REPLICA IDENTITY NOTHING; INSERT INTO item VALUES (2, 'y', 1)`);
  const changes = await capture.untilCount('public.item', 6);
  expect(changes.map(({ before, op }) => [op, before])).toEqual([
    ['r', null],
    ['u', null],
    ['u', { id: 1, code: 'x', n: 2 }],
    ['u', null],
    ['d', { id: 0, code: 'x', n: null }],
    ['c', null],
  ]);
});

test('a table that was dropped and made anew is read with the columns and the key of each, also later', async () => {
  const { sql, url } = await newDatabase('anew');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY, a text); ALTER TABLE item REPLICA IDENTITY FULL; CREATE TABLE gone (LIKE item INCLUDING ALL); ALTER TABLE gone REPLICA IDENTITY FULL`,
  );
  const config = configOf(url);
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(config);
    await capture.untilStreaming();
    offset = capture.offset;
  }
  // Nothing captures, so that the table of the first row is not there when it is read.
  await sql(`INSERT INTO item VALUES (1, 'a'); DROP TABLE item; CREATE TABLE item (id int PRIMARY KEY, b int);
    INSERT INTO item VALUES (2, 3); INSERT INTO gone VALUES (1, 'a')`);
  {
    await using capture = await Capture.start(config, { offset });
    await capture.untilCount('public.gone', 1);
    expect(capture.records.map(({ key }) => key)).toEqual([{ id: 1 }, { id: 2 }, { id: 1 }]);
    expect(capture.changes('public.item').map(({ after }) => after)).toEqual([
      { id: 1, a: 'a' },
      { id: 2, b: 3 },
    ]);
    offset = capture.offset;
  }
  await sql(`UPDATE gone SET a = 'b'; ALTER TABLE gone RENAME COLUMN id TO number`);
  await using capture = await Capture.start(config, { offset });
  expect(await capture.untilFailure()).toMatch(
    /key that rows of public\.gone had .* is not known.*message\.key\.columns/,
  );
  await using named = await Capture.start(
    { ...config, 'message.key.columns': 'public.gone:id' },
    { offset },
  );
  await named.untilCount('public.gone', 1);
  expect(named.records[0]?.key).toEqual({ id: 1 });
});

test('a large value that a change did not touch is told by the row before, or by a placeholder', async () => {
  const { sql, url } = await newDatabase('toast');
  await sql(`CREATE TABLE small (id int PRIMARY KEY, n int, body text, bytes bytea, tags text[]);
    ALTER TABLE small ALTER body SET STORAGE EXTERNAL, ALTER bytes SET STORAGE EXTERNAL, ALTER tags SET STORAGE EXTERNAL;
    CREATE TABLE whole (LIKE small INCLUDING ALL); ALTER TABLE whole REPLICA IDENTITY FULL;
    INSERT INTO small VALUES (1, 1, repeat('x', 9000), convert_to(repeat('y', 9000), 'UTF8'), ARRAY[repeat('z', 9000)]);
    INSERT INTO whole SELECT * FROM small`);
  await using capture = await Capture.start(
    configOf(url, { 'unavailable.value.placeholder': 'not told' }),
  );
  await capture.until('the snapshot', () => capture.records.length === 2);
  await sql('UPDATE small SET n = 2; UPDATE whole SET n = 2');
  const [, small] = await capture.untilCount('public.small', 2);
  const [, whole] = await capture.untilCount('public.whole', 2);
  expect(small?.after).toEqual({
    id: 1,
    n: 2,
    body: 'not told',
    bytes: Buffer.from('not told'),
    tags: ['not told'],
  });
  expect(whole?.after).toEqual({
    id: 1,
    n: 2,
    body: 'x'.repeat(9000),
    bytes: Buffer.from('y'.repeat(9000)),
    tags: ['z'.repeat(9000)],
  });
});

test('a truncated table is told only if it is asked for', async () => {
  const { sql, url } = await newDatabase('truncated');
  await sql(
    `CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE two (id int PRIMARY KEY); INSERT INTO one VALUES (1)`,
  );
  {
    await using capture = await Capture.start(
      configOf(url, { 'skipped.operations': 'none', 'slot.name': 'told' }),
    );
    await capture.untilCount('public.one', 1);
    await sql('TRUNCATE one, two; INSERT INTO two VALUES (5)');
    await capture.untilCount('public.two', 2);
    expect(capture.changes('public.one').map(({ op }) => op)).toEqual(['r', 't']);
    expect(capture.changes('public.two').map(({ op, after }) => [op, after])).toEqual([
      ['t', null],
      ['c', { id: 5 }],
    ]);
  }
  await using silent = await Capture.start(configOf(url));
  await silent.untilCount('public.two', 1);
  await sql('TRUNCATE one, two; INSERT INTO two VALUES (6)');
  await silent.untilCount('public.two', 2);
  expect(silent.changes('public.two').map(({ op }) => op)).toEqual(['r', 'c']);
});

test('changes of a schema in mid-stream are in the records from the first change on', async () => {
  const { sql, url } = await newDatabase('evolving');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY, name text, old int); INSERT INTO item VALUES (1, 'a', 1)`,
  );
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 1);
  // Decoded with what the columns were when each change was made, although all are read later.
  await sql(`INSERT INTO item VALUES (2, 'b', 2);
    ALTER TABLE item ADD COLUMN extra numeric(5,1) NOT NULL DEFAULT 1.5;
    INSERT INTO item VALUES (3, 'c', 3, 2.5);
    ALTER TABLE item DROP COLUMN old;
    ALTER TABLE item RENAME COLUMN name TO title;
    ALTER TABLE item ALTER COLUMN id TYPE bigint;
    INSERT INTO item VALUES (4000000000, 'd', 3.5);
    CREATE TYPE mood AS ENUM ('sad', 'ok');
    ALTER TABLE item ADD COLUMN mood mood;
    INSERT INTO item VALUES (5, 'e', 4.5, 'ok');
    ALTER TYPE mood ADD VALUE 'happy'`);
  await sql(
    `INSERT INTO item VALUES (6, 'f', 5.5, 'happy'); CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later VALUES (1)`,
  );
  await capture.untilCount('public.later', 1);
  const rows = capture
    .changes('public.item')
    .map(({ after }) =>
      Object.fromEntries(Object.entries(after ?? {}).map(([name, value]) => [name, String(value)])),
    );
  expect(rows).toEqual([
    { id: '1', name: 'a', old: '1' },
    { id: '2', name: 'b', old: '2' },
    { id: '3', name: 'c', old: '3', extra: '2.5' },
    { id: '4000000000', title: 'd', extra: '3.5' },
    { id: '5', title: 'e', extra: '4.5', mood: 'ok' },
    { id: '6', title: 'f', extra: '5.5', mood: 'happy' },
  ]);
});

test('a start in the middle of a transaction writes the rest of it, and nothing twice', async () => {
  const { sql, url } = await newDatabase('middle');
  await sql('CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE other (id int)');
  const config = configOf(url, { 'max.batch.size': '7', 'table.include.list': 'public.item' });
  const first = await Capture.start(config, { stores: false });
  await first.untilStreaming();
  // All rows of one statement may have one position in the log.
  await sql(`BEGIN; INSERT INTO other VALUES (1); INSERT INTO item SELECT generate_series(1, 100); COMMIT;
    BEGIN; INSERT INTO item VALUES (-1); ROLLBACK; INSERT INTO item VALUES (101)`);
  await first.untilCount('public.item', 101);
  await first.stop();
  for (const stored of [0, 39, 99, 100]) {
    const offset = first.records[stored]?.sourceOffset;
    await using second = await Capture.start(config, { offset, stores: false });
    await second.until(
      'the last row',
      () => stored === 100 || second.records.length === 100 - stored,
    );
    await second.untilStreaming();
    expect(second.changes('public.item').map(({ after }) => after?.['id'])).toEqual(
      Array.from({ length: 100 - stored }, (_, index) => stored + 2 + index),
    );
  }
});

test('the slot keeps what the log has not stored, and is released once it has', async () => {
  const { sql, url } = await newDatabase('release');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url, { 'status.update.interval.ms': '100' });
  const slot = config['slot.name'] ?? '';
  await using capture = await Capture.start(config);
  await capture.untilCount('public.item', 1);
  capture.stores = false;
  const before = await confirmedLsn(slot);
  await sql('INSERT INTO item SELECT generate_series(2, 50)');
  await capture.untilCount('public.item', 50);
  // Several times the interval in which the server is told what is safe.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await confirmedLsn(slot)).toBe(before);
  capture.stores = true;
  await sql('INSERT INTO item VALUES (51)');
  await capture.untilCount('public.item', 51);
  await capture.until('the release', () => capture.offset?.['snapshot'] === undefined);
  let released = before;
  for (let look = 0; look < 100 && released === before; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    released = await confirmedLsn(slot);
  }
  expect(released).not.toBe(before);
});

test('heartbeats move the slot while only other tables change, and run their query', async () => {
  const { sql, url } = await newDatabase('beating');
  await sql(
    'CREATE TABLE idle (id int PRIMARY KEY); CREATE TABLE busy (id serial PRIMARY KEY); CREATE TABLE beat (n int, id int PRIMARY KEY DEFAULT 1); INSERT INTO beat VALUES (0); INSERT INTO idle VALUES (1)',
  );
  const config = configOf(url, {
    'table.include.list': 'public.idle',
    'heartbeat.interval.ms': '100',
    'heartbeat.action.query': 'UPDATE beat SET n = n + 1',
    'status.update.interval.ms': '100',
  });
  await using capture = await Capture.start(config);
  await capture.untilCount('public.idle', 1);
  await sql('INSERT INTO busy SELECT FROM generate_series(1, 1000)');
  const goal = await sql('SELECT pg_current_wal_lsn()');
  let isReached = 'f';
  for (let look = 0; look < 200 && isReached !== 't'; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    isReached = await sql(
      `SELECT confirmed_flush_lsn >= '${goal}' FROM pg_replication_slots WHERE slot_name = '${config['slot.name']}'`,
    );
  }
  expect(isReached).toBe('t');
  const beats = capture.records.filter(({ topic }) => topic === '__debezium-heartbeat.shop');
  expect(beats[0]).toMatchObject({ key: { serverName: 'shop' } });
  expect(Number(await sql('SELECT n FROM beat'))).toBeGreaterThan(0);
  expect(capture.changes('public.busy')).toEqual([]);
});

test('a log that takes nothing for longer than the server waits costs neither the connection nor memory', async () => {
  const { sql, url } = await newDatabase('slow');
  await sql('CREATE TABLE item (id int PRIMARY KEY, body text)');
  const name = new URL(url).pathname.slice(1);
  await sql(`ALTER DATABASE ${name} SET wal_sender_timeout = '3s'`);
  const config = configOf(url, {
    'max.queue.size': '100',
    'max.batch.size': '10',
    'status.update.interval.ms': '200',
    'snapshot.mode': 'no_data',
  });
  await using capture = await Capture.start(config);
  await capture.until('the stream', () =>
    capture.lines.some(({ message }) => message === 'streaming changes'),
  );
  capture.isHalted = true;
  await sql(`INSERT INTO item SELECT n, repeat('x', 1000) FROM generate_series(1, 50000) n`);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  const pending = await postgres.sql(
    `SELECT state, sent_lsn < pg_current_wal_lsn() FROM pg_stat_replication WHERE application_name = 'sluice:shop' AND pid = (SELECT active_pid FROM pg_replication_slots WHERE slot_name = '${config['slot.name']}')`,
  );
  // The server is stuck in sending, since nothing is read from it.
  expect(pending).toMatch(/\tt$/);
  capture.isHalted = false;
  await capture.untilCount('public.item', 50_000, 40_000);
  expect(capture.retries).toBe(0);
  expect(new Set(capture.changes('public.item').map(({ after }) => after?.['id'])).size).toBe(
    50_000,
  );
});

test('tables and columns are chosen by lists, and keys by message.key.columns', async () => {
  const { sql, url } = await newDatabase('chosen');
  await sql(`CREATE SCHEMA stock; CREATE TABLE stock.item (id int PRIMARY KEY, region text NOT NULL, secret text);
    CREATE TABLE stock.item_log (id int); CREATE TABLE other (id int);
    INSERT INTO stock.item VALUES (1, 'eu', 'x'); INSERT INTO stock.item_log VALUES (1); INSERT INTO other VALUES (1)`);
  await using capture = await Capture.start(
    configOf(url, {
      'table.include.list': 'STOCK\\.item',
      'column.exclude.list': 'stock\\.item\\.secret',
      'message.key.columns': 'stock.item:region,id',
      'topic.delimiter': '_',
    }),
  );
  await capture
    .until('one record', () => capture.records.length === 1)
    .catch((e) => {
      console.log(capture.lines, capture.records);
      throw e;
    });
  await sql(
    "INSERT INTO other VALUES (2); INSERT INTO stock.item_log VALUES (2); INSERT INTO stock.item VALUES (2, 'us', 'y')",
  );
  await capture.until('two records', () => capture.records.length === 2);
  expect(
    capture.records.map(({ key, topic, value }) => [
      topic,
      key,
      (value as { after: unknown }).after,
    ]),
  ).toEqual([
    ['shop_stock_item', { region: 'eu', id: 1 }, { id: 1, region: 'eu' }],
    ['shop_stock_item', { region: 'us', id: 2 }, { id: 2, region: 'us' }],
  ]);
});

test('a label that an enum gets in the middle of the stream is in the schema of the first row that has it', async () => {
  const { sql, url } = await newDatabase('label');
  await sql(`CREATE TYPE mood AS ENUM ('sad', 'ok');
    CREATE TABLE item (id int PRIMARY KEY, one mood, many mood[])`);
  await using capture = await Capture.start(configOf(url));
  await capture.untilStreaming();
  await sql(`INSERT INTO item VALUES (1, 'sad', '{ok}')`);
  await capture.untilCount('public.item', 1);
  await sql(`ALTER TYPE mood ADD VALUE 'glad'`);
  await sql(`INSERT INTO item VALUES (2, 'ok', '{glad,NULL}'), (3, 'glad', NULL)`);
  await sql(
    `ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'; INSERT INTO item VALUES (4, 'happy', NULL)`,
  );
  const changes = await capture.untilCount('public.item', 4);
  expect(changes.map(({ after }) => after?.['one'])).toEqual(['sad', 'ok', 'glad', 'happy']);
  const allowed = capture.records.map(({ valueSchema }) => {
    const after = fieldOf(valueSchema, 'after');
    return [fieldOf(after, 'one'), fieldOf(after, 'many')?.items].map(
      (schema) => schema?.parameters?.['allowed'],
    );
  });
  expect(allowed[0]).toEqual(['sad,ok', 'sad,ok']);
  expect(allowed.at(-1)).toEqual(['sad,ok,happy', 'sad,ok,happy']);
  for (const [one, many] of allowed.slice(1)) {
    expect(one).toMatch(/^sad,ok,(?:glad|happy)$/);
    expect(many).toBe(one);
  }
});

function fieldOf(schema: Schema | undefined, name: string): Schema | undefined {
  return schema?.fields?.find(({ field }) => field === name)?.schema;
}
