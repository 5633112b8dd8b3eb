/**
 * Redis loses everything while records travel through Kafka: from the journal of definitions and the workers' own
 * account all goes on where it was. One cluster for all tests, which follow on each other.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { KafkaLog } from '@sluice/record-log-kafka';
import {
  type Cluster,
  type KafkaHandle,
  limitMs,
  makeOwnedFolder,
  startCluster,
  startKafka,
  waitFor,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { events, showLogsOnFailure, type UnitRow, units } from './support/cluster-facts.ts';
import { holesIn, SequenceObserver } from './support/sequence-observer.ts';
import { committedButNotPut, sinkLines } from './support/sink-lines.ts';

/** From the loss until everything is as it was: 6 s on a machine that does nothing else. */
const backMsMax = 20_000;
const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};
const source = {
  'connector.class': 'VerifiableSource',
  'tasks.max': '4',
  topic: 'sequences',
  throughput: '50',
  ...json,
};
const names = ['in/0', 'in/1', 'in/2', 'in/3'];

const folder = makeOwnedFolder('emptied');
const sinkFile = join(folder, 'out.jsonl');
let kafka: KafkaHandle;
let cluster: Cluster;
let observer: SequenceObserver;

beforeAll(async () => {
  kafka = await startKafka();
  cluster = await startCluster({
    coordinators: 2,
    workers: 3,
    // The longer of the two: what it promises, the other one keeps.
    profile: 'default',
    env: { KAFKA_BROKERS: kafka.bootstrap },
  });
  const log = new KafkaLog({
    brokers: kafka.brokers,
    cluster: cluster.name,
    clientId: 'observer',
  });
  observer = await SequenceObserver.watchLog(log, 'sequences', 4);
  await cluster.apply('in', source);
  await cluster.apply('paused', { ...source, topic: 'other' });
  await cluster.apply('stopped', { ...source, topic: 'other' });
  await cluster.apply('deleted', { ...source, topic: 'other' });
  await cluster.apply('out', {
    'connector.class': 'VerifiableSink',
    'tasks.max': '2',
    topics: 'sequences',
    file: sinkFile,
    ...json,
  });
  for (const name of ['in', 'paused', 'stopped', 'deleted']) await cluster.waitForRunning(name, 4);
  await cluster.waitForRunning('out', 2);
  await cluster.api.put('/connectors/paused/pause', {});
  await cluster.api.put('/connectors/stopped/stop', {});
  await cluster.api.delete('/connectors/deleted');
  await waitFor(async () => states(await units(cluster)), {
    what: 'one connector to be paused, one stopped and one gone',
    until: (seen) => seen === expectedStates,
    timeoutMs: 30_000,
  });
  // What was stopped and deleted leaves others to be balanced, once membership has been quiet for a while.
  await waitFor(async () => tasksOf(await units(cluster)), {
    what: 'the tasks to be balanced',
    until: (counts) => counts.length === 3 && Math.max(...counts) - Math.min(...counts) <= 1,
    timeoutMs: 30_000,
  });
}, 180_000);

/** How many each worker has. */
function tasksOf(rows: readonly UnitRow[]): number[] {
  const tasks = rows.filter(({ kind, state }) => kind === 'task' && state !== 'UNASSIGNED');
  return [...Map.groupBy(tasks, ({ worker }) => worker).values()].map(({ length }) => length);
}

const expectedStates = [
  ...['in', 'in', 'in', 'in', 'in'].map((name) => `${name} RUNNING`),
  ...['out', 'out', 'out'].map((name) => `${name} RUNNING`),
  ...['paused', 'paused', 'paused', 'paused', 'paused'].map((name) => `${name} PAUSED`),
  'stopped STOPPED',
].join();

function states(rows: readonly UnitRow[]): string {
  return rows
    .map(({ connector, state }) => `${connector} ${state}`)
    .toSorted()
    .join();
}

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  await kafka?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

async function configs(): Promise<unknown> {
  return cluster.api.read('/connectors?expand=info');
}

/** Numbers of a sequence that never reached the sink. (Offsets may have gaps: Kafka keeps marks of its own.) */
function sinkHoles(): string[] {
  const numbers = new Map<string, number[]>();
  for (const { name, task, seqno } of sinkLines(sinkFile)) {
    const sequence = `${name}/${task}`;
    numbers.set(sequence, [...(numbers.get(sequence) ?? []), seqno]);
  }
  return [...numbers].flatMap(([name, seen]) => holesIn(seen).map((seqno) => `${name}: ${seqno}`));
}

async function empty(): Promise<void> {
  const redis = new Redis(cluster.redisUrl);
  await redis.flushall();
  redis.disconnect();
}

/** Everything is lost by `lose`; all is as it was, and how long that took. */
async function expectToComeBack(lose: () => Promise<void>): Promise<void> {
  const owners = (rows: readonly UnitRow[]): unknown =>
    rows.map(({ id, worker, fence }) => `${id} ${worker} ${fence}`).toSorted();
  const before = { owners: owners(await units(cluster)), configs: await configs() };
  await lose();
  const lostMs = Date.now();
  await waitFor(async () => states(await units(cluster)), {
    what: 'everything to be as it was',
    until: (seen) => seen === expectedStates,
    timeoutMs: 60_000,
  });
  const backMs = Date.now() - lostMs;
  // What was written just before the loss may still have been on its way.
  const firstMs = await observer.firstAfter(names, lostMs + 1_000);
  console.log(
    `everything back ${backMs} ms after the loss; first records ${firstMs.map((ms) => ms + 1_000).join(', ')} ms`,
  );
  expect(backMs).toBeLessThan(limitMs(backMsMax));
  expect(Math.max(...firstMs) + 1_000).toBeLessThan(limitMs(backMsMax));
  await observer.keepsWriting(names, 1_000);
  expect(owners(await units(cluster))).toEqual(before.owners);
  expect(await configs()).toEqual(before.configs);
  expect(observer.integrity().missing).toEqual([]);
  expect(sinkHoles()).toEqual([]);
  expect(await committedButNotPut(observer.log, 'connect-out', () => sinkLines(sinkFile))).toEqual(
    [],
  );
  expect(await events(cluster, 'worker.dead')).toEqual([]);
}

test('a Redis that was emptied under load has everything again, and nothing moves', async () => {
  await expectToComeBack(empty);
});

test('also if the leader dies at the same moment', async () => {
  await expectToComeBack(async () => {
    const { leader } = await cluster.api.read<{ leader: { coordinator: string } }>(
      '/sluice/leader',
    );
    const leading = cluster.coordinators.find(({ name }) => name === leader.coordinator);
    expect(leading).toBeDefined();
    await Promise.all([leading?.process.kill('SIGKILL'), empty()]);
  });
});

test('what is asked for afterwards goes on from there', async () => {
  await cluster.apply('in', { ...source, throughput: '60' });
  await cluster.apply('later', { ...source, topic: 'other', 'tasks.max': '1' });
  await cluster.waitForRunning('in', 4);
  await cluster.waitForRunning('later', 1);
  await observer.keepsWriting(names, 500);
  expect(observer.integrity().missing).toEqual([]);
  expect((await cluster.api.get('/connectors/deleted')).status).toBe(404);
});
