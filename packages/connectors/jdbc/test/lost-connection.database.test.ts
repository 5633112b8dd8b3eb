/** A connection that is lost in the middle of a statement is noticed at once, and not when its limit is over. */
import { Password } from '@sluice/connector-api';
import { TcpProxy, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openDialect } from '../src/connection/open-dialect.ts';
import type { Session } from '../src/dialect.ts';
import { connectionOf, databases, type TestServer } from './databases.ts';

const readOptions = {
  batchRows: 10,
  zone: 'UTC',
  numericMapping: 'none',
  granularity: 'connect_logical',
} as const;

async function readAll(session: Session, sql: string): Promise<number> {
  let rows = 0;
  for await (const batch of session.read(sql, [], readOptions)) rows += batch.rows.length;
  return rows;
}

describe.each(databases)('on $name', ({ name, start }) => {
  const [slow, underWay] =
    name === 'PostgreSQL'
      ? [
          'SELECT pg_sleep(60)',
          "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'",
        ]
      : [
          'SELECT SLEEP(60) AS slept',
          "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep'",
        ];
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  test.each([
    ['rows are read', (session: Session) => readAll(session, slow)],
    ['rows are asked for', (session: Session) => session.query(slow)],
  ])('while %s', async (_what, work) => {
    const url = await server.createDatabase('lost');
    await using proxy = await TcpProxy.start(server.port);
    const config = connectionOf(url, proxy.port);
    const dialect = await openDialect({
      'connection.url': config['connection.url'] ?? '',
      'connection.user': config['connection.user'],
      'connection.password': new Password(config['connection.password'] ?? ''),
      'db.timezone': 'UTC',
      'quote.sql.identifiers': 'ALWAYS',
    });
    const { signal } = new AbortController();
    const session = await dialect.connect({ limitMs: 20_000, signal });
    const outcome = work(session).then(
      () => 'done',
      (error: unknown) => error,
    );
    await waitFor(async () => Number((await server.sql(underWay)).trim()), {
      what: 'the statement to be under way',
      until: (count) => count > 0,
      timeoutMs: 30_000,
    });
    const droppedAtMs = performance.now();
    proxy.dropConnections();
    expect(await outcome).toMatchObject({ fault: 'connection' });
    expect(performance.now() - droppedAtMs).toBeLessThan(20_000);
    expect(session.isUsable).toBe(false);
    await session.close();
  });
});
