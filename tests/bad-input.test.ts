/**
 * Everything that people get wrong, through the command line, the API and the start of the processes: the
 * message names the thing and the remedy, the exit code is not 0, and nothing is half applied.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Cluster, freePort, makeOwnedFolder, spawnNode, startCluster } from '@sluice/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { events, showLogsOnFailure, units } from './support/cluster-facts.ts';
import { type CommandResult, sluice } from './support/sluice-command.ts';

const throwingPlugin = fileURLToPath(new URL('./support/throwing-plugin.ts', import.meta.url));
const noop = { 'connector.class': 'NoopSource' };

const folder = makeOwnedFolder('badinput');
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({
    workers: 1,
    // Nobody is killed, and on a busy machine nobody is to be taken for dead.
    profile: 'default',
    env: {
      SLUICE_PLUGINS: throwingPlugin,
      // The leader would raise the protocol some time, and no event but those of a test is to come in between.
      SLUICE_PROTOCOL_QUIET_SECONDS: '3600',
    },
  });
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

afterEach(async () => {
  // Whatever was tried: the definition beside the bad one must not have been applied alone.
  expect(await cluster.api.read('/connectors')).toEqual([]);
  expect(await units(cluster)).toEqual([]);
});

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('sluice apply', () => {
  const good = { name: 'good', config: noop };

  test.each<{ what: string; name: string; content: unknown; says: readonly (string | RegExp)[] }>([
    {
      what: 'a definition without a name',
      name: 'no-name.json',
      content: [good, { config: noop }],
      says: ['no-name.json, item 2', 'has no "name"', 'give the connector one'],
    },
    {
      what: 'a definition without a class',
      name: 'no-class.json',
      content: [good, { name: 'bad', config: { topic: 'x' } }],
      says: ['no-class.json, item 2', 'connector "bad"', 'has no "connector.class"', 'get plugins'],
    },
    {
      what: 'a class that nobody has',
      name: 'unknown-class.json',
      content: [good, { name: 'bad', config: { 'connector.class': 'NoSuchSource' } }],
      says: [
        'nothing was applied',
        'unknown-class.json, item 2',
        'NoSuchSource',
        /available connectors are: .*NoopSource/,
      ],
    },
    {
      what: 'a file that is not JSON',
      name: 'broken.json',
      content: '[{"name": "good", "config": {"connector.class": "NoopSource"}},\n {"name": ]',
      says: ['broken.json is not JSON', 'line 2, column 11'],
    },
    {
      what: 'a file that is not YAML',
      name: 'broken.yaml',
      content: 'name: good\nconfig:\n  connector.class: [NoopSource\n',
      says: ['broken.yaml is not YAML', /line \d+, column \d+/],
    },
    {
      what: 'a number of tasks that is none',
      name: 'zero.yaml',
      content: `${JSON.stringify(good)}\n---\nname: bad\nconnector.class: NoopSource\ntasks.max: zero\n`,
      says: ['zero.yaml, document 2', 'connector "bad"', 'tasks.max "zero"', 'at least 1'],
    },
    {
      what: 'a value that the connector refuses',
      name: 'bad-value.json',
      content: [good, { name: 'bad', config: { 'connector.class': 'VerifiableSource' } }],
      says: ['nothing was applied', 'bad-value.json, item 2', 'topic'],
    },
  ])('refuses $what, and what stands beside it', async ({ name, content, says }) => {
    const result = await sluice(cluster, ['apply', '-f', file(name, content)]);
    expect(result.code, result.stdout + result.stderr).toBe(3);
    expectToSay(result, says);
  });

  test('refuses a file that is not there, and what another file defines', async () => {
    const missing = join(folder, 'missing.json');
    const result = await sluice(cluster, ['apply', '-f', file('good.json', good), missing]);
    expect(result.code, result.stdout + result.stderr).toBe(3);
    expectToSay(result, [missing, 'there is no such file']);
  });

  test('names a plugin that did not load, and why, when its class is asked for', async () => {
    const asked = { name: 'bad', config: { 'connector.class': 'ThrowingSource' } };
    const result = await sluice(cluster, ['apply', '-f', file('throwing.json', [good, asked])]);
    expect(result.code, result.stdout + result.stderr).toBe(3);
    const why = 'the driver of this connector is not installed';
    expectToSay(result, ['ThrowingSource', 'failed to load', 'throwing-plugin.ts', why]);
    expectToSay(await sluice(cluster, ['get', 'plugins']), ['throwing-plugin.ts', why]);
    // The worker itself lives, says the same, and runs what else it has.
    await cluster.workers[0]?.process.waitForLine(new RegExp(why));
  });

  test('says where no Redis answers', async () => {
    const path = file('good.json', good);
    const redisUrl = `redis://127.0.0.1:${await freePort()}`;
    const result = await sluice({ name: cluster.name, redisUrl }, ['apply', '-f', path]);
    expect(result.code, result.stdout + result.stderr).toBe(5);
    expectToSay(result, [redisUrl, 'nothing listens there', '--redis or REDIS_URL']);
  });

  test('says that what answers at a wrong port is not Redis', async () => {
    const redisUrl = `redis://127.0.0.1:${cluster.coordinators[0]?.port}`;
    const result = await sluice({ name: cluster.name, redisUrl }, ['get', 'tasks']);
    expect(result.code, result.stdout + result.stderr).toBe(5);
    expectToSay(result, [redisUrl, /that is not Redis|is it Redis/, '--redis or REDIS_URL']);
  });
});

describe('the API', () => {
  const good = { name: 'good', config: noop };

  test.each([
    { what: 'no name', body: { config: noop }, status: 400, says: 'name' },
    {
      what: 'no class',
      body: { name: 'bad', config: {} },
      status: 400,
      says: 'contains no connector type: give connector bad a "connector.class", one of DatagenSource, FaultySource',
    },
    {
      what: 'a class that nobody has',
      body: { name: 'bad', config: { 'connector.class': 'NoSuchSource' } },
      status: 400,
      says: 'which name matches NoSuchSource, available connectors are: DatagenSource, FaultySource',
    },
    {
      what: 'a number of tasks that is none',
      body: { name: 'bad', config: { ...noop, 'tasks.max': 'zero' } },
      status: 400,
      says: 'Invalid value zero for configuration tasks.max',
    },
  ])('refuses $what, alone and beside a good one', async ({ body, status, says }) => {
    const alone = await cluster.api.post('/connectors', body);
    expect(alone).toMatchObject({
      status,
      body: { error_code: status, message: expect.stringContaining(says) },
    });
    const both = await cluster.api.put('/sluice/apply', [good, body]);
    expect(both.status).toBeGreaterThanOrEqual(400);
    expect(both.body).toMatchObject({ error_code: both.status, message: expect.any(String) });
  });

  test('refuses a body that is not JSON', async () => {
    const response = await fetch(`${cluster.coordinators[0]?.url}/connectors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name": "bad",',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      message: expect.stringContaining('not valid JSON'),
    });
  });
});

describe.each([
  { app: 'coordinator', portSetting: 'SLUICE_PORT' },
  { app: 'worker', portSetting: 'SLUICE_WORKER_PORT' },
])('a $app that cannot start', ({ app, portSetting }) => {
  async function start(env: Readonly<Record<string, string>>): Promise<CommandResult> {
    await using started = spawnNode(`apps/${app}/src/main.ts`, {
      name: app,
      env: {
        REDIS_URL: cluster.redisUrl,
        SLUICE_CLUSTER: cluster.name,
        SLUICE_PROFILE: 'fast',
        [portSetting]: '0',
        ...env,
      },
    });
    const { code } = await started.exited;
    return { code, stdout: started.stdout, stderr: started.stderr };
  }

  test('says where no Redis answers', async () => {
    const url = `redis://127.0.0.1:${await freePort()}`;
    const result = await start({ REDIS_URL: url, SLUICE_REDIS_WAIT_MS: '300' });
    expect(result.code, result.stdout + result.stderr).toBe(1);
    expectToSay(result, [`sluice-${app}: Redis at ${url}`, 'check that it runs', 'REDIS_URL']);
  });

  test('says which port is in use, and takes part in nothing', async () => {
    const before = await events(cluster);
    const port = String(cluster.coordinators[0]?.port);
    const result = await start({ [portSetting]: port });
    expect(result.code, result.stdout + result.stderr).toBe(1);
    expectToSay(result, [`127.0.0.1:${port}`, 'in use', `set ${portSetting} to another port`]);
    expect(await events(cluster)).toEqual(before);
    expect(await cluster.liveWorkers()).toEqual(['worker-1']);
  });

  test('lists all settings that are wrong at once', async () => {
    const result = await start({ REDIS_URL: 'http://127.0.0.1', [portSetting]: 'http' });
    expect(result.code, result.stdout + result.stderr).toBe(2);
    expectToSay(result, [
      `${portSetting}=http is not a whole number from 0 to 65535`,
      'REDIS_URL must begin with redis:// or rediss://',
    ]);
  });
});

function expectToSay({ stdout, stderr }: CommandResult, parts: readonly (string | RegExp)[]): void {
  for (const part of parts) {
    if (typeof part === 'string') expect(stdout + stderr).toContain(part);
    else expect(stdout + stderr).toMatch(part);
  }
  // Words, not a stack.
  expect(stderr).not.toMatch(/^ {4}at /m);
}
