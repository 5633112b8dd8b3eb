/**
 * What plugins do with code while they are configured stays where it is, and what definitions only refer to is known to
 * the plugin and to nobody else.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SecretStore } from '@sluice/config-providers/secrets';
import { type Cluster, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { events, showLogsOnFailure, units } from './support/cluster-facts.ts';

interface Infos {
  readonly error_count: number;
  readonly configs: readonly {
    readonly value: {
      readonly name: string;
      readonly value: string | null;
      readonly errors: readonly string[];
      readonly recommended_values: readonly string[];
      readonly visible: boolean;
    };
  }[];
}

interface Refusal {
  readonly error_code: number;
  readonly message: string;
  readonly code?: string;
}

const secret = 'hunter2/of today ä';
const user = 'sluice-of-today';
const key = Buffer.alloc(32, 7);
const validationLimitMs = 1_500;

const folder = makeOwnedFolder('configuration');
const pidFile = join(folder, 'pid');
let cluster: Cluster;
let redis: Redis;

beforeAll(async () => {
  const plugin = fileURLToPath(new URL('./support/checked-plugin.ts', import.meta.url));
  writeFileSync(join(folder, 'db.properties'), `user=${user}\n`);
  cluster = await startCluster({
    workers: 1,
    // Nobody is killed, and on a busy machine nobody is to be taken for dead.
    profile: 'default',
    env: {
      SLUICE_PLUGINS: plugin,
      SLUICE_EXECUTORS: '2',
      SLUICE_STOP_GRACE_MS: '500',
      SLUICE_VALIDATION_TIMEOUT_MS: String(validationLimitMs),
      SLUICE_CONFIG_PROVIDERS: 'file,secrets',
      SLUICE_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS: folder,
      SLUICE_SECRETS_KEYS: `k1:${key.toString('base64')}`,
    },
  });
  redis = new Redis(cluster.redisUrl);
});

afterAll(async () => {
  redis?.disconnect();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  showLogsOnFailure(cluster);
  rmSync(pidFile, { force: true });
});

/** With more patience than the client of the testkit has. The answer is one of both: what it is not is undefined. */
async function send(method: string, path: string, body: object) {
  const [coordinator] = cluster.coordinators;
  const response = await fetch(`${coordinator?.url}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
    signal: AbortSignal.timeout(40_000),
  });
  return { status: response.status, body: (await response.json()) as Infos & Refusal };
}

const checked = { 'connector.class': 'CheckedSource', name: 'checked', 'pid.file': pidFile };

function validate(config: object) {
  return send('PUT', '/connector-plugins/CheckedSource/config/validate', {
    ...checked,
    ...config,
  });
}

async function pidOf(what: string): Promise<number> {
  return await waitFor(() => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0), {
    what,
    until: (pid) => pid > 0,
    timeoutMs: 20_000,
  });
}

async function untilGone(pid: number): Promise<void> {
  const isAlive = (): boolean => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };
  await waitFor(() => !isAlive(), { what: `process ${pid} to be gone`, timeoutMs: 10_000 });
}

describe('code of a plugin that checks a definition', () => {
  test('tells what is wrong between keys, what to choose and what to show', async () => {
    const { body, status } = await validate({
      validation: 'refuse',
      topic: 'fast',
      'tasks.max': '0',
    });
    expect(status).toBe(200);
    const valueOf = (name: string) => body.configs.find(({ value }) => value.name === name)?.value;
    expect(body.error_count).toBe(2);
    expect(valueOf('topic')?.errors).toEqual(['there is no topic fast']);
    expect(valueOf('tasks.max')?.errors).toHaveLength(1);
    expect(valueOf('speed')).toMatchObject({ recommended_values: ['10', '20'], visible: true });

    const still = await validate({ topic: 'still', speed: '100' });
    const speed = still.body.configs.find(({ value }) => value.name === 'speed')?.value;
    expect(speed).toMatchObject({
      visible: false,
      errors: ['Invalid value 100 for configuration speed: Value must be below 100'],
    });
  });

  test('keeps a definition from being stored', async () => {
    const config = { ...checked, validation: 'refuse' };
    const { body, status } = await send('POST', '/connectors', {
      name: 'checked',
      config,
    });
    expect(status).toBe(400);
    expect(body.message).toContain('contains the following 1 error(s):\nthere is no topic checked');
    expect(await cluster.api.read('/connectors')).toEqual([]);
  });

  test.each(['wait', 'block'])(
    'that would %s for ever is given up; meanwhile all others are answered',
    { timeout: 60_000 },
    async (validation) => {
      const config = { ...checked, validation };
      const creating = send('POST', '/connectors', { name: 'checked', config });
      const pid = await pidOf('the validation to run');
      const beganMs = performance.now();
      expect((await cluster.api.get('/connectors')).status).toBe(200);
      await cluster.apply('beside', { 'connector.class': 'DatagenSource', topic: 'beside' });
      const answeredMs = performance.now() - beganMs;
      const { body, status } = await creating;
      expect(status).toBe(500);
      expect(body).toMatchObject({ error_code: 500, code: 'validation.timeout' });
      expect(body.message).toContain(
        `Request timed out. The validation of connector checked (CheckedSource) did not end within ${validationLimitMs} ms`,
      );
      // Of a coordinator that is held up as well nobody would hear for so long.
      expect(answeredMs).toBeLessThan(8_000);
      await untilGone(pid);
      expect(await cluster.api.read('/connectors')).toEqual(['beside']);
      expect((await cluster.api.delete('/connectors/beside')).status).toBe(204);
    },
  );

  test.each([
    ['throw', /failed: the database is not there$/],
    ['exit', /failed: its process ended with code 3 /],
    // Whichever bound it reaches first: that is the machine's speed.
    ['leak', /failed: its process ended with|did not end within/],
  ])('that would %s harms nobody', { timeout: 60_000 }, async (validation, message) => {
    const { body, status } = await validate({ validation });
    expect(status).toBe(500);
    expect(body.message).toContain('The validation of connector checked (CheckedSource) ');
    expect(body.message).toMatch(message);
    expect((await cluster.api.get('/health/ready')).status).toBe(200);
    expect((await validate({})).body.error_count).toBe(0);
  });
});

describe('code of a plugin that makes task configurations', () => {
  test('that throws fails the connector, which can be mended', async () => {
    await cluster.apply('checked', { ...checked, tasks: 'throw' });
    await waitFor(async () => await units(cluster, 'checked'), {
      what: 'the connector to have failed once',
      until: ([unit]) => unit?.trace?.includes('no work today') === true,
      timeoutMs: 20_000,
    });
    await cluster.apply('checked', { ...checked, tasks: 'fine' });
    await cluster.waitForRunning('checked');
    expect((await cluster.api.delete('/connectors/checked')).status).toBe(204);
  });

  test('that waits or blocks for ever stops no other connector from being made and run', async () => {
    await cluster.apply('waiting', { ...checked, name: 'waiting', tasks: 'wait' });
    await cluster.apply('blocking', { ...checked, name: 'blocking', tasks: 'block' });
    await pidOf('the task configurations to be asked for');
    await cluster.apply('beside', { 'connector.class': 'DatagenSource', topic: 'beside' });
    await cluster.waitForRunning('beside');
    // Its executor was replaced; the second time it does not block.
    await cluster.waitForRunning('blocking');
    const [waiting] = await units(cluster, 'waiting');
    expect(waiting?.state).not.toBe('RUNNING');
    for (const name of ['waiting', 'blocking', 'beside'])
      expect((await cluster.api.delete(`/connectors/${name}`)).status).toBe(204);
    await waitFor(async () => await units(cluster), {
      what: 'all to be gone',
      until: (rows) => rows.length === 0,
      timeoutMs: 30_000,
    });
  });
});

describe('references', () => {
  const telling = {
    'connector.class': 'TellingSource',
    topic: 'told',
    password: '${secrets:db:password}',
    url: `db://\${file:${join(folder, 'db.properties')}:user}@h`,
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  };

  beforeAll(async () => {
    const store = new SecretStore({
      redisUrl: cluster.redisUrl,
      cluster: cluster.name,
      keys: [{ id: 'k1', key }],
    });
    await store.set('db:password', secret, Date.now());
    store.close();
  });

  test('reach the plugin, and nothing else', { timeout: 90_000 }, async () => {
    const output = join(folder, 'told');
    await cluster.apply('telling', telling);
    await cluster.apply('sink', {
      'connector.class': 'FileStreamSink',
      file: output,
      topics: 'told',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    });
    const hash = createHash('sha256').update(`${secret} db://${user}@h ${secret}`);
    const expected = hash.digest('hex');
    await waitFor(() => existsSync(output) && readFileSync(output, 'utf8').trim(), {
      what: 'the hash of the secret',
      until: (text) => text === expected,
      timeoutMs: 30_000,
    });
    expect(await cluster.api.read('/connectors/telling/config')).toEqual({
      ...telling,
      name: 'telling',
    });
    const [task] = await cluster.api.read<{ config: Record<string, string> }[]>(
      '/connectors/telling/tasks',
    );
    expect(task?.config).toMatchObject({
      password: telling.password,
      url: telling.url,
      'task.work': JSON.stringify({ url: telling.url, secret: telling.password }),
    });

    for (const fails of ['start', 'poll']) {
      await cluster.apply('telling', { ...telling, fails });
      await waitFor(async () => await units(cluster, 'telling'), {
        what: `the task to fail at ${fails}`,
        until: (rows) =>
          rows.some(
            ({ trace }) =>
              trace?.includes('<secrets:db:password>') === true &&
              trace.includes('was refused at') === (fails === 'start'),
          ),
        timeoutMs: 30_000,
      });
    }
    const preview = await send('POST', '/sluice/preview?records=1', { config: telling });
    expect(preview.status).toBe(200);
    expect(JSON.stringify(preview.body)).toContain(expected);

    const processes = [...cluster.workers, ...cluster.coordinators].map((member) => member.process);
    await processes[0]?.waitForLine(/logged in with <secrets:db:password>/);
    const places = {
      redis: await redisText(),
      logs: processes.map(({ stderr, stdout }) => stdout + stderr).join(),
      units: JSON.stringify(await units(cluster)),
      events: JSON.stringify(await events(cluster)),
      preview: JSON.stringify(preview.body),
    };
    for (const [place, text] of Object.entries(places)) {
      expect(text, place).not.toContain('hunter2');
      expect(text, place).not.toContain(user);
    }
    // It was looked at what there is.
    expect(places.redis).toContain('${secrets:db:password}');
    for (const name of ['telling', 'sink'])
      expect((await cluster.api.delete(`/connectors/${name}`)).status).toBe(204);
  });

  test('that stand for nothing are refused by name, by a validation and by the worker', async () => {
    const config = { ...telling, name: 'telling', password: '${secrets:db:none}' };
    const reason =
      'Invalid value ${secrets:db:none} for configuration password: config provider secrets has no none at db';
    const { body } = await send('PUT', '/connector-plugins/TellingSource/config/validate', config);
    expect(body.error_count).toBe(1);
    expect(body.configs.flatMap(({ value }) => value.errors)).toEqual([reason]);
    expect((await send('POST', '/connectors', { name: 'telling', config })).status).toBe(400);

    // What was there when it was defined may be gone when it starts.
    const store = new SecretStore({
      redisUrl: cluster.redisUrl,
      cluster: cluster.name,
      keys: [{ id: 'k1', key }],
    });
    await store.set('db:none', 'for a moment', Date.now());
    expect((await send('POST', '/connectors', { name: 'telling', config })).status).toBe(201);
    await cluster.waitForRunning('telling');
    await store.delete(['db:none']);
    store.close();
    await cluster.api.post('/connectors/telling/restart');
    await waitFor(async () => await units(cluster, 'telling'), {
      what: 'the connector to say what is missing',
      until: (rows) => rows.some(({ trace }) => trace?.includes(reason) === true),
      timeoutMs: 20_000,
    });
    expect((await cluster.api.delete('/connectors/telling')).status).toBe(204);
  });
});

/** Everything that is in Redis. */
async function redisText(): Promise<string> {
  const texts: string[] = [];
  for (const name of await redis.keys('*')) {
    const read: Readonly<Record<string, () => Promise<unknown>>> = {
      string: () => redis.get(name),
      hash: () => redis.hgetall(name),
      list: () => redis.lrange(name, 0, -1),
      set: () => redis.smembers(name),
      zset: () => redis.zrange(name, 0, '-1'),
      stream: () => redis.xrange(name, '-', '+'),
    };
    const type = await redis.type(name);
    texts.push(name, JSON.stringify(await read[type]?.()));
  }
  return texts.join('\n');
}
