/**
 * A cluster is upgraded process by process while sequences are written: release 2, this one, speaks versions 1 and 2 of
 * the protocol, release 3 speaks 3, too. One cluster for all tests, which follow on each other; whatever they do, nothing
 * that was written may be missing.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { systemClock } from '@sluice/kernel';
import {
  type Cluster,
  type Member,
  makeOwnedFolder,
  spawnNode,
  startCluster,
  waitFor,
} from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  allRunning,
  events,
  holdings,
  showLogsOnFailure,
  tasksOf,
  units,
} from './support/cluster-facts.ts';
import { makeOtherRelease, marks, type OtherRelease } from './support/other-release.ts';
import { SequenceObserver } from './support/sequence-observer.ts';
import { committedButNotPut, sinkIntegrity, sinkLines } from './support/sink-lines.ts';
import { sluice } from './support/sluice-command.ts';

/** For so long after the last one of the former release is gone the version stays as it is. */
const quietMs = 5_000;
const env = { SLUICE_PROTOCOL_QUIET_SECONDS: `${quietMs / 1_000}` };
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
const sequences = [0, 1, 2, 3].map((task) => `sequences/${task}`);

const folder = makeOwnedFolder('upgrade');
const sinkFile = join(folder, 'out.jsonl');
let release3: OtherRelease;
let cluster: Cluster;
let observer: SequenceObserver;
let redis: Redis;

beforeAll(async () => {
  release3 = makeOtherRelease({ min: 1, max: 3 });
  cluster = await startCluster({ coordinators: 2, workers: 3, env });
  redis = new Redis(cluster.redisUrl);
  await waitFor(versionInUse, {
    what: 'a new cluster to use what all of it speak',
    until: (version) => version === 2,
    timeoutMs: 4 * quietMs,
  });
  observer = await SequenceObserver.watch(cluster, 'sequences', 4);
  await cluster.apply('sequences', source);
  await cluster.apply('out', {
    'connector.class': 'VerifiableSink',
    'tasks.max': '2',
    topics: 'sequences',
    file: sinkFile,
    ...json,
  });
  await cluster.waitForRunning('sequences', 4);
  await cluster.waitForRunning('out', 2);
});

afterAll(async () => {
  redis?.disconnect();
  await observer?.stop();
  await cluster?.stop();
  release3?.[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

test('a leader of release 2 gives work to workers of release 3', async () => {
  const leader = await leaderName();
  await replaceWorker('worker-1');
  await replaceWorker('worker-2');
  expect(await leaderName()).toBe(leader);
  // They have their share, and what they were sent and told by the older leader is understood.
  const rows = await allRunning(cluster);
  expect(tasksOf(rows, 'worker-1').length).toBeGreaterThan(0);
  expect(tasksOf(rows, 'worker-2').length).toBeGreaterThan(0);
  await expectNothingMissing();
  expect(await versionInUse()).toBe(2);
  expect(await ranges()).toEqual({
    'worker-1': { min: 1, max: 3 },
    'worker-2': { min: 1, max: 3 },
    'worker-3': { min: 1, max: 2 },
  });
});

test('a request of release 3 with a field that release 2 does not know is applied by its leader', async () => {
  await using command = spawnNode(join(release3.folder, 'apps/cli/src/main.ts'), {
    args: ['pause', 'out', '--wait'],
    env: environment(),
  });
  expect(await command.exited, command.stderr).toEqual({ code: 0, signal: null });
  await cluster.api.put('/connectors/out/resume');
  await cluster.waitForRunning('out', 2);
});

test('a leader of release 3 gives work to a worker of release 2', async () => {
  const newer = await cluster.addCoordinator({}, { release: release3.folder });
  await leadsAlone(newer);
  // Another one of release 2 comes, and one that has tasks is killed: the leader gives them to it, among others.
  await cluster.addWorker({ name: 'worker-4' });
  await cluster.worker('worker-3').process.kill('SIGKILL');
  await hasTasks('worker-4');
  const [given] = tasksOf(await units(cluster), 'worker-4');
  expect(await field(`u:task/${given}`, marks.field)).toBe(marks.value);
  await expectNothingMissing();
  expect(await versionInUse()).toBe(2);
});

test('what release 3 wrote outlives being rewritten by release 2', async () => {
  await cluster.apply('sequences', { ...source, throughput: '60' });
  await cluster.waitForRunning('sequences', 4);
  expect(await field('c:sequences', marks.field)).toBe(marks.value);
  // A coordinator of release 2 takes over once more: an upgrade may be taken back until the version is raised.
  await leadsAlone(await cluster.addCoordinator());
  await cluster.apply('sequences', { ...source, throughput: '50' });
  await cluster.waitForRunning('sequences', 4);
  expect(await redis.hget(key('c:sequences'), 'version')).toBe('3');
  expect(await field('c:sequences', marks.field)).toBe(marks.value);
  expect(await field('m:worker-1', marks.field)).toBe(marks.value);
  await expectNothingMissing();
});

test('the version is raised when the last of release 2 is gone for a while, and not before', async () => {
  // With all coordinators new, one old worker is enough to hold it.
  await leadsAlone(await cluster.addCoordinator({}, { release: release3.folder }));
  await systemClock.sleep(1.5 * quietMs);
  expect(await versionInUse()).toBe(2);
  expect(await gated()).toEqual([]);
  await cluster.worker('worker-4').process.stop();
  const goneMs = Date.now();
  await cluster.addWorker({ name: 'worker-4', release: release3.folder });
  await waitFor(versionInUse, {
    what: 'the protocol to be raised',
    until: (version) => version === 3,
    timeoutMs: 4 * quietMs,
  });
  // The first one is that of the new cluster.
  const [, raised] = (await events(cluster, 'protocol.raised')).toSorted(
    (one, other) => one.at_ms - other.at_ms,
  );
  expect(raised?.facts).toEqual({ before: 2, version: 3 });
  expect((raised?.at_ms ?? 0) - goneMs).toBeGreaterThan(0.9 * quietMs);
  // From now on what only version 3 knows is written.
  await replaceWorker('worker-1');
  await waitFor(gated, { what: 'units as of version 3', until: (found) => found.length > 0 });
  await expectNothingMissing();
});

test.each(['worker', 'coordinator'])(
  'a %s of release 2 that comes late is refused by name, and nobody else notices',
  async (app) => {
    const before = holdings(await allRunning(cluster));
    await using late = spawnNode(`apps/${app}/src/main.ts`, { env: environment() });
    expect(await late.exited).toEqual({ code: 1, signal: null });
    expect(late.stdout + late.stderr).toMatch(
      /is too old: it speaks version 1 to 2 of the protocol, and the cluster uses version 3, .* install the release that the others run/,
    );
    expect(holdings(await allRunning(cluster))).toEqual(before);
  },
);

test('a worker of a release that has given version 3 up is refused as too new', async () => {
  using release5 = makeOtherRelease({ min: 4, max: 5 });
  const before = holdings(await allRunning(cluster));
  await using early = spawnNode(join(release5.folder, 'apps/worker/src/main.ts'), {
    env: environment(),
  });
  expect(await early.exited).toEqual({ code: 1, signal: null });
  expect(early.stderr).toMatch(
    /is too new: it speaks version 4 to 5 .* uses version 3; upgrade everything to a release that speaks 3 and 4 first/,
  );
  expect(holdings(await allRunning(cluster))).toEqual(before);
});

test('the command line of release 2 says that it is too old, instead of misreading', async () => {
  const result = await sluice(cluster, ['get', 'tasks']);
  expect(result).toMatchObject({ code: 3, stdout: '' });
  expect(result.stderr).toMatch(/this program is too old: .* uses version 3/);
});

test('a worker that was frozen over all of it is fenced, and then refused', async () => {
  await using small = await startCluster({ workers: 2, env });
  showLogsOnFailure(small);
  const frozen = small.worker('worker-1');
  await frozen.process.kill('SIGSTOP');
  for (const { process } of small.coordinators) await process.stop();
  await small.addCoordinator({}, { release: release3.folder });
  await upgradeWorker(small, 'worker-2');
  const view = new Redis(small.redisUrl);
  await waitFor(async () => await view.get(`{sluice:${small.name}}:protocol`), {
    what: 'the protocol to be raised without the frozen worker',
    until: (version) => version === '3',
    timeoutMs: 5 * quietMs,
  });
  view.disconnect();
  await frozen.process.kill('SIGCONT');
  expect((await frozen.process.exited).code).toBe(1);
  expect(frozen.process.stdout).toContain('cluster.protocol_too_old');
});

/** Replaces the worker by one of release 3. */
async function upgradeWorker(of: Cluster, name: string): Promise<void> {
  await of.worker(name).process.stop();
  await of.addWorker({ name, release: release3.folder });
}

async function replaceWorker(name: string): Promise<void> {
  await upgradeWorker(cluster, name);
  await hasTasks(name);
}

async function hasTasks(worker: string): Promise<void> {
  await waitFor(async () => tasksOf(await units(cluster), worker), {
    what: `${worker} to have tasks`,
    until: (tasks) => tasks.length > 0,
    timeoutMs: 20_000,
  });
  await allRunning(cluster);
}

/** Ends all other coordinators. */
async function leadsAlone({ name }: Member): Promise<void> {
  const others = cluster.coordinators.filter((each) => each.name !== name);
  await Promise.all(others.map((each) => each.process.stop()));
  await waitFor(leaderBody, {
    what: `${name} to lead`,
    until: ({ leader }) => leader?.coordinator === name,
    timeoutMs: 15_000,
  });
}

interface LeaderBody {
  readonly leader: { readonly coordinator: string } | null;
  readonly protocol: number | null;
}

async function leaderBody(): Promise<LeaderBody> {
  return await cluster.api.read<LeaderBody>('/sluice/leader');
}

async function leaderName(): Promise<string | undefined> {
  return (await leaderBody()).leader?.coordinator;
}

async function versionInUse(): Promise<number | null> {
  return (await leaderBody()).protocol;
}

interface UpgradeRow {
  readonly id: string;
  readonly protocol: { readonly min: number; readonly max: number };
}

async function upgradeRows(): Promise<UpgradeRow[]> {
  return await cluster.api.read<UpgradeRow[]>('/sluice/workers');
}

async function ranges(): Promise<Record<string, UpgradeRow['protocol']>> {
  return Object.fromEntries((await upgradeRows()).map(({ id, protocol }) => [id, protocol]));
}

function key(name: string): string {
  return `{sluice:${cluster.name}}:${name}`;
}

async function field(record: string, name: string): Promise<string | null> {
  return await redis.hget(key(record), name);
}

/** Units that hold what may only be written in version 3. */
async function gated(): Promise<string[]> {
  const ids = (await units(cluster)).map(({ id }) => id);
  const values = await Promise.all(ids.map((id) => field(`u:${id}`, marks.gatedField)));
  return ids.filter((_, index) => values[index] !== null);
}

function environment(): Record<string, string> {
  return {
    REDIS_URL: cluster.redisUrl,
    SLUICE_CLUSTER: cluster.name,
    SLUICE_PROFILE: 'fast',
    SLUICE_WORKER_PORT: '0',
    SLUICE_PORT: '0',
    NO_COLOR: '1',
  };
}

/** Every sequence goes on, and nothing of it is missing in the log, nor in what the sink was given. */
async function expectNothingMissing(): Promise<void> {
  await observer.keepsWriting(sequences, 1_000);
  expect(observer.integrity().missing).toEqual([]);
  expect(sinkIntegrity(sinkLines(sinkFile)).missing).toEqual([]);
  const uncovered = await committedButNotPut(observer.log, 'connect-out', () =>
    sinkLines(sinkFile),
  );
  expect(uncovered).toEqual([]);
}
