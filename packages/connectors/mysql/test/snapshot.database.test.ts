/** Reading what is there: where it begins, how it goes on, and that it meets the log without gap and overlap. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceOffsetValue } from '@sluice/connector-api';
import { startMariadb, waitFor } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb[Symbol.asyncDispose]());

async function database(name: string): Promise<{
  readonly url: string;
  readonly own: string;
  readonly sql: (text: string) => Promise<string>;
}> {
  const url = await mariadb.createDatabase(name);
  const own = new URL(url).pathname.slice(1);
  return { url, own, sql: (text) => mariadb.sql(text, own) };
}

test.each([
  { threads: '1', grants: 'ALL ON *.*' },
  { threads: '3', grants: 'ALL ON *.*' },
  { threads: '2', grants: 'SELECT, LOCK TABLES, REPLICATION SLAVE, REPLICATION CLIENT ON *.*' },
])(
  'each row once while others write: $threads readers with $grants',
  async ({ grants, threads }) => {
    const { own, sql, url } = await database('once');
    const user = `u_${own}`;
    await mariadb.sql(
      `CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT ${grants} TO '${user}'@'%'`,
    );
    for (const table of ['a', 'b', 'c', 'd'])
      await sql(
        `CREATE TABLE ${table} (id int PRIMARY KEY AUTO_INCREMENT, n int); INSERT INTO ${table} (n) SELECT 0 FROM seq_1_to_2000`,
      );
    const writer = new AbortController();
    const writing = (async () => {
      for (let round = 0; !writer.signal.aborted; round += 1)
        await sql(
          ['a', 'b', 'c', 'd'].map((table) => `INSERT INTO ${table} (n) VALUES (1)`).join('; '),
        );
    })();
    await sleep(200);
    const config = configOf(url, {
      'snapshot.max.threads': threads,
      'snapshot.fetch.size': '100',
      'database.user': user,
      'database.password': 'x',
    });
    await using capture = await Capture.start(config);
    await capture.until('a change of each table', () =>
      ['a', 'b', 'c', 'd'].every((table) =>
        capture.changes(`${own}.${table}`).some(({ op }) => op === 'c'),
      ),
    );
    writer.abort();
    await writing;
    for (const table of ['a', 'b', 'c', 'd']) {
      const wanted = (await sql(`SELECT id FROM ${table} ORDER BY id`)).split('\n').map(Number);
      const changes = await capture.untilCount(`${own}.${table}`, wanted.length);
      expect(changes.map(({ after }) => after?.['id'])).toEqual(wanted);
    }
  },
);

test('a snapshot that was cut goes on after its last key, of whatever type it is', async () => {
  const { own, sql, url } = await database('resume');
  await sql(`CREATE TABLE t_int (id bigint unsigned PRIMARY KEY); INSERT INTO t_int SELECT seq FROM seq_1_to_900;
    CREATE TABLE t_pair (a int, b varchar(20) CHARACTER SET latin1 COLLATE latin1_german1_ci, PRIMARY KEY (a, b)); INSERT INTO t_pair SELECT seq % 7, concat('ü', seq) FROM seq_1_to_900;
    CREATE TABLE t_bin (id binary(16) PRIMARY KEY); INSERT INTO t_bin SELECT unhex(md5(seq)) FROM seq_1_to_900;
    CREATE TABLE t_date (at datetime(6) PRIMARY KEY); INSERT INTO t_date SELECT timestamp('2024-01-01 00:00:00') + INTERVAL seq MICROSECOND FROM seq_1_to_900;
    CREATE TABLE t_dec (id decimal(30,10) PRIMARY KEY); INSERT INTO t_dec SELECT 0.25 * seq - 100 FROM seq_1_to_900;
    CREATE TABLE t_bit (id bit(24) PRIMARY KEY); INSERT INTO t_bit SELECT seq + 3750000 FROM seq_1_to_900;
    CREATE TABLE t_none (id int); INSERT INTO t_none SELECT seq FROM seq_1_to_900;
    CREATE TABLE t_enum (id enum('z','y','x') PRIMARY KEY); INSERT INTO t_enum VALUES ('x'), ('y'), ('z')`);
  const config = configOf(url, { 'snapshot.fetch.size': '100' });
  const tables = ['t_bin', 't_bit', 't_date', 't_dec', 't_int', 't_pair'];
  let all: { topic: string; offset: SourceOffsetValue }[];
  {
    await using capture = await Capture.start(config);
    await capture.until('all rows', () => capture.records.length === 6 * 900 + 903);
    all = capture.records.map(({ sourceOffset, topic }) => ({ topic, offset: sourceOffset ?? {} }));
    expect(all.at(-1)?.offset).toMatchObject({ snapshot_completed: true });
  }
  for (const table of tables) {
    const topic = `shop.${own}.${table}`;
    const ofTable = all.filter((each) => each.topic === topic);
    await using capture = await Capture.start(config, { offset: ofTable[450]?.offset });
    // Up to the part of 100 rows that the offset is in.
    await capture.untilStreaming();
    expect(capture.changes(`${own}.${table}`)).toHaveLength(500);
  }
});

test.each(['1', '2'])('rows of any size come as they are, by %s readers', async (threads) => {
  const { own, sql, url } = await database('sizes');
  // As many bytes as the number says, but for the first one, which has none: packets of all sizes up to several.
  const rows = 'seq, repeat(char(seq % 256), (seq % 7) * (seq % 7) * 20000), point(seq, 1)';
  await mariadb.sql('SET GLOBAL max_allowed_packet = 67108864');
  for (const table of ['a', 'b'])
    await sql(`CREATE TABLE ${table} (id int PRIMARY KEY, bytes longblob, at point, empty int);
      INSERT INTO ${table} SELECT ${rows}, NULL FROM seq_1_to_30;
      INSERT INTO ${table} SELECT 0, repeat('x', 17000000), point(0, 1), NULL`);
  const config = configOf(url, { 'snapshot.max.threads': threads, 'snapshot.fetch.size': '2' });
  await using capture = await Capture.start(config);
  for (const table of ['a', 'b']) {
    const changes = await capture.untilCount(`${own}.${table}`, 31);
    for (const { after } of changes) {
      const id = Number(after?.['id']);
      const wanted =
        id === 0 ? Buffer.alloc(17_000_000, 'x') : Buffer.alloc((id % 7) ** 2 * 20_000, id % 256);
      expect(wanted.equals(after?.['bytes'] as Buffer)).toBe(true);
      expect(after).toMatchObject({ at: { x: id, y: 1 }, empty: null });
    }
  }
});

test('a snapshot without a row is complete: what is inserted while nothing runs comes once', async () => {
  const { own, sql, url } = await database('empty');
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
  expect((await again.untilCount(`${own}.item`, 1)).map(({ op }) => op)).toEqual(['c']);
});

test('modes: always reads again, initial_only ends, no_data reads nothing', async () => {
  const { own, sql, url } = await database('modes');
  await sql(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(configOf(url, { 'snapshot.mode': 'initial_only' }));
    await capture.untilCount(`${own}.item`, 1);
    await sql('INSERT INTO item VALUES (2)');
    await sleep(500);
    expect(capture.changes(`${own}.item`)).toHaveLength(1);
    offset = capture.offset;
  }
  await using again = await Capture.start(configOf(url, { 'snapshot.mode': 'always' }), { offset });
  // The change that is in the log since is read from there as well.
  expect((await again.untilCount(`${own}.item`, 3)).map(({ op }) => op)).toEqual(['r', 'r', 'c']);
  await using never = await Capture.start(configOf(url, { 'snapshot.mode': 'no_data' }));
  await never.untilStreaming();
  await sql('INSERT INTO item VALUES (3)');
  expect((await never.untilCount(`${own}.item`, 1)).map(({ op }) => op)).toEqual(['c']);
});

test.each(['a snapshot', 'the stream'])(
  'a stop in %s is quick, and leaves no connection',
  async (where) => {
    const { own, sql, url } = await database('stop');
    await sql(
      "CREATE TABLE item (id int PRIMARY KEY, pad varchar(1000)); INSERT INTO item SELECT seq, repeat('x', 1000) FROM seq_1_to_50000",
    );
    const user = `u_${own}`;
    await mariadb.sql(
      `CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO '${user}'@'%'`,
    );
    const connections = async (): Promise<string> =>
      await mariadb.sql(
        `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '${user}'`,
      );
    const capture = await Capture.start(
      configOf(url, {
        'database.user': user,
        'database.password': 'x',
        'snapshot.fetch.size': '500',
        // What a server that has nothing else to write notices it by.
        'connect.keep.alive.interval.ms': '200',
        'snapshot.mode': where === 'a snapshot' ? 'initial' : 'no_data',
      }),
    );
    if (where === 'a snapshot') {
      await capture.until('a row', () => capture.records.length > 0);
      // The server waits, with the rest of the answer.
      capture.isHalted = true;
      await sleep(300);
    } else {
      await capture.untilStreaming();
    }
    const startedAtMs = performance.now();
    await capture.stop();
    // As long as a worker lets it take.
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    await waitFor(async () => (await connections()) === '0', {
      what: 'the connections to be gone',
    });
  },
);

test('a large table is read in parts at the same time, each row once, also after a crash', async () => {
  const { own, sql, url } = await database('parts');
  const rowCount = 20_000;
  await sql(`CREATE TABLE item (id int, region varchar(9), pad varchar(3000), PRIMARY KEY (id, region));
    INSERT INTO item SELECT CAST(seq AS SIGNED) * 3 - 9000, 'x', repeat('x', 2000) FROM seq_1_to_${String(rowCount)};
    ANALYZE TABLE item`);
  const config = configOf(url, { 'snapshot.max.threads': '2', 'snapshot.fetch.size': '500' });
  const first = await Capture.start(config);
  const idsOf = (capture: Capture): number[] =>
    capture.changes(`${own}.item`).map(({ after }) => Number(after?.['id']));
  // Each reader goes on from key to key: where the next row is not the next key, another one had its turn.
  const turns = (): number =>
    idsOf(first).filter((id, at, ids) => at > 0 && id !== (ids[at - 1] ?? 0) + 3).length;
  await first.until('a quarter, by two readers', () => turns() > 1 && first.records.length > 5_000);
  await first.stop();
  expect(first.offset?.['snapshot_progress']).toMatch(/"parts"/);
  await using second = await Capture.start(config, { offset: first.offset });
  const read = (): Set<number> => new Set([...idsOf(first), ...idsOf(second)]);
  await second.until('all rows', () => read().size === rowCount, 50_000);
  expect(new Set(idsOf(first)).size).toBe(idsOf(first).length);
  expect(idsOf(second).length).toBeLessThan(rowCount);
});
