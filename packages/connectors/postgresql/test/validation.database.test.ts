import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigProblem, ConnectorConfig } from '@sluice/connector-api';
import { freePort, makeCertificate, startPostgres } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { postgresConnector } from '../src/index.ts';
import { Capture, configOf, databasesOf } from './capture.ts';

const postgres = await startPostgres({ config: { max_replication_slots: '2' } });
afterAll(() => postgres.stop());
const newDatabase = databasesOf(postgres);

const logger = { debug() {}, info() {}, warn() {}, error() {} };

async function problemsOf(config: ConnectorConfig): Promise<readonly ConfigProblem[]> {
  const signal = AbortSignal.timeout(10_000);
  return (await postgresConnector.validate?.(config, { logger, signal })) ?? [];
}

test('a definition that can run has no problems, also while its connector runs', async () => {
  const { sql, url } = await newDatabase('fine');
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)');
  const config = configOf(url, { 'table.include.list': 'public.item' });
  expect(await problemsOf(config)).toEqual([]);
  await using capture = await Capture.start(config);
  await capture.untilStreaming();
  expect(await problemsOf(config)).toEqual([]);
});

test('what cannot be reached is told by its key, with the remedy', async () => {
  const { url } = await newDatabase('reach');
  const port = String(await freePort());
  expect(await problemsOf(configOf(url, { 'database.port': port }))).toEqual([
    {
      key: 'database.hostname',
      message: expect.stringMatching(/nothing listens on 127\.0\.0\.1:\d+; check/),
    },
  ]);
  expect(await problemsOf(configOf(url, { 'database.hostname': 'no-such-host.invalid' }))).toEqual([
    {
      key: 'database.hostname',
      message: expect.stringMatching(/no-such-host\.invalid is not known/),
    },
  ]);
  expect(await problemsOf(configOf(url, { 'database.password': 'wrong' }))).toEqual([
    {
      key: 'database.password',
      message: expect.stringMatching(/password of user sluice is wrong/),
    },
  ]);
  expect(await problemsOf(configOf(url, { 'database.dbname': 'nowhere' }))).toEqual([
    { key: 'database.dbname', message: expect.stringMatching(/there is no database nowhere/) },
  ]);
  expect(await problemsOf(configOf(url, { 'database.sslmode': 'require' }))).toEqual([
    { key: 'database.hostname', message: expect.stringMatching(/does not support SSL/) },
  ]);
});

test('connections are encrypted, and the certificate of the server is checked, as sslmode says', async () => {
  const certificate = makeCertificate(Date.now());
  await using server = await startPostgres({ tls: certificate });
  const url = await server.createDatabase('tls');
  await server.sql(
    'CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1)',
    new URL(url).pathname.slice(1),
  );
  const folder = mkdtempSync(join(tmpdir(), 'sluice-tls-'));
  const [right, wrong] = ['right.pem', 'wrong.pem'].map((name) => join(folder, name));
  writeFileSync(right ?? '', certificate.certificate);
  writeFileSync(wrong ?? '', makeCertificate(Date.now()).certificate);
  try {
    for (const mode of ['disable', 'prefer', 'require', 'verify-ca', 'verify-full']) {
      const config = configOf(url, {
        'database.sslmode': mode,
        'database.sslrootcert': right ?? '',
      });
      expect([mode, await problemsOf(config)]).toEqual([mode, []]);
      await using capture = await Capture.start({
        ...config,
        'slot.name': `tls_${mode.replace('-', '_')}`,
      });
      await capture.untilStreaming();
      // By its slot: the connection of the mode before may not have ended yet.
      const encrypted = await server.sql(
        `SELECT ssl FROM pg_stat_ssl JOIN pg_replication_slots ON pid = active_pid WHERE slot_name = 'tls_${mode.replace('-', '_')}'`,
      );
      expect([mode, encrypted]).toEqual([mode, mode === 'disable' ? 'f' : 't']);
    }
    for (const mode of ['verify-ca', 'verify-full'])
      expect(
        await problemsOf(
          configOf(url, { 'database.sslmode': mode, 'database.sslrootcert': wrong ?? '' }),
        ),
      ).toEqual([{ key: 'database.sslrootcert', message: expect.stringMatching(/certificate/) }]);
    expect(
      await problemsOf(configOf(url, { 'database.sslrootcert': join(folder, 'none.pem') })),
    ).toEqual([{ key: 'database.sslrootcert', message: expect.stringContaining('none.pem') }]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a server that logs too little, and slots that are all in use, are told', async () => {
  await using plain = await startPostgres({ walLevel: 'replica' });
  const url = await plain.createDatabase('plain');
  expect(await problemsOf(configOf(url))).toEqual([
    {
      key: 'database.hostname',
      message: expect.stringMatching(/wal_level of the server is replica.*wal_level = logical/),
    },
  ]);
  const full = await newDatabase('full');
  await full.sql(
    `SELECT pg_create_logical_replication_slot('s1_full', 'pgoutput'); SELECT pg_create_logical_replication_slot('s2_full', 'test_decoding')`,
  );
  expect(await problemsOf(configOf(full.url))).toEqual([
    {
      key: 'slot.name',
      message: expect.stringMatching(/all replication slots.*max_replication_slots/),
    },
  ]);
  expect(await problemsOf(configOf(full.url, { 'slot.name': 's2_full' }))).toEqual([
    { key: 'slot.name', message: expect.stringMatching(/plugin test_decoding, not pgoutput/) },
  ]);
});

test('missing privileges are told with the statement that grants them', async () => {
  const { sql, url } = await newDatabase('weak');
  const database = new URL(url).pathname.slice(1);
  await sql(`CREATE TABLE item (id int PRIMARY KEY); CREATE ROLE weak_user LOGIN PASSWORD 'weak'`);
  const weak = { 'database.user': 'weak_user', 'database.password': 'weak' };
  const problems = await problemsOf(configOf(url, weak));
  expect(problems).toEqual([
    {
      key: 'database.user',
      message: expect.stringContaining('ALTER ROLE "weak_user" REPLICATION'),
    },
    {
      key: 'database.user',
      message: expect.stringContaining('GRANT SELECT ON "public"."item" TO "weak_user"'),
    },
    { key: 'publication.autocreate.mode', message: expect.stringMatching(/only a superuser/) },
  ]);
  await sql('ALTER ROLE weak_user REPLICATION; GRANT SELECT ON item TO weak_user');
  const filtered = configOf(url, { ...weak, 'publication.autocreate.mode': 'filtered' });
  expect(await problemsOf(filtered)).toEqual([
    {
      key: 'publication.autocreate.mode',
      message: expect.stringContaining(`GRANT CREATE ON DATABASE "${database}"`),
    },
  ]);
  await sql(`GRANT CREATE ON DATABASE ${database} TO weak_user`);
  expect(await problemsOf(filtered)).toEqual([
    {
      key: 'publication.autocreate.mode',
      message: expect.stringMatching(/does not own public\.item/),
    },
  ]);
  const disabled = configOf(url, { ...weak, 'publication.autocreate.mode': 'disabled' });
  expect(await problemsOf(disabled)).toEqual([
    {
      key: 'publication.name',
      message: expect.stringContaining('CREATE PUBLICATION "dbz_publication"'),
    },
  ]);
  await sql('CREATE PUBLICATION dbz_publication FOR TABLE item; INSERT INTO item VALUES (1)');
  expect(await problemsOf(disabled)).toEqual([]);
  await using capture = await Capture.start(disabled);
  await capture.untilStreaming();
  await sql('INSERT INTO item VALUES (2)');
  await capture.untilCount('public.item', 2);
});

test('a table that is not there is told, and one that the publication lacks stops the task', async () => {
  const { sql, url } = await newDatabase('missing');
  await sql(
    'CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE more (id int PRIMARY KEY); CREATE PUBLICATION dbz_publication FOR TABLE item',
  );
  expect(
    await problemsOf(configOf(url, { 'table.include.list': 'public.item,public.orders' })),
  ).toEqual([
    {
      key: 'table.include.list',
      message: expect.stringMatching(/"public\.orders".* no such table/),
    },
  ]);
  {
    await using capture = await Capture.start(
      configOf(url, { 'publication.autocreate.mode': 'disabled' }),
    );
    await expect(capture.untilStreaming()).rejects.toThrow(
      /publication dbz_publication lacks .*public\.more/,
    );
  }
  await using filtered = await Capture.start(
    configOf(url, { 'publication.autocreate.mode': 'filtered' }),
  );
  await filtered.untilStreaming();
  await sql('INSERT INTO more VALUES (1)');
  await filtered.untilCount('public.more', 1);
});

test('keys that are known but not supported, and keys that do not go together, are refused by name', async () => {
  const { url } = await newDatabase('keys');
  const refused: ConnectorConfig[] = [
    { 'provide.transaction.metadata': 'true' },
    { 'column.mask.with.10.chars': 'public.item.name' },
    { 'snapshot.select.statement.overrides': 'public.item' },
    { 'signal.data.collection': 'public.signals' },
    { 'slot.stream.params': 'a=b' },
    { converters: 'mine' },
    { 'table.include.list': 'public.a', 'table.exclude.list': 'public.b' },
    { 'table.exclude.list': 'public.(' },
    { 'slot.drop.on.stop': 'true' },
    { 'max.queue.size': '10' },
  ];
  for (const more of refused) {
    const named = Object.keys(more).at(-1);
    expect(await problemsOf(configOf(url, more))).toEqual([
      { key: named, message: expect.stringContaining(named ?? '') },
    ]);
  }
  expect(
    await problemsOf(
      configOf(url, { 'provide.transaction.metadata': 'false', 'snapshot.locking.mode': 'none' }),
    ),
  ).toEqual([]);
});
