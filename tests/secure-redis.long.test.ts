/** Redis as careful people run it: encrypted connections only, and users that may do what the guide lists. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  type Cluster,
  makeCertificate,
  type RedisHandle,
  repositoryRoot,
  type StartClusterOptions,
  spawnNode,
  startCluster,
  startRedis,
  waitFor,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { linesIn } from './support/numbered-file.ts';
import { sluice } from './support/sluice-command.ts';

const tls = makeCertificate(Date.now());
const adminPassword = 'admin-password';

let redis: RedisHandle;
let admin: Redis;
let folder: string;
let authority: string;

beforeAll(async () => {
  redis = await startRedis({ tls, config: ['--requirepass', adminPassword] });
  admin = new Redis(redis.url, { password: adminPassword, tls: { ca: tls.certificate } });
  // Kept where Redis removes it with its own files.
  folder = redis.dir;
  authority = join(folder, 'authority.pem');
  writeFileSync(authority, tls.certificate);
});

afterAll(async () => {
  admin?.disconnect();
  await redis?.stop();
});

test('all work with one user that may do what the guide lists', async () => {
  const [rules] = usersInGuide();
  await allow(rules, 'one');
  await using cluster = await start('one', { REDIS_URL: urlOf('sluice') });
  await runsThePipeline(cluster, 'one');
  const drained = await sluice(cluster, ['drain', 'worker-1'], environment());
  expect(drained).toMatchObject({ code: 0 });
  expect(await denied()).toEqual([]);
});

test('the log may have a user of its own, with other keys', async () => {
  const [, coordination, log] = usersInGuide();
  await allow(coordination, 'two');
  await allow(log, 'two');
  const logEnvironment = { SLUICE_LOG_REDIS_URL: urlOf('sluice-log') };
  await using cluster = await start('two', { REDIS_URL: urlOf('sluice'), ...logEnvironment });
  await runsThePipeline(cluster, 'two', logEnvironment);
  expect(await denied()).toEqual([]);
});

test('users of the guide see neither other keys nor administrative commands', async () => {
  for (const rules of usersInGuide()) {
    await allow(rules, 'three');
    const user = /^\S+/.exec(rules)?.[0] ?? '';
    const client = new Redis(urlOf(user), { tls: { ca: tls.certificate } });
    try {
      for (const command of [
        ['GET', 'other'],
        ['SET', '{sluice:other}:leader', '1'],
        ['HGETALL', '{sluice-log:other}:topics'],
        ['PUBLISH', 'other', '1'],
        ['FLUSHALL'],
        ['KEYS', '*'],
        ['CONFIG', 'SET', 'maxmemory', '1'],
        ['ACL', 'LIST'],
        ['SHUTDOWN'],
      ] as const) {
        const [name, ...args] = command;
        await expect(client.call(name, ...args), command.join(' ')).rejects.toThrow(/NOPERM/);
      }
    } finally {
      client.disconnect();
    }
  }
  await admin.call('ACL', 'LOG', 'RESET');
});

test('each thing that is wrong with the connection is named with its remedy', async () => {
  await allow(usersInGuide()[0], 'four');
  const cluster = { name: 'four', redisUrl: urlOf('sluice') };
  const untrusted = await sluice(cluster, ['get', 'workers'], { NODE_EXTRA_CA_CERTS: undefined });
  expect(untrusted).toMatchObject({ code: 5, stdout: '' });
  expect(untrusted.stderr).toMatch(/certificate is not trusted \(.*NODE_EXTRA_CA_CERTS/);

  const wrong = { ...cluster, redisUrl: `rediss://sluice:wrong@127.0.0.1:${redis.port}` };
  const refused = await sluice(wrong, ['get', 'workers'], environment());
  expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('WRONGPASS') });
  expect(refused.stderr).not.toContain('wrong@');

  const plain = { ...cluster, redisUrl: redis.url.replace('rediss:', 'redis:') };
  const closed = await sluice(plain, ['get', 'workers'], environment());
  expect(closed).toMatchObject({ code: 5, stderr: expect.stringContaining('rediss://') });

  await using open = await startRedis();
  const unencrypted = { ...cluster, redisUrl: open.url.replace('redis:', 'rediss:') };
  const spoken = await sluice(unencrypted, ['get', 'workers'], environment());
  expect(spoken).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/speaks? TLS on this port/),
  });
  const log = await sluice(unencrypted, ['log', 'groups'], environment());
  expect(log).toMatchObject({ code: 5, stderr: expect.stringMatching(/speaks? TLS on this port/) });
});

test.each(['coordinator', 'worker'])(
  'a %s that does not trust the certificate says so and ends',
  async (app) => {
    await using started = spawnNode(`apps/${app}/src/main.ts`, {
      env: {
        REDIS_URL: urlOf('sluice'),
        NODE_EXTRA_CA_CERTS: undefined,
        SLUICE_REDIS_WAIT_MS: '500',
        SLUICE_PORT: '0',
        SLUICE_WORKER_PORT: '0',
      },
    });
    expect(await started.exited).toEqual({ code: 1, signal: null });
    expect(started.stderr).toMatch(/certificate is not trusted .*NODE_EXTRA_CA_CERTS/);
    expect(started.stderr).not.toContain('password@');
  },
);

/** The rules of the users in the guide, each beginning with the user's name. */
function usersInGuide(): readonly [string, string, string] {
  const guide = readFileSync(join(repositoryRoot, 'docs/guides/redis.md'), 'utf8');
  const [first, second, third] = [...guide.matchAll(/^ACL SETUSER (sluice\S* on .+)$/gm)].map(
    ([, rules = '']) => rules,
  );
  if (!first || !second || !third) throw new Error('the guide must list three users');
  return [first, second, third];
}

async function allow(rules: string, cluster: string): Promise<void> {
  const [user = '', ...rest] = rules.replaceAll(':default}', `:${cluster}}`).split(' ');
  await admin.call('ACL', 'SETUSER', user, 'reset', ...rest);
}

/** What Redis refused since the last time, but for what the guide says that only boards ask for. */
async function denied(): Promise<unknown[]> {
  const entries = (await admin.call('ACL', 'LOG')) as unknown[][];
  await admin.call('ACL', 'LOG', 'RESET');
  return entries.filter((entry) => !entry.includes('client|list'));
}

function urlOf(user: string): string {
  return `rediss://${user}:password@127.0.0.1:${redis.port}`;
}

function environment(): Record<string, string> {
  return { NODE_EXTRA_CA_CERTS: authority };
}

async function start(name: string, env: NonNullable<StartClusterOptions['env']>): Promise<Cluster> {
  const redisUrl = env['REDIS_URL'] ?? '';
  return await startCluster({ name, redisUrl, workers: 1, env: { ...env, ...environment() } });
}

async function runsThePipeline(
  cluster: Cluster,
  name: string,
  logEnvironment: Record<string, string> = {},
): Promise<void> {
  const env = { ...environment(), ...logEnvironment };
  const [input, output] = [join(folder, `${name}-input`), join(folder, `${name}-output`)];
  writeFileSync(input, 'first\n');
  const strings = {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  };
  const source = { 'connector.class': 'FileStreamSource', file: input, topic: 'lines', ...strings };
  const sink = { 'connector.class': 'FileStreamSink', file: output, topics: 'lines', ...strings };
  const definitions = join(folder, `${name}.json`);
  writeFileSync(
    definitions,
    JSON.stringify([
      { name: 'source', config: source },
      { name: 'sink', config: sink },
    ]),
  );
  const applied = await sluice(cluster, ['apply', '-f', definitions, '--wait'], env);
  expect(applied).toMatchObject({ code: 0, stderr: '' });
  appendFileSync(input, 'second\n');
  await waitFor(() => linesIn(output), {
    what: 'the lines to arrive',
    until: (lines) => lines.length >= 2,
    timeoutMs: 15_000,
  });
  expect(linesIn(output)).toEqual(['first', 'second']);

  // The boards read their queues; groups are listed and forgotten.
  const boards = await fetch(`${cluster.coordinators[0]?.url}/queues/api/queues`);
  expect(boards.status).toBe(200);
  await boards.arrayBuffer();
  const groups = await sluice(cluster, ['log', 'groups', '--json'], env);
  expect(JSON.parse(groups.stdout)).toMatchObject([{ group: 'connect-sink', topic: 'lines' }]);
  const deleted = await sluice(cluster, ['delete', 'sink', '--wait'], env);
  expect(deleted).toMatchObject({ code: 0, stderr: '' });
  const forgotten = await sluice(cluster, ['log', 'forget-group', 'connect-sink', '--yes'], env);
  expect(forgotten).toMatchObject({ code: 0, stderr: '' });
}
