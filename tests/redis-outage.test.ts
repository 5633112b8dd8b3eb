/**
 * Redis is away for three times as long as a worker may be silent, and at last it loses everything. One
 * cluster for all tests, which follow on each other.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { timingProfiles } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';
import { type Cluster, limitMs, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  allRunning,
  events,
  nameOf,
  showLogsOnFailure,
  tasks,
  type UnitRow,
  workers,
} from './support/cluster-facts.ts';
import { holesIn, SequenceObserver } from './support/sequence-observer.ts';
import { committedButNotPut, sinkIntegrity, sinkLines } from './support/sink-lines.ts';

const outageMs = 3 * timingProfiles.fast.deadAfterMs;
/** From the moment that Redis answers again to the first new record of every task; less than a second where nothing else is done. */
const backMsMax = 5_000;
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

const folder = makeOwnedFolder('outage');
const sinkFile = join(folder, 'out.jsonl');
let cluster: Cluster;
let observer: SequenceObserver;

beforeAll(async () => {
  cluster = await startCluster({ coordinators: 2, workers: 2 });
  observer = await SequenceObserver.watch(cluster, 'sequences', 4);
  await cluster.apply('in', source);
  await cluster.apply('out', {
    'connector.class': 'VerifiableSink',
    'tasks.max': '2',
    topics: 'sequences',
    file: sinkFile,
    ...json,
  });
  await waitFor(async () => await tasks(cluster), {
    what: 'six tasks to run',
    until: (rows) => rows.length === 6 && rows.every(({ state }) => state === 'RUNNING'),
    timeoutMs: 30_000,
  });
  await observer.keepsWriting(['in/0', 'in/1', 'in/2', 'in/3'], 200);
});

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

/** Who owns what under which fence. A run may have begun anew, so since when it runs is no matter. */
function owners(rows: readonly UnitRow[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ id, worker, fence }) => [id, `${worker} ${fence}`]));
}

function processes(): { readonly name: string; readonly hasExited: boolean }[] {
  return [...cluster.coordinators, ...cluster.workers].map(({ name, process: { hasExited } }) => ({
    name,
    hasExited,
  }));
}

async function expectToSurvive(outage: () => Promise<void>): Promise<void> {
  const before = await allRunning(cluster);
  const members = await workers(cluster);
  await outage();
  const backMs = Date.now();
  const gapsMs = await observer.firstAfter(observer.names(), backMs);
  console.log(`first records ${gapsMs.join(', ')} ms after Redis was back`);
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(backMsMax));

  await observer.keepsWriting(observer.names(), timingProfiles.fast.deadAfterMs);
  expect(owners(await allRunning(cluster))).toEqual(owners(before));
  expect((await workers(cluster)).map(({ id, incarnation }) => [id, incarnation])).toEqual(
    members.map(({ id, incarnation }) => [id, incarnation]),
  );
  expect(processes().filter(({ hasExited }) => hasExited)).toEqual([]);
  expect(await events(cluster, 'worker.dead')).toEqual([]);
  const log = observer.integrity();
  expect(log.missing).toEqual([]);
  const sink = sinkIntegrity(sinkLines(sinkFile));
  expect(sink.missing).toEqual([]);
  expect(await committedButNotPut(observer.log, 'connect-out', () => sinkLines(sinkFile))).toEqual(
    [],
  );
  console.log(
    `${log.records} records, ${log.duplicates} twice; sink ${sink.records}, ${sink.duplicates} twice`,
  );
}

test('a Redis that does not answer for a while costs time, and nothing else', async () => {
  await expectToSurvive(async () => {
    await cluster.redis?.kill('SIGSTOP');
    await systemClock.sleep(outageMs);
    await cluster.redis?.kill('SIGCONT');
  });
});

test('a Redis that is killed and started again costs time, and nothing else', async () => {
  await expectToSurvive(async () => {
    await cluster.redis?.kill('SIGKILL');
    await systemClock.sleep(outageMs);
    await cluster.redis?.restart();
  });
});

test('a Redis that lost everything ends no process, and the cluster takes new definitions', async () => {
  const redis = new Redis(cluster.redisUrl);
  await redis.flushall();
  redis.disconnect();
  const lostMs = Date.now();
  await waitFor(async () => await cluster.liveWorkers(), {
    what: 'both workers to be members again',
    until: (names) => names.length === 2,
    timeoutMs: 30_000,
  });

  // Once under a name that is new, and once under one whose tasks ran when everything was lost.
  await using seen = await SequenceObserver.watch(cluster, 'again');
  await cluster.apply('fresh', { ...source, topic: 'again' });
  await cluster.apply('in', { ...source, topic: 'again' });
  await cluster.waitForRunning('fresh', 4);
  await cluster.waitForRunning('in', 4);
  const names = ['fresh', 'in'].flatMap((each) => [0, 1, 2, 3].map((task) => `${each}/${task}`));
  expect((await tasks(cluster)).map(nameOf).sort()).toEqual(names);
  await seen.keepsWriting(names, 300);
  console.log(`new definitions run ${Date.now() - lostMs} ms after everything was lost`);
  for (const name of names) {
    const numbers = seen.records(name).map(({ seqno }) => seqno);
    // Tasks that were still running then have stored how far they were, and their successors go on there.
    const first = name.startsWith('in/') ? Math.min(...numbers) : 0;
    expect(holesIn(numbers, first)).toEqual([]);
  }
  // Nobody writes any more what was defined before: that topic is not in any definition now.
  const before = observer.integrity().records;
  await seen.keepsWriting(names, 500);
  expect(observer.integrity().records).toBe(before);
  expect(processes().filter(({ hasExited }) => hasExited)).toEqual([]);
});
