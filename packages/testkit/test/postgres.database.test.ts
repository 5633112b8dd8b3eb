import { expect, test } from 'vitest';
import { startPostgres, usePostgres } from '../src/index.ts';

test('a PostgreSQL of its own takes logical replication and keeps its data over a crash', async () => {
  await using postgres = await startPostgres();
  const database = new URL(await postgres.createDatabase('shop')).pathname.slice(1);
  await postgres.sql('CREATE TABLE item (id int, name text)', database);
  await postgres.sql("INSERT INTO item VALUES (1, 'täst')", database);
  expect(await postgres.sql('SHOW wal_level')).toBe('logical');

  await postgres.kill('SIGKILL');
  await expect(postgres.sql('SELECT 1')).rejects.toThrow(/refused/);
  await postgres.start();
  expect(await postgres.sql('SELECT * FROM item', database)).toBe('1\ttäst');

  await postgres.end();
  await postgres.start();
  expect(await postgres.sql('SELECT count(*) FROM item', database)).toBe('1');
});

test('a PostgreSQL takes settings, and says what is wrong with SQL', async () => {
  await using postgres = await startPostgres({
    walLevel: 'replica',
    config: { max_wal_senders: '3' },
  });
  expect(await postgres.sql('SHOW wal_level')).toBe('replica');
  expect(await postgres.sql('SHOW max_wal_senders')).toBe('3');
  await expect(postgres.sql('SELECT broken')).rejects.toThrow(/column "broken" does not exist/);
});

test('POSTGRES_URL names a server that exists already', async () => {
  await using postgres = await startPostgres();
  process.env['POSTGRES_URL'] = postgres.url;
  try {
    await using used = await usePostgres();
    expect(used.url).toBe(postgres.url);
    expect(new URL(await used.createDatabase('orders')).pathname).toMatch(/^\/orders_[a-z0-9]{6}$/);
  } finally {
    delete process.env['POSTGRES_URL'];
  }
  expect(await postgres.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'orders%'")).toBe(
    '1',
  );
});
