/** What is lost, changed or broken between two starts, or under a running capture. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { SourceOffsetValue } from '@sluice/connector-api';
import { startMariadb, waitFor } from '@sluice/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { Capture, configOf, type Envelope } from './capture.ts';

const mariadb = await startMariadb({ config: ['--binlog-row-metadata=NO_LOG'] });
afterAll(() => mariadb[Symbol.asyncDispose]());

async function database(name: string): Promise<{
  readonly url: string;
  /** Of a table, as captured changes are found by. */
  readonly item: string;
  readonly sql: (text: string) => Promise<string>;
}> {
  const url = await mariadb.createDatabase(name);
  const own = new URL(url).pathname.slice(1);
  return { url, item: `${own}.item`, sql: (text) => mariadb.sql(text, own) };
}

function afters(changes: readonly Envelope[]): (Record<string, unknown> | null)[] {
  return changes.map(({ after }) => after);
}

describe('a start within a transaction', () => {
  const rows = 700;

  async function offsets(): Promise<{
    url: string;
    item: string;
    all: readonly SourceOffsetValue[];
  }> {
    const { item, sql, url } = await database('inside');
    await sql(
      `CREATE TABLE item (id int PRIMARY KEY, pad varchar(100)); CREATE TABLE noise (id int);`,
    );
    await using capture = await Capture.start(configOf(url, { 'snapshot.mode': 'no_data' }));
    await capture.untilStreaming();
    await sql(`BEGIN; INSERT INTO noise VALUES (1); INSERT INTO item SELECT seq, repeat('x', 90) FROM seq_1_to_${rows};
      INSERT INTO noise VALUES (2); UPDATE item SET pad = 'y' WHERE id <= 100; COMMIT;
      INSERT INTO item VALUES (0, 'after')`);
    await capture.untilCount(item, rows + 101);
    return {
      url,
      item,
      all: capture.records.flatMap(({ sourceOffset, topic }) =>
        sourceOffset && topic === `shop.${item}` ? [sourceOffset] : [],
      ),
    };
  }

  test.each([
    { by: 'GTID', without: [] },
    { by: 'file and position', without: ['gtids', 'tx_gtid'] },
  ])('goes on at the next row, by $by', async ({ without }) => {
    const { all, item, url } = await offsets();
    for (const at of [0, 299, rows - 1, rows + 49, rows + 99]) {
      const offset = Object.fromEntries(
        Object.entries(all[at] ?? {}).filter(([name]) => !without.includes(name as never)),
      );
      await using capture = await Capture.start(configOf(url), { offset });
      const left = await capture.untilCount(item, rows + 100 - at);
      expect(left).toHaveLength(rows + 100 - at);
      const next = at + 1 < rows ? { op: 'c', after: { id: at + 2 } } : undefined;
      const nextUpdate =
        at + 1 < rows + 100 ? { op: 'u', after: { id: at + 2 - rows } } : undefined;
      expect(left[0]).toMatchObject(next ?? nextUpdate ?? { op: 'c', after: { id: 0 } });
      expect(left.at(-1)).toMatchObject({ op: 'c', after: { id: 0, pad: 'after' } });
    }
  });

  test('an offset of Debezium begins the transaction again', async () => {
    const { all, item, url } = await offsets();
    const { tx_events: _, tx_rows: __, tx_gtid: ___, ...offset } = all[10] ?? {};
    await using capture = await Capture.start(configOf(url), {
      offset: { ...offset, event: 7, row: 2 },
    });
    expect((await capture.untilCount(item, rows + 101))[0]).toMatchObject({ after: { id: 1 } });
  });
});

describe('a table that changes', () => {
  test('is read by the columns that it had, while it is captured and after a restart', async () => {
    const { item, sql, url } = await database('alter');
    await sql(
      `CREATE TABLE item (id int PRIMARY KEY, a varchar(10), b varchar(10)); INSERT INTO item VALUES (1, 'a', 'b')`,
    );
    const config = configOf(url);
    let offset: SourceOffsetValue | undefined;
    {
      await using capture = await Capture.start(config);
      await capture.untilCount(item, 1);
      await sql(
        `INSERT INTO item VALUES (2, 'a', 'b'); ALTER TABLE item ADD COLUMN c bigint unsigned AFTER id`,
      );
      await sql(`INSERT INTO item VALUES (3, 18446744073709551615, 'a', 'b')`);
      await capture.untilCount(item, 3);
      expect(afters(capture.changes(item)).slice(1)).toEqual([
        { id: 2, a: 'a', b: 'b' },
        { id: 3, c: -1n, a: 'a', b: 'b' },
      ]);
      offset = capture.offset;
    }
    // Nothing captures, and names alone change: types would not tell.
    await sql(`INSERT INTO item VALUES (4, 4, 'a', 'b');
      ALTER TABLE item RENAME COLUMN a TO b, RENAME COLUMN b TO a;
      INSERT INTO item VALUES (5, 5, 'b now', 'a now')`);
    await using capture = await Capture.start(config, { offset });
    expect(afters(await capture.untilCount(item, 2))).toEqual([
      { id: 4, c: 4, a: 'a', b: 'b' },
      { id: 5, c: 5, b: 'b now', a: 'a now' },
    ]);
    await sql(
      'DROP TABLE item; CREATE TABLE item (id bigint PRIMARY KEY, other text); INSERT INTO item VALUES (6, "x")',
    );
    expect(afters(await capture.untilCount(item, 3)).at(-1)).toEqual({ id: 6, other: 'x' });
    await sql(
      'CREATE TABLE fresh LIKE item; RENAME TABLE item TO old, fresh TO item; INSERT INTO item VALUES (7, "y")',
    );
    // A row between two changes has to be captured before the second one.
    await capture.untilCount(item, 4);
    await sql(
      'TRUNCATE item; ALTER TABLE item ADD x int; ALTER TABLE item ADD y int; INSERT INTO item VALUES (8, "z", 1, 2)',
    );
    expect(afters(await capture.untilCount(item, 5)).slice(-2)).toEqual([
      { id: 7, other: 'y' },
      { id: 8, other: 'z', x: 1, y: 2 },
    ]);
  });

  test('twice with rows between that are captured later: is refused, or read again if asked for', async () => {
    const { item, sql, url } = await database('twice');
    await sql(
      `CREATE TABLE item (id int PRIMARY KEY, a int, b int); INSERT INTO item VALUES (1, 1, 2)`,
    );
    const config = configOf(url);
    let offset: SourceOffsetValue | undefined;
    {
      await using capture = await Capture.start(config);
      await capture.untilCount(item, 1);
      offset = capture.offset;
    }
    const swap = 'ALTER TABLE item RENAME COLUMN a TO b, RENAME COLUMN b TO a';
    await sql(
      `${swap}; INSERT INTO item VALUES (2, 1, 2); ${swap}; INSERT INTO item VALUES (3, 1, 2)`,
    );
    {
      await using capture = await Capture.start(config, { offset });
      expect(await capture.untilFailure()).toMatch(
        /The columns that twice_\w+\.item had at binlog\.\d+:\d+ are not known .*binlog_row_metadata/,
      );
    }
    await using capture = await Capture.start(
      { ...config, 'snapshot.mode': 'when_needed' },
      { offset },
    );
    const read = await capture.untilCount(item, 3);
    expect(read.map(({ op, after }) => [op, after])).toEqual([
      ['r', { id: 1, a: 1, b: 2 }],
      ['r', { id: 2, a: 1, b: 2 }],
      ['r', { id: 3, a: 1, b: 2 }],
    ]);
  });

  test('is emptied: written if asked for', async () => {
    const { item, sql, url } = await database('empty');
    await sql(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
    await using capture = await Capture.start(configOf(url, { 'skipped.operations': 'none' }));
    await capture.untilCount(item, 1);
    await sql('TRUNCATE TABLE item; INSERT INTO item VALUES (2)');
    const changes = await capture.untilCount(item, 3);
    expect(changes.map(({ op }) => op)).toEqual(['r', 't', 'c']);
  });

  test('is changed by a statement that was logged without its rows: is refused', async () => {
    const { item, sql, url } = await database('statement');
    await sql(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
    await using capture = await Capture.start(configOf(url));
    await capture.untilCount(item, 1);
    await sql(`SET SESSION binlog_format = STATEMENT; INSERT INTO item VALUES (2)`);
    expect(await capture.untilFailure()).toMatch(/as a statement.*binlog_format to ROW/);
  });

  test('is changed with parts of rows only: is refused', async () => {
    const { item, sql, url } = await database('minimal');
    await sql(
      `CREATE TABLE item (id int PRIMARY KEY, a int, b int); INSERT INTO item VALUES (1, 1, 1)`,
    );
    await using capture = await Capture.start(configOf(url));
    await capture.untilCount(item, 1);
    await sql(`SET SESSION binlog_row_image = MINIMAL; UPDATE item SET a = 2`);
    expect(await capture.untilFailure()).toMatch(/binlog_row_image to FULL/);
  });
});

describe('a server that is away', () => {
  test('that crashes and comes back: the capture goes on by itself', async () => {
    const { item, sql, url } = await database('crash');
    await sql(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
    await using capture = await Capture.start(configOf(url));
    await capture.untilCount(item, 1);
    await sql('INSERT INTO item VALUES (2)');
    await capture.untilCount(item, 2);
    await mariadb.kill('SIGKILL');
    await capture.until('an error that passes', () => capture.retries > 0);
    await mariadb.start();
    await sql('INSERT INTO item VALUES (3)');
    await capture.untilCount(item, 3);
    expect(afters(capture.changes(item))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
  });

  test('that answers nothing: is left, and found again', async () => {
    const { item, sql, url } = await database('frozen');
    await sql(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
    await using capture = await Capture.start(
      configOf(url, { 'connect.keep.alive.interval.ms': '300', 'connect.timeout.ms': '1000' }),
    );
    await capture.untilCount(item, 1);
    await capture.untilStreaming();
    await mariadb.kill('SIGSTOP');
    try {
      await capture.until('the connection is given up', () => capture.retries > 0);
    } finally {
      await mariadb.kill('SIGCONT');
    }
    await sql('INSERT INTO item VALUES (2)');
    await capture.untilCount(item, 2);
    expect(afters(capture.changes(item))).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('whose log was purged: says so, or reads the tables again if asked for', async () => {
    const { item, sql, url } = await database('purged');
    await sql(`CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)`);
    const config = configOf(url);
    let offset: SourceOffsetValue | undefined;
    {
      await using capture = await Capture.start(config);
      await capture.untilCount(item, 1);
      offset = capture.offset;
    }
    await sql(
      'INSERT INTO item VALUES (2); FLUSH BINARY LOGS; INSERT INTO item VALUES (3); FLUSH BINARY LOGS',
    );
    const [last = ''] = (await sql('SHOW MASTER STATUS')).split('\t');
    const isPurged = async (): Promise<boolean> => {
      // Not as long as the server believes that somebody reads it.
      await sql(`PURGE BINARY LOGS TO '${last}'`);
      return (await sql('SHOW BINARY LOGS')).startsWith(last);
    };
    await waitFor(isPurged, { what: 'the log to be purged', timeoutMs: 20_000 });
    const { gtids: _, ...byFile } = offset ?? {};
    for (const stale of [offset, byFile]) {
      await using capture = await Capture.start(config, { offset: stale });
      expect(await capture.untilFailure()).toMatch(
        /has not got the binary log any more.*when_needed/,
      );
    }
    await using capture = await Capture.start(
      { ...config, 'snapshot.mode': 'when_needed' },
      { offset },
    );
    expect(afters(await capture.untilCount(item, 3))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }]);
    await sql('INSERT INTO item VALUES (4)');
    expect((await capture.untilCount(item, 4)).at(-1)).toMatchObject({ op: 'c', after: { id: 4 } });
  });
});

test('a capture that is not polled makes the server wait', async () => {
  const { item, sql, url } = await database('pressure');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY, pad longtext); INSERT INTO item VALUES (0, '')`,
  );
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount(item, 1);
  capture.isHalted = true;
  await sql(`INSERT INTO item SELECT seq, repeat('x', 1000000) FROM seq_1_to_150`);
  const isWaiting = async (): Promise<boolean> =>
    /Writing to net/.test(await mariadb.sql('SHOW FULL PROCESSLIST'));
  for (let round = 0; round < 100 && !(await isWaiting()); round += 1) await sleep(100);
  expect(await isWaiting()).toBe(true);
  capture.isHalted = false;
  expect(await capture.untilCount(item, 151)).toHaveLength(151);
});

test('heartbeats move the position while no captured table changes', async () => {
  const { item, sql, url } = await database('idle');
  await sql(
    `CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE noise (id int); INSERT INTO item VALUES (1)`,
  );
  await using capture = await Capture.start(
    configOf(url, { 'table.include.list': item, 'heartbeat.interval.ms': '100' }),
  );
  await capture.untilCount(item, 1);
  const before = capture.offset?.['gtids'];
  await sql('INSERT INTO noise VALUES (1)');
  const end = await sql('SELECT @@gtid_binlog_pos');
  await capture.until('the position moves', () => capture.offset?.['gtids'] === end);
  expect(end).not.toBe(before);
  expect(capture.records.at(-1)).toMatchObject({
    topic: '__debezium-heartbeat.shop',
    key: { serverName: 'shop' },
  });
});

test('events that MariaDB compresses are read', async () => {
  const { item, sql, url } = await database('packed');
  await sql(`CREATE TABLE item (id int PRIMARY KEY, pad text)`);
  await mariadb.sql('SET GLOBAL log_bin_compress = ON');
  await using capture = await Capture.start(configOf(url, { 'snapshot.mode': 'no_data' }));
  await capture.untilStreaming();
  await sql(
    `INSERT INTO item SELECT seq, repeat('x', 900) FROM seq_1_to_50; UPDATE item SET pad = repeat('y', 900); ALTER TABLE item ADD COLUMN note varchar(200) COMMENT '${'c'.repeat(900)}'; DELETE FROM item`,
  );
  const changes = await capture.untilCount(item, 150);
  await mariadb.sql('SET GLOBAL log_bin_compress = OFF');
  expect(changes[99]).toMatchObject({ op: 'u', after: { id: 50, pad: 'y'.repeat(900) } });
  expect(changes[149]).toMatchObject({ op: 'd', before: { id: 50, note: null } });
});
