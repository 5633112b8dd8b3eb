/** What workers tell of themselves through Redis, where nobody has to reach them. */
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  connectCoordinationRedis,
  RedisLoadReports,
  RedisLogLines,
} from '@sluice/coordination-redis';
import { systemClock } from '@sluice/kernel';
import { type Cluster, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let cluster: Cluster;
let redis: ReturnType<typeof connectCoordinationRedis>;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-telemetry-'));
  cluster = await startCluster({ workers: 2 });
  redis = connectCoordinationRedis(cluster.redisUrl, {
    role: 'coordination',
    cluster: cluster.name,
  });
});

// As much of it as was begun.
afterAll(async () => {
  redis?.disconnect();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

test.concurrent('each worker tells every second what its processes and tasks do, until it is gone', async () => {
  const file = join(folder, 'lines.txt');
  appendFileSync(file, 'one\n'.repeat(1_000));
  await cluster.apply('lines', {
    'connector.class': 'FileStreamSource',
    file,
    topic: 'lines',
    'sluice.executor': 'dedicated',
  });
  await cluster.waitForRunning('lines');
  const reports = new RedisLoadReports({ redis, cluster: cluster.name });
  const told = await waitFor(() => reports.readAll(['worker-1', 'worker-2', 'worker-3']), {
    what: 'the task to be told',
    until: (all) =>
      all.size === 2 &&
      [...all.values()].some(({ tasks }) => tasks.get('task/lines/0')?.totals.records_in === 1_000),
    timeoutMs: 40_000,
  });
  for (const { worker } of told.values()) {
    expect(Math.abs(Date.now() - worker.at_ms)).toBeLessThan(10_000);
    expect(worker.rss_bytes).toBeGreaterThan(30_000_000);
    expect(worker.cpu_cores).toBeGreaterThan(0);
    expect(worker.executors.length).toBeGreaterThan(0);
  }
  const executors = [...told.values()].flatMap(({ worker }) => worker.executors);
  expect(executors.map(({ kind }) => kind)).toContain('dedicated');
  const [first] = cluster.workers;
  await first?.process.kill('SIGKILL');
  await waitFor(() => reports.readAll(['worker-1', 'worker-2']), {
    what: 'the report of the dead worker to expire',
    until: (all) => all.size === 1,
    timeoutMs: 40_000,
  });
});

test.concurrent('every line of a log says whose it is, and a cluster that is well writes next to none', async () => {
  await using quiet = await startCluster({
    workers: 1,
    profile: 'default',
    // Some time the leader would raise the protocol, and say so.
    env: { SLUICE_PROTOCOL_QUIET_SECONDS: '3600' },
  });
  const names = Array.from({ length: 10 }, (_, index) => `idle-${index}`);
  for (const name of names) {
    const file = join(folder, `${name}.txt`);
    appendFileSync(file, 'one\n');
    await quiet.apply(name, { 'connector.class': 'FileStreamSource', file, topic: name });
  }
  for (const name of names) await quiet.waitForRunning(name);
  const members = [...quiet.coordinators, ...quiet.workers];
  // Whole ones.
  const lines = (): string[] =>
    members.flatMap(({ process: { stdout } }) => stdout.split('\n').slice(0, -1));
  for (const line of lines()) expect(line).toContain(`"cluster":"${quiet.name}"`);
  const before = lines().length;
  expect(before).toBeGreaterThan(0);
  // There is nothing to wait for: that nothing comes is what is looked at, for several rounds of everything periodic.
  await systemClock.sleep(20_000);
  const perMinute = (lines().length - before) * 3;
  expect(perMinute, quiet.logs().slice(-3_000)).toBeLessThanOrEqual(6);
});

test('what connectors and tasks log can be read from Redis, without what is in configurations', async () => {
  await cluster.apply('fails', {
    'connector.class': 'MockSource',
    mock_mode: 'task-failure',
    delay_ms: '0',
    'restart.max.attempts': '0',
    password: 'hunter2-hunter2',
  });
  const lines = new RedisLogLines({ redis, cluster: cluster.name });
  const found = await waitFor(() => lines.read({ limit: 50, connector: 'fails', level: 'error' }), {
    what: 'the failure to be told',
    until: (page) => page.lines.length > 0,
    timeoutMs: 40_000,
  });
  expect(found.lines[0]).toMatchObject({
    task: 0,
    level: 'error',
    worker: expect.stringMatching(/^worker-/) as string,
  });
  expect(found.lines[0]?.message).toContain('mock task failure');
  const all = await lines.read({ limit: 1_000 });
  expect(
    all.lines.some(({ message }) => message.includes('worker ready') || message.includes('joined')),
  ).toBe(true);
  expect(JSON.stringify(all)).not.toContain('hunter2');
});
