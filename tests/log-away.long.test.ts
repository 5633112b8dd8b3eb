/** The record log is away when a cluster starts: everybody says so, tasks wait for it, and run once it is there. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  type Cluster,
  freePort,
  type Member,
  makeCertificate,
  makeOwnedFolder,
  startCluster,
  startKafka,
  startRedis,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { linesIn } from './support/numbered-file.ts';
import { sluice } from './support/sluice-command.ts';

interface LogHealth {
  readonly kind: string;
  readonly address: string;
  readonly reachable: boolean;
  readonly message: string;
}

const strings = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};
const password = 'hunter2-hunter2';

let folder: string;

beforeAll(() => {
  folder = makeOwnedFolder('log-away');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a log on Redis', () => {
  test('a server that is away at start is named, and the pipeline runs once it is there', async () => {
    const port = await freePort();
    const env = { SLUICE_LOG_REDIS_URL: `redis://127.0.0.1:${port}` };
    await using cluster = await startCluster({ workers: 1, env });
    const files = await applyPipeline(cluster);
    const [coordinator, worker] = membersOf(cluster);
    for (const member of [coordinator, worker]) {
      const health = await unreachable(member);
      expect(health).toMatchObject({ kind: 'redis', address: `redis://127.0.0.1:${port}` });
      expect(health.message).toContain(`Redis at 127.0.0.1:${port}`);
      await member.process.waitForLog('record log cannot be used, tasks wait');
    }
    // Where there never was a log, settings may be wrong: a rollout of this worker must not go on.
    expect(await statusOf(`${worker.url}/health/ready`)).toBe(503);
    expect(await statusOf(`${worker.url}/health/live`)).toBe(200);
    expect(await statusOf(`${coordinator.url}/health/ready`)).toBe(200);
    const stalled = await worker.process.waitForLine(/"code":"log\.unreachable"/);
    expect(stalled.input).toContain(`127.0.0.1:${port}`);

    await using redis = await startRedis({ port });
    await arrived(files.output);
    for (const member of [coordinator, worker]) {
      await reachable(member);
      await member.process.waitForLog('record log answers');
    }
    expect(await statusOf(`${worker.url}/health/ready`)).toBe(200);

    // One that goes away later is waited for by tasks, and by nobody else.
    await redis.kill('SIGKILL');
    await unreachable(worker);
    expect(await statusOf(`${worker.url}/health/ready`)).toBe(200);
  });

  test('a password that is wrong is told without being quoted, and waited for', async () => {
    await using redis = await startRedis({ config: ['--requirepass', 'another'] });
    const url = `redis://me:${password}@127.0.0.1:${redis.port}`;
    await using cluster = await startCluster({ workers: 1, env: { SLUICE_LOG_REDIS_URL: url } });
    await applyPipeline(cluster);
    const [, worker] = membersOf(cluster);
    const health = await unreachable(worker);
    expect(health.message).toMatch(/refuses this user .*check user and password/);
    await worker.process.waitForLine(/"code":"log\.forbidden".*"unit":|"unit":.*"log\.forbidden"/);
    expect(cluster.logs()).not.toContain(password);
    await cluster.waitForRunning('lines');
  });
});

describe('a log on Kafka', () => {
  test('a broker that is away at start is named, and the pipeline runs once it is there', async () => {
    const port = await freePort();
    const env = { KAFKA_BROKERS: `127.0.0.1:${port}` };
    await using cluster = await startCluster({ workers: 1, env });
    // Definitions are written to Kafka first: these are kept, and applied once it is there.
    const applied = applyPipeline(cluster).catch(() => {});
    const [coordinator, worker] = membersOf(cluster);
    for (const member of [coordinator, worker]) {
      const health = await unreachable(member);
      expect(health).toMatchObject({ kind: 'kafka', address: `127.0.0.1:${port}` });
      expect(health.message).toMatch(/Kafka at 127\.0\.0\.1:\d+, .*check that it runs/);
    }
    expect(await statusOf(`${worker.url}/health/ready`)).toBe(503);

    await using kafka = await startKafka({ port });
    expect(kafka.bootstrap).toBe(`127.0.0.1:${port}`);
    await applied;
    const files = await applyPipeline(cluster);
    await arrived(files.output);
    await kafka.kill('SIGKILL');
    await waiting(worker, /Kafka at 127\.0\.0\.1/);
    await cluster.waitForRunning('lines');
    await kafka.restart();
    await reachable(coordinator);
    await reachable(worker);
    expect(await statusOf(`${worker.url}/health/ready`)).toBe(200);
    await waitFor(() => workerHealth(worker), {
      what: 'no task to wait for the log any more',
      until: (health) => health.waiting === null,
      timeoutMs: 20_000,
    });

    const topics = await sluice(cluster, ['log', 'topics', '--json'], env);
    expect(topics).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(topics.stdout)).toMatchObject([
      { topic: 'lines', partitions: 1, records: 2, bytes: null, groups: ['connect-copy'] },
    ]);
    const groups = await sluice(cluster, ['log', 'groups', '--json'], env);
    expect(JSON.parse(groups.stdout)).toMatchObject([
      { group: 'connect-copy', topic: 'lines', committed: 2, end: 2, lag: 0, bytesHeld: null },
    ]);
    const forget = ['log', 'forget-group', 'connect-copy'];
    const inUse = await sluice(cluster, [...forget, '--yes'], env);
    expect(inUse).toMatchObject({ code: 3, stderr: expect.stringContaining('copy exists') });
    await sluice(cluster, ['delete', 'copy', '--wait'], env);
    const asked = await sluice(cluster, forget, env);
    expect(asked).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("the topic's retention decides"),
    });
    const forgotten = await sluice(cluster, [...forget, '--yes'], env);
    expect(forgotten).toMatchObject({ code: 0, stderr: '' });
    const gone = await sluice(cluster, ['log', 'groups', 'connect-copy'], env);
    expect(gone).toMatchObject({ code: 4 });
  });

  test('a wrong password and a certificate that is not trusted are told, and tasks wait', async () => {
    const tls = makeCertificate(Date.now());
    const authority = join(folder, 'authority.pem');
    writeFileSync(authority, tls.certificate);
    await using kafka = await startKafka({
      listeners: { secure: { tls, sasl: ['SCRAM-SHA-512'] } },
      users: { sluice: password },
    });
    const env = {
      KAFKA_BROKERS: kafka.listener('secure').join(','),
      KAFKA_SECURITY_PROTOCOL: 'SASL_SSL',
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'sluice',
    };
    const wrong = { KAFKA_SASL_PASSWORD: `${password}-wrong`, KAFKA_SSL_CA_LOCATION: authority };
    const right = { KAFKA_SASL_PASSWORD: password, KAFKA_SSL_CA_LOCATION: authority };
    await using cluster = await startCluster({ workers: 0, env: { ...env, ...right } });
    await cluster.addWorker({ env: wrong });
    const files = await applyPipeline(cluster);
    const [, worker] = membersOf(cluster);
    expect((await unreachable(worker)).message).toMatch(/SCRAM-SHA-512/);
    await waiting(worker, /SCRAM-SHA-512/);
    await cluster.waitForRunning('lines');

    const untrusting = { ...env, KAFKA_SASL_PASSWORD: password };
    const command = await sluice(cluster, ['log', 'topics'], untrusting);
    expect(command).toMatchObject({ code: 5, stdout: '' });
    expect(command.stderr).toContain('KAFKA_SSL_CA_LOCATION');

    // The worker with the right settings takes over what waited.
    await cluster.addWorker({ env: { ...env, ...right } });
    await worker.process.stop();
    await arrived(files.output);
    expect(cluster.logs()).not.toContain(password);
  });

  test('topics that cannot be created are named, and tasks wait', async () => {
    await using kafka = await startKafka();
    await using cluster = await startCluster({
      workers: 0,
      env: { KAFKA_BROKERS: kafka.bootstrap },
    });
    await cluster.addWorker({ env: { KAFKA_REPLICATION_FACTOR: '3' } });
    await applyPipeline(cluster);
    const [, worker] = membersOf(cluster);
    await waiting(worker, new RegExp(`refused to create topic 'sluice-${cluster.name}-offsets'`));
    await cluster.waitForRunning('lines');
    expect((await workerHealth(worker)).reachable).toBe(true);
  });
});

test('settings that cannot be right end each process with one message for all of them', async () => {
  const env = { KAFKA_BROKERS: 'kafka', KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' };
  const cluster = { name: 'none', redisUrl: 'redis://127.0.0.1:1' };
  const command = await sluice(cluster, ['log', 'topics'], env);
  expect(command).toMatchObject({ code: 2, stdout: '' });
  expect(command.stderr).toContain("KAFKA_BROKERS: 'kafka' has no port: write kafka:9092");
  expect(command.stderr).toContain('KAFKA_SASL_MECHANISM is not set');
});

/** A file that is copied, line by line, through the log. */
async function applyPipeline(cluster: Cluster): Promise<{ readonly output: string }> {
  const [input, output] = [join(folder, `${cluster.name}-in`), join(folder, `${cluster.name}-out`)];
  writeFileSync(input, 'first\nsecond\n');
  const topic = 'lines';
  await cluster.apply('lines', {
    'connector.class': 'FileStreamSource',
    file: input,
    topic,
    ...strings,
  });
  await cluster.apply('copy', {
    'connector.class': 'FileStreamSink',
    file: output,
    topics: topic,
    ...strings,
  });
  return { output };
}

async function arrived(path: string): Promise<void> {
  await waitFor(() => linesIn(path), {
    what: 'both lines to arrive',
    until: (lines) => lines.length >= 2,
    timeoutMs: 30_000,
  });
  expect(linesIn(path)).toEqual(['first', 'second']);
}

function membersOf(cluster: Cluster): [Member, Member] {
  const [coordinator] = cluster.coordinators;
  const [worker] = cluster.workers;
  if (!coordinator || !worker) throw new Error('the cluster must have a coordinator and a worker');
  return [coordinator, worker];
}

async function unreachable(member: Member): Promise<LogHealth> {
  return await logOf(member, ({ reachable: is, message }) => !is && !message.includes('yet'));
}

async function reachable(member: Member): Promise<LogHealth> {
  return await logOf(member, (log) => log.reachable);
}

async function logOf(member: Member, until: (log: LogHealth) => boolean): Promise<LogHealth> {
  return await waitFor(
    async () => {
      const response = await fetch(`${member.url}/health`);
      return ((await response.json()) as { log: LogHealth }).log;
    },
    { what: `what ${member.name} says of the log`, until, timeoutMs: 30_000 },
  );
}

interface WorkerLogHealth extends LogHealth {
  readonly waiting: { readonly tasks: number; readonly reason: string } | null;
}

async function workerHealth(worker: Member): Promise<WorkerLogHealth> {
  const response = await fetch(`${worker.url}/health`);
  return ((await response.json()) as { log: WorkerLogHealth }).log;
}

/** Until tasks of the worker wait for the log, for this reason. */
async function waiting(worker: Member, reason: RegExp): Promise<void> {
  await waitFor(async () => await workerHealth(worker), {
    what: `tasks of ${worker.name} that wait because of ${reason}`,
    until: (log) => log.waiting !== null && reason.test(log.waiting.reason),
    timeoutMs: 30_000,
  });
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}
