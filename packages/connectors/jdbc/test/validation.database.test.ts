/** What is told before anything runs: what is wrong at the other end, and the remedy; never a password. */
import type { ConfigProblem, ConnectorConfig } from '@sluice/connector-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jdbcSink, jdbcSource } from '../src/index.ts';
import { connectionOf, databaseOf, databases, silent, type TestServer } from './databases.ts';

const secret = 'tops3cret';

describe.each(databases)('validation on $name', ({ name, start }) => {
  const isPostgres = name === 'PostgreSQL';
  let server: TestServer;
  let url: string;
  let poor: ConnectorConfig;
  const sql = (text: string): Promise<string> => server.sql(text, databaseOf(url));
  beforeAll(async () => {
    server = await start();
    url = await server.createDatabase('valid');
    await sql('CREATE TABLE orders (id INT PRIMARY KEY, at TIMESTAMP NULL, n INT)');
    await sql('CREATE TABLE keyless (id INT)');
    const user = isPostgres
      ? `CREATE USER poor PASSWORD '${secret}'; GRANT SELECT ON keyless TO poor`
      : `CREATE USER poor IDENTIFIED BY '${secret}'; GRANT SELECT ON ${databaseOf(url)}.keyless TO poor; GRANT INSERT ON ${databaseOf(url)}.orders TO poor`;
    await sql(user);
    poor = { ...connectionOf(url), 'connection.user': 'poor', 'connection.password': secret };
  });
  afterAll(async () => {
    await server.stop();
  });

  async function problemsOf(
    plugin: typeof jdbcSink | typeof jdbcSource,
    settings: ConnectorConfig,
  ): Promise<string[]> {
    const config = { name: 'test', topics: 'orders', ...connectionOf(url), ...settings };
    const problems: readonly ConfigProblem[] =
      (await plugin.validate?.(config, { logger: silent, signal: AbortSignal.timeout(10_000) })) ??
      [];
    const texts = problems.map(({ key, message }) => `${key}: ${message}`);
    expect(texts.join('\n')).not.toContain(secret);
    expect(texts.join('\n')).not.toContain(connectionOf(url)['connection.password']);
    return texts;
  }

  const upsert = { 'insert.mode': 'upsert', 'pk.mode': 'record_key', 'pk.fields': 'id' };
  const incrementing = { mode: 'incrementing', 'incrementing.column.name': 'id' };

  test('what is right has no problems', async () => {
    expect(await problemsOf(jdbcSink, { ...upsert, 'delete.enabled': 'true' })).toEqual([]);
    expect(await problemsOf(jdbcSource, { ...incrementing, 'table.whitelist': 'orders' })).toEqual(
      [],
    );
  });

  test.each([jdbcSink, jdbcSource])('cannot connect: $class', async (plugin) => {
    const settings = plugin === jdbcSink ? upsert : incrementing;
    const system = isPostgres ? 'postgresql' : 'mysql';
    const at = (rest: string): ConnectorConfig => ({
      ...settings,
      'connection.url': `jdbc:${system}://${rest}`,
    });
    const { port } = new URL(url);
    expect(await problemsOf(plugin, at(`127.0.0.1:1/shop?password=${secret}`))).toEqual([
      expect.stringMatching(
        /^connection\.url: cannot connect to .*"shop" on 127\.0\.0\.1:1.*the server runs/,
      ),
    ]);
    expect(await problemsOf(plugin, at(`no-such-host.invalid/shop`))).toEqual([
      expect.stringMatching(/^connection\.url: cannot connect .*no-such-host\.invalid/),
    ]);
    expect(await problemsOf(plugin, at(`127.0.0.1:${port}/nowhere`))).toEqual([
      expect.stringMatching(/^connection\.url: .*name of the database/),
    ]);
    expect(await problemsOf(plugin, { ...settings, 'connection.password': secret })).toEqual([
      expect.stringMatching(
        /^connection\.password: .*check connection\.user and connection\.password/,
      ),
    ]);
    expect(
      await problemsOf(plugin, at(`127.0.0.1:${port}${new URL(url).pathname}?sslmode=verify-full`)),
    ).toEqual([expect.stringMatching(/^connection\.url: cannot connect/)]);
  });

  test('the sink: table missing, no key, privileges', async () => {
    expect(await problemsOf(jdbcSink, { ...upsert, topics: 'missing' })).toEqual([
      expect.stringMatching(
        /^auto\.create: Table .missing. for the topic missing is missing.*auto\.create=true/,
      ),
    ]);
    expect(
      await problemsOf(jdbcSink, { ...upsert, topics: 'missing', 'auto.create': 'true' }),
    ).toEqual([]);
    expect(await problemsOf(jdbcSink, { ...upsert, topics: 'keyless' })).toEqual([
      expect.stringMatching(/^insert\.mode: Table .keyless. has no primary key/),
    ]);
    expect(await problemsOf(jdbcSink, { ...upsert, 'pk.fields': 'n' })).toEqual([
      expect.stringMatching(/^pk\.fields: .*no primary key or unique index on exactly n/),
    ]);
    const lacks = await problemsOf(jdbcSink, { ...upsert, ...poor, 'delete.enabled': 'true' });
    expect(lacks).toEqual([
      expect.stringMatching(
        isPostgres
          ? /lacks INSERT, UPDATE, SELECT, DELETE on table/
          : /lacks UPDATE, SELECT, DELETE on table/,
      ),
    ]);
  });

  test('the source: table missing, columns that do not do, privileges', async () => {
    expect(
      await problemsOf(jdbcSource, { ...incrementing, 'table.whitelist': 'orders,nothing' }),
    ).toEqual([
      expect.stringMatching(/^table\.whitelist: table\.whitelist names nothing, which is missing/),
    ]);
    expect(
      await problemsOf(jdbcSource, { mode: 'incrementing', 'table.whitelist': 'orders' }),
    ).toEqual([
      expect.stringMatching(
        /no column that the database counts up: set incrementing\.column\.name/,
      ),
    ]);
    expect(
      await problemsOf(jdbcSource, {
        mode: 'timestamp',
        'timestamp.column.name': 'at',
        'table.whitelist': 'orders',
      }),
    ).toEqual([
      expect.stringMatching(/all of these columns are nullable.*validate\.non\.null=false/),
    ]);
    expect(
      await problemsOf(jdbcSource, {
        mode: 'timestamp',
        'timestamp.column.name': 'when',
        'table.whitelist': 'orders',
      }),
    ).toEqual([expect.stringMatching(/has no column when: it has id, at, n/)]);
    if (isPostgres)
      expect(
        await problemsOf(jdbcSource, { ...incrementing, ...poor, 'table.whitelist': 'orders' }),
      ).toEqual([
        expect.stringMatching(
          /^connection\.user: connection\.user lacks SELECT on table .*GRANT SELECT/,
        ),
      ]);
    else
      expect(
        await problemsOf(jdbcSource, { ...incrementing, ...poor, 'table.whitelist': 'orders' }),
      ).toEqual([expect.stringMatching(/lacks SELECT on table/)]);
  });
});
