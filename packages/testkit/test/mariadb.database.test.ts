import { expect, test } from 'vitest';
import { startMariadb, useMariadb } from '../src/index.ts';

test('a MariaDB of its own logs rows with transaction ids and keeps its data over a crash', async () => {
  await using mariadb = await startMariadb();
  const database = new URL(await mariadb.createDatabase('shop')).pathname.slice(1);
  await mariadb.sql('CREATE TABLE item (id int primary key, name text)', database);
  await mariadb.sql("INSERT INTO item VALUES (1, 'täst 🎈')", database);
  expect(await mariadb.sql('SELECT @@log_bin, @@binlog_format, @@server_id')).toBe('1\tROW\t1');
  expect(await mariadb.sql('SELECT @@gtid_binlog_pos')).toMatch(/^0-1-\d+$/);

  await mariadb.kill('SIGKILL');
  await expect(mariadb.sql('SELECT 1')).rejects.toThrow(/Can't connect/);
  await mariadb.start();
  expect(await mariadb.sql('SELECT * FROM item', database)).toBe('1\ttäst 🎈');

  await mariadb.end();
  await mariadb.start();
  expect(await mariadb.sql('SELECT count(*) FROM item', database)).toBe('1');
});

test('a MariaDB takes settings, and runs without a binary log', async () => {
  await using mariadb = await startMariadb({ binaryLog: false, config: ['--max-connections=17'] });
  expect(await mariadb.sql('SELECT @@log_bin, @@max_connections')).toBe('0\t17');
});

test('MARIADB_URL names a server that exists already', async () => {
  await using mariadb = await startMariadb();
  process.env['MARIADB_URL'] = mariadb.url;
  try {
    await using used = await useMariadb();
    expect(used.url).toBe(mariadb.url);
    expect(new URL(await used.createDatabase('orders')).pathname).toMatch(/^\/orders_[a-z0-9]{6}$/);
  } finally {
    delete process.env['MARIADB_URL'];
  }
});
