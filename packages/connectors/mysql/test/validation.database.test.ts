/** What a definition is refused for, before it is stored, and with which remedy. */
import type { ConfigProblem, ConnectorConfig } from '@sluice/connector-api';
import { startMariadb, TcpProxy } from '@sluice/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { mariadbConnector } from '../src/index.ts';
import { Capture, configOf } from './capture.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb[Symbol.asyncDispose]());
const url = await mariadb.createDatabase('check');
const own = new URL(url).pathname.slice(1);
await mariadb.sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)', own);

const lines: unknown[] = [];
const log = (...line: unknown[]): void => void lines.push(line);

async function problemsOf(config: ConnectorConfig): Promise<readonly ConfigProblem[]> {
  const problems = await mariadbConnector.validate?.(config, {
    signal: new AbortController().signal,
    logger: { debug: log, info: log, warn: log, error: log },
  });
  return problems ?? [];
}

async function user(name: string, grants: readonly string[]): Promise<Record<string, string>> {
  await mariadb.sql(
    `CREATE USER '${name}'@'%' IDENTIFIED BY 'pw-of-${name}'; ${grants.map((grant) => `GRANT ${grant} TO '${name}'@'%';`).join(' ')}`,
  );
  return { 'database.user': name, 'database.password': `pw-of-${name}` };
}

test('a definition that works has no problems', async () => {
  expect(await problemsOf(configOf(url))).toEqual([]);
});

test.each([
  {
    what: 'nothing that listens',
    more: { 'database.port': '1' },
    key: 'database.hostname',
    message: /nothing listens on 127\.0\.0\.1:1; check database\.hostname/,
  },
  {
    what: 'a wrong password',
    more: { 'database.password': 'not-the-secret' },
    key: 'database.password',
    message: /password is wrong/,
  },
  {
    what: 'a table that there is not',
    more: { 'table.include.list': `${own}.item,${own}.none` },
    key: 'table.include.list',
    message: /has "check_\w+\.none", and the server has no such table/,
  },
  {
    what: 'the number of the server itself',
    more: { 'database.server.id': '1' },
    key: 'database.server.id',
    message: /number of the server itself/,
  },
  {
    what: 'a key that is not supported',
    more: { 'gtid.source.includes': '0' },
    key: 'gtid.source.includes',
    message: /gtid\.source\.includes is not supported/,
  },
  {
    what: 'a channel of signals',
    more: { 'signal.data.collection': 'shop.signals' },
    key: 'signal.data.collection',
    message: /signal\.data\.collection is not supported/,
  },
  {
    what: 'encryption that the server has not',
    more: { 'database.ssl.mode': 'required' },
    key: 'database.ssl.mode',
    message: /takes no encrypted connections/,
  },
])('$what is named', async ({ key, message, more }) => {
  const config = configOf(url, more);
  const problems = await problemsOf(config);
  expect(problems).toEqual([{ key, message: expect.stringMatching(message) }]);
  expect(JSON.stringify([problems, lines])).not.toContain('not-the-secret');
  expect(JSON.stringify([problems, lines])).not.toContain(config['database.password']);
});

describe('a missing privilege is named with the statement that grants it', () => {
  test('REPLICATION SLAVE and REPLICATION CLIENT', async () => {
    const problems = await problemsOf(configOf(url, await user('reader', [`SELECT ON ${own}.*`])));
    expect(problems).toEqual([
      {
        key: 'database.user',
        message: expect.stringMatching(/GRANT REPLICATION SLAVE ON \*\.\* TO reader/),
      },
      {
        key: 'database.user',
        message: expect.stringMatching(/GRANT REPLICATION CLIENT ON \*\.\* TO reader/),
      },
    ]);
  });

  test('SELECT', async () => {
    const grants = ['REPLICATION SLAVE, REPLICATION CLIENT ON *.*', `INSERT ON ${own}.*`];
    const problems = await problemsOf(configOf(url, await user('writer', grants)));
    expect(problems).toEqual([
      {
        key: 'database.user',
        message: expect.stringMatching(/GRANT SELECT ON `check_\w+`\.`item` TO writer/),
      },
    ]);
  });

  test('with those alone a capture works', async () => {
    const grants = ['REPLICATION SLAVE, REPLICATION CLIENT ON *.*', `SELECT ON ${own}.*`];
    const config = configOf(url, await user('capturer', grants));
    expect(await problemsOf(config)).toEqual([]);
    await using capture = await Capture.start(config);
    await capture.untilCount(`${own}.item`, 1);
    await mariadb.sql('INSERT INTO item VALUES (2)', own);
    await capture.untilCount(`${own}.item`, 2);
  });
});

test('a server that is slow is not waited for, however much there is to look at', async () => {
  await using proxy = await TcpProxy.start(mariadb.port);
  proxy.disturb({ latencyMs: 250 });
  lines.length = 0;
  const startedAtMs = performance.now();
  expect(await problemsOf(configOf(url, { 'database.port': String(proxy.port) }))).toEqual([]);
  // Far less than the sum of its answers.
  expect(performance.now() - startedAtMs).toBeLessThan(9_000);
  expect(lines).toMatchObject([[{}, expect.stringMatching(/longer than 4000 ms: not all/)]]);
});

test('the number of another replica is named, and its own is not', async () => {
  const config = configOf(url);
  await using capture = await Capture.start(config);
  await capture.untilCount(`${own}.item`, 2);
  await capture.untilStreaming();
  expect(await problemsOf(config)).toEqual([]);
  expect(await problemsOf({ ...config, 'topic.prefix': 'another' })).toEqual([
    {
      key: 'database.server.id',
      message: expect.stringMatching(/is taken by the replica "sluice:shop"/),
    },
  ]);
});

test('a column that cannot be captured is named, until it is left out', async () => {
  const other = await mariadb.createDatabase('odd');
  const name = new URL(other).pathname.slice(1);
  await mariadb.sql(
    'CREATE TABLE item (id int PRIMARY KEY, u uuid, d varchar(9) CHARACTER SET dec8); INSERT INTO item VALUES (1, uuid(), "a")',
    name,
  );
  expect(await problemsOf(configOf(other))).toMatchObject([
    { key: 'column.exclude.list', message: expect.stringMatching(/item\.u is of type uuid/) },
  ]);
  const config = configOf(other, { 'column.exclude.list': `${name}.item.u,${name}.item.d` });
  expect(await problemsOf(config)).toEqual([]);
  await using capture = await Capture.start(config);
  await capture.untilCount(`${name}.item`, 1);
  await mariadb.sql('INSERT INTO item VALUES (2, uuid(), "b")', name);
  expect((await capture.untilCount(`${name}.item`, 2))[1]?.after).toEqual({ id: 2 });
});

test.each([
  { setting: '--skip-log-bin', message: /no binary log: set log_bin/ },
  {
    setting: '--binlog-format=MIXED',
    message: /binlog_format of the server is MIXED.*set it to ROW/,
  },
  {
    setting: '--binlog-row-image=MINIMAL',
    message: /binlog_row_image of the server is MINIMAL.*set it to FULL/,
  },
])('a server with $setting is refused', async ({ message, setting }) => {
  await using server = await startMariadb({ config: [setting] });
  const config = configOf(await server.createDatabase('bare'));
  expect(await problemsOf(config)).toEqual([
    { key: 'database.hostname', message: expect.stringMatching(message) },
  ]);
  await using capture = await Capture.start(config);
  expect(await capture.untilFailure()).toMatch(message);
});
