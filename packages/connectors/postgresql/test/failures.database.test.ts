import { type DatabaseHandle, startPostgres, TcpProxy, waitFor } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf, databasesOf } from './capture.ts';

// It is stopped and killed.
const postgres: DatabaseHandle = await startPostgres({ config: { max_replication_slots: '20' } });
afterAll(() => postgres.stop());
const newDatabase = databasesOf(postgres);

function idsOf(capture: Capture): unknown[] {
  return capture.changes('public.item').map(({ after }) => after?.['id']);
}

test('a database that is restarted in order, or crashes, is read on by itself with nothing missing', async () => {
  const { sql, url } = await newDatabase('restarted');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 1);
  await sql('INSERT INTO item VALUES (2)');
  await capture.untilCount('public.item', 2);
  const began = performance.now();
  await postgres.end();
  // A shutdown waits for readers that have not confirmed everything; this one lets go.
  expect(performance.now() - began).toBeLessThan(8_000);
  await postgres.start();
  await sql('INSERT INTO item VALUES (3)');
  await capture.untilCount('public.item', 3);
  await postgres.kill('SIGKILL');
  await postgres.start();
  await sql('INSERT INTO item VALUES (4)');
  await capture.until('the row after the crash', () => idsOf(capture).includes(4));
  expect([...new Set(idsOf(capture))]).toEqual([1, 2, 3, 4]);
  expect(capture.retries).toBeGreaterThan(1);
});

test('a connection that is cut, refused or silent is replaced, with nothing missing and nothing twice', async () => {
  const { sql, url } = await newDatabase('network');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  await using proxy = await TcpProxy.start(postgres.port);
  await using capture = await Capture.start(
    configOf(url, { 'database.port': String(proxy.port), 'status.update.interval.ms': '200' }),
  );
  await capture.untilStreaming();
  await sql('INSERT INTO item VALUES (2)');
  await capture.untilCount('public.item', 2);
  proxy.refuseConnections();
  proxy.dropConnections();
  await sql('INSERT INTO item VALUES (3)');
  await capture.until('several tries', () => capture.retries >= 3);
  await proxy.acceptConnections();
  await capture.untilCount('public.item', 3);
  proxy.disturb({ stalled: 'both' });
  await sql('INSERT INTO item VALUES (4)');
  const before = capture.retries;
  await capture.until('the silence to be noticed', () => capture.retries > before);
  proxy.dropConnections();
  proxy.disturb({});
  await capture.untilCount('public.item', 4);
  expect(idsOf(capture)).toEqual([1, 2, 3, 4]);
});

test('a connection that is replaced releases nothing that was only handed over', async () => {
  const { sql, url } = await newDatabase('unstored');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  await using proxy = await TcpProxy.start(postgres.port);
  const config = configOf(url, {
    'database.port': String(proxy.port),
    'status.update.interval.ms': '100',
  });
  await using capture = await Capture.start(config);
  await capture.untilStreaming();
  await sql('INSERT INTO item VALUES (2)');
  await capture.untilCount('public.item', 2);
  capture.stores = false;
  await sql('INSERT INTO item VALUES (3)');
  await capture.untilCount('public.item', 3);
  const { offset } = capture;
  const streams = () =>
    capture.lines.filter(({ message }) => message === 'streaming changes').length;
  proxy.dropConnections();
  await capture.until('the next stream', () => streams() >= 2);
  await sql('INSERT INTO item VALUES (4)');
  await capture.untilCount('public.item', 4);
  // Several times the interval in which the server is told what is safe.
  await new Promise((resolve) => setTimeout(resolve, 500));
  await capture.stop();
  await using next = await Capture.start(config, { offset });
  await next.until('what was not stored', () => next.records.length === 2);
  expect(idsOf(next)).toEqual([3, 4]);
});

test('a run whose worker lost its lease is cut off from the slot by the next one', async () => {
  const { sql, url } = await newDatabase('lease');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url);
  await using old = await Capture.start(config);
  await old.untilStreaming();
  await old.until('the offset', () => old.offset !== undefined);
  old.isHalted = true;
  await using young = await Capture.start(config, { offset: old.offset });
  await young.untilStreaming();
  await sql('INSERT INTO item VALUES (2)');
  await young.untilCount('public.item', 1);
  expect(young.lines.some(({ message }) => message.includes('ending the connection'))).toBe(true);
});

test('a slot that another program reads is waited for, and then named with its pid', async () => {
  const { sql, url } = await newDatabase('taken');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url);
  await using other = await Capture.start({ ...config, 'topic.prefix': 'other' });
  await other.untilStreaming();
  await using capture = await Capture.start({
    ...config,
    'slot.max.retries': '2',
    'slot.retry.delay.ms': '1000',
  });
  await expect(capture.untilStreaming()).rejects.toThrow(
    /slot slot_taken_\w+ is in use by the connection with pid \d+ \(sluice:other\)/,
  );
  expect(capture.retries).toBeGreaterThan(0);
});

test('changes that were lost are not passed over in silence', async () => {
  const { sql, url } = await newDatabase('gap');
  await sql('CREATE TABLE item (id int PRIMARY KEY, name text); INSERT INTO item VALUES (1)');
  const config = configOf(url);
  const first = await Capture.start(config);
  await first.untilStreaming();
  await sql('INSERT INTO item VALUES (2)');
  await first.untilCount('public.item', 2);
  await first.stop();
  const { offset } = first;
  await sql(
    `SELECT pg_drop_replication_slot('${config['slot.name']}'); INSERT INTO item VALUES (3); DELETE FROM item WHERE id = 1`,
  );
  {
    await using gone = await Capture.start(config, { offset });
    await expect(gone.untilStreaming()).rejects.toThrow(/slot \w+ is gone.*when_needed/);
  }
  await sql(`SELECT pg_create_logical_replication_slot('${config['slot.name']}', 'pgoutput')`);
  {
    await using anew = await Capture.start(config, { offset });
    await expect(anew.untilStreaming()).rejects.toThrow(/begins at .*made anew.*when_needed/);
  }
  await using needed = await Capture.start(
    { ...config, 'snapshot.mode': 'when_needed' },
    { offset },
  );
  await needed.untilStreaming();
  expect(needed.changes('public.item').map(({ after, op }) => [op, after?.['id']])).toEqual([
    ['r', 2],
    ['r', 3],
  ]);
});

test('a slot whose log the server has removed is told with the remedy, and read anew if asked for', async () => {
  const { sql, url } = await newDatabase('invalidated');
  await sql('CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE noise (pad text)');
  const config = configOf(url, { 'table.include.list': 'public.item' });
  await using capture = await Capture.start(config);
  await capture.untilStreaming();
  await sql('INSERT INTO item VALUES (1)');
  await capture.untilCount('public.item', 1);
  capture.stores = false;
  for (const setting of ["max_slot_wal_keep_size = '1MB'", "max_wal_size = '32MB'"])
    await sql(`ALTER SYSTEM SET ${setting}`);
  await sql('SELECT pg_reload_conf()');
  for (let round = 0; round < 4; round += 1)
    await sql(
      `INSERT INTO noise SELECT repeat(md5(n::text), 100) FROM generate_series(1, 5000) n; SELECT pg_switch_wal(); CHECKPOINT`,
    );
  for (const setting of ['max_slot_wal_keep_size', 'max_wal_size'])
    await sql(`ALTER SYSTEM RESET ${setting}`);
  await sql('SELECT pg_reload_conf(); INSERT INTO item VALUES (2)');
  // The server ends the stream by itself; what follows finds out why.
  expect(await capture.untilFailure()).toMatch(
    /has removed log that the slot \w+ still needed \(see max_slot_wal_keep_size\).*when_needed/,
  );
  await using needed = await Capture.start(
    { ...config, 'snapshot.mode': 'when_needed' },
    { offset: capture.offset },
  );
  await needed.untilCount('public.item', 2);
  await needed.untilStreaming();
  await sql('INSERT INTO item VALUES (3)');
  await needed.untilCount('public.item', 3);
  expect(idsOf(needed)).toEqual([1, 2, 3]);
});

test('a server that is behind the offset is another one, or was restored: its changes are not passed over', async () => {
  const { sql, url } = await newDatabase('behind');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url);
  let ahead: Record<string, number>;
  {
    await using capture = await Capture.start(config);
    await capture.untilStreaming();
    const lsn = Number(capture.offset?.['lsn_commit']) + 2 ** 30;
    ahead = { lsn, lsn_proc: lsn, lsn_commit: lsn };
  }
  await using capture = await Capture.start(config, { offset: ahead });
  expect(await capture.untilFailure()).toMatch(/ends at .*, before .*restored from a backup/);
  await using needed = await Capture.start(
    { ...config, 'snapshot.mode': 'when_needed' },
    { offset: ahead },
  );
  await needed.untilStreaming();
  expect(needed.changes('public.item').map(({ op }) => op)).toEqual(['r']);
});

test('a slot waits for the transactions that run, and says so', async () => {
  const { sql, url } = await newDatabase('waiting');
  await sql('CREATE TABLE item (id int PRIMARY KEY)');
  const running = sql('BEGIN; INSERT INTO item VALUES (1); SELECT pg_sleep(6); COMMIT');
  await waitFor(async () => (await sql(writersOf(url))) !== '', { what: 'the transaction' });
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 1);
  await running;
  expect(capture.lines.some(({ message }) => message.includes('pg_prepared_xacts'))).toBe(true);
});

/** Transactions of this database that have written something. */
function writersOf(url: string): string {
  return `SELECT pid FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND datname = '${new URL(url).pathname.slice(1)}'`;
}

test('snapshot.mode says when rows are read', async () => {
  const { sql, url } = await newDatabase('modes');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = (mode: string, slot: string) =>
    configOf(url, { 'snapshot.mode': mode, 'slot.name': slot });
  const ops = (capture: Capture) => capture.changes('public.item').map(({ op }) => op);
  {
    await using once = await Capture.start(config('initial_only', 'once'));
    await once.untilCount('public.item', 1);
    await sql('INSERT INTO item VALUES (2)');
    expect(await sql("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'once'")).toBe(
      '0',
    );
    expect(once.offset).toMatchObject({ snapshot_completed: true });
  }
  for (const mode of ['no_data', 'never']) {
    await using never = await Capture.start(config(mode, mode));
    await never.untilStreaming();
    await sql('DELETE FROM item WHERE id > 9; INSERT INTO item VALUES (10)');
    await never.until('a change', () => ops(never).includes('c'));
    expect(ops(never)).not.toContain('r');
  }
  const first = await Capture.start(config('always', 'always'));
  await first.untilStreaming();
  await first.stop();
  await using second = await Capture.start(config('always', 'always'), { offset: first.offset });
  await second.untilStreaming();
  await sql('INSERT INTO item VALUES (11)');
  await second.untilCount('public.item', 4);
  expect(ops(second)).toEqual(['r', 'r', 'r', 'c']);
});

test('slot.drop.on.stop leaves nothing behind', async () => {
  const { sql, url } = await newDatabase('dropped');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url, { 'slot.drop.on.stop': 'true', 'snapshot.mode': 'when_needed' });
  const capture = await Capture.start(config);
  await capture.untilStreaming();
  await capture.stop();
  expect(
    await sql(
      `SELECT count(*) FROM pg_replication_slots WHERE slot_name = '${config['slot.name']}'`,
    ),
  ).toBe('0');
});

test('neither a log line nor an error has the password', async () => {
  const { sql, url } = await newDatabase('secret');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const secret = 'Hunter2-very-secret';
  await using wrong = await Capture.start(configOf(url, { 'database.password': secret }));
  await expect(wrong.untilStreaming()).rejects.toThrow(/password of user sluice is wrong/);
  const right = decodeURIComponent(new URL(url).password);
  await using capture = await Capture.start(configOf(url));
  await capture.untilCount('public.item', 1);
  await postgres.kill('SIGKILL');
  await capture.until('a try', () => capture.retries > 0);
  await postgres.start();
  await sql('INSERT INTO item VALUES (2)');
  await capture.until('the row', () => idsOf(capture).includes(2));
  const told =
    JSON.stringify(
      [capture.lines, wrong.lines, capture.records.map(({ value }) => value)],
      (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each),
    ) + String(wrong.failure);
  expect(told).not.toContain(secret);
  expect(told).not.toContain(right);
});
