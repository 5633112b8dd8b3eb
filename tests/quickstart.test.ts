/** `npm run quickstart` from the outside: real processes, on ports and in a folder of the test's own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import {
  ApiClient,
  freePort,
  isAlive,
  kafkaTool,
  type NodeProcess,
  spawnNode,
  startKafka,
  waitFor,
} from '@sluice/testkit';
import { afterEach, beforeEach, expect, onTestFailed, test } from 'vitest';

const upTimeoutMs = 60_000;
// Promised are 15 s on an idle machine (it takes 5); here others may run as well.
const warmMs = 30_000;
/** Two starts with a Kafka; on a machine with time for it they take 25 s. */
const startsTwiceMs = 180_000;

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function quickstart(args: readonly string[], env: Record<string, string> = {}): NodeProcess {
  const child = spawnNode('scripts/quickstart.ts', {
    args,
    env: {
      REDIS_URL: undefined,
      KAFKA_BROKERS: undefined,
      SLUICE_STATE_FOLDER: folder,
      ...env,
    },
  });
  onTestFailed(() => console.log(child.describe()));
  return child;
}

async function waitUntilUp(child: NodeProcess): Promise<void> {
  await child.waitForLine(/Ctrl-C stops everything/, { timeoutMs: upTimeoutMs });
}

function childPids(): number[] {
  const text = readFileSync(join(folder, 'quickstart', 'running.json'), 'utf8');
  return (JSON.parse(text) as { children: number[] }).children;
}

async function waitUntilGone(pids: readonly number[]): Promise<void> {
  await waitFor(() => pids.filter(isAlive), {
    what: 'all processes of the quickstart to be gone',
    until: (left) => left.length === 0,
  });
}

test('the quickstart moves a line, shows what a kill does, and stops all that it started', async () => {
  const port = await freePort();
  await using first = quickstart(['--port', String(port)]);
  await waitUntilUp(first);
  const pids = childPids();
  expect(pids).toHaveLength(4);
  expect(pids.every(isAlive)).toBe(true);
  expect(readFileSync(join(folder, 'quickstart', 'output.txt'), 'utf8')).toMatch(
    /^first line of .*\nsecond line of .*\n$/,
  );

  await using second = quickstart(['--port', String(await freePort())]);
  expect((await second.exited).code).toBe(1);
  expect(second.stderr).toContain(
    `as process ${first.pid}, with its API at http://127.0.0.1:${port}`,
  );

  const [, victim] = await first.waitForLine(/kill -9 (\d+);/);
  process.kill(Number(victim), 'SIGKILL');
  await first.waitForLine(/modulo rerun: lease of worker-\d expired, N 2→1, 1 orphaned, 1 moved/);
  const api = new ApiClient(() => `http://127.0.0.1:${port}`);
  await waitFor(async () => await api.read<{ state: string }[]>('/sluice/tasks'), {
    what: 'all tasks to run on the worker that is left',
    until: (tasks) => tasks.length === 4 && tasks.every(({ state }) => state === 'RUNNING'),
  });

  await first.kill('SIGINT');
  expect(await first.exited).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
});

test('a quickstart that was killed leaves no process, and the next one goes on, or afresh', async () => {
  const args = ['--port', String(await freePort()), '--workers', '1'];
  const killed = quickstart(args);
  await waitUntilUp(killed);
  const pids = childPids();
  await killed.kill('SIGKILL');
  if (process.platform === 'linux') await waitUntilGone(pids);

  const startedAtMs = Date.now();
  await using next = quickstart(args);
  await waitUntilUp(next);
  expect(Date.now() - startedAtMs).toBeLessThan(warmMs);
  await waitUntilGone(pids);
  const lines = readFileSync(join(folder, 'quickstart', 'output.txt'), 'utf8')
    .trim()
    .split('\n');
  // At least once: the line before the kill may come again.
  expect(new Set(lines).size).toBe(4);
});

/** The one that the tests have; it is not looked for, or fetched, again. */
function kafkaOfTests(): Record<string, string> {
  return Object.fromEntries(
    ['SLUICE_KAFKA_HOME', 'SLUICE_JAVA'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

test(
  'with --kafka the lines go through a Kafka of its own, whose data outlives a kill -9',
  async () => {
    const args = ['--kafka', '--port', String(await freePort())];
    const killed = quickstart(args, kafkaOfTests());
    await waitUntilUp(killed);
    const pids = childPids();
    expect(pids).toHaveLength(5);
    const settings = parseEnv(readFileSync(join(folder, 'cli.env'), 'utf8'));
    const [, bootstrap = ''] = await killed.waitForLine(/Kafka \S+ at (\S+) \(its own/);
    expect(settings).toMatchObject({
      KAFKA_BROKERS: bootstrap,
      SLUICE_CLUSTER: 'quickstart-kafka',
    });
    const read = ['--topic', 'quickstart-lines', '--from-beginning', '--max-messages', '2'];
    expect(await kafkaTool({ bootstrap }, 'kafka-console-consumer', read)).toMatch(
      /^first line of .*\nsecond line of .*\n$/,
    );
    await killed.kill('SIGKILL');
    if (process.platform === 'linux') await waitUntilGone(pids);

    await using next = quickstart(args, kafkaOfTests());
    await waitUntilUp(next);
    const nextPids = childPids();
    // It read on after what the killed one had read; the line before the kill may come again.
    const output = readFileSync(join(folder, 'quickstart', 'output.txt'), 'utf8');
    expect(new Set(output.trim().split('\n')).size).toBe(4);
    await next.kill('SIGINT');
    expect(await next.exited).toEqual({ code: 0, signal: null });
    await waitUntilGone(nextPids);
  },
  startsTwiceMs,
);

test('a Kafka that KAFKA_BROKERS names is used, and one that does not answer is named', async () => {
  await using kafka = await startKafka();
  const args = ['--kafka', '--workers', '1', '--port', String(await freePort())];
  await using child = quickstart(args, { KAFKA_BROKERS: kafka.bootstrap });
  await waitUntilUp(child);
  expect(childPids()).toHaveLength(3);
  const offsets = await kafkaTool(kafka, 'kafka-get-offsets', ['--topic', 'quickstart-lines']);
  expect(Number(offsets.split(':')[2])).toBeGreaterThanOrEqual(2);
  await child.stop();

  await using wrong = quickstart(args, { KAFKA_BROKERS: `127.0.0.1:${await freePort()}` });
  expect((await wrong.exited).code).toBe(1);
  expect(wrong.stderr).toMatch(/Kafka at 127\.0\.0\.1:\d+.* does not answer \(.*ECONNREFUSED/);
});

test('a port that is taken is named, with what to do', async () => {
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  await using child = quickstart(['--port', String(port)]);
  expect((await child.exited).code).toBe(1);
  expect(child.stderr).toContain(`port ${port}, for the REST API, is taken by another program`);
  expect(child.stderr).toContain(`npm run quickstart -- --port ${port + 1}`);
  other.close();
});

test('a REDIS_URL that does not answer is named without its password', async () => {
  const redisUrl = `redis://user:secret@127.0.0.1:${await freePort()}`;
  await using child = quickstart(['--port', String(await freePort())], { REDIS_URL: redisUrl });
  expect((await child.exited).code).toBe(1);
  expect(child.stderr).toMatch(/no Redis answers at redis:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  expect(child.stderr).not.toContain('secret');
});

test('an option that is wrong is named, and the exit code is that of wrong usage', async () => {
  await using number = quickstart(['--port', 'eighty']);
  expect((await number.exited).code).toBe(2);
  expect(number.stderr).toContain('--port eighty: must be a whole number from 1 to 65535');
  await using unknown = quickstart(['--prot', '1']);
  expect((await unknown.exited).code).toBe(2);
  expect(unknown.stderr).toContain('--prot');
});
