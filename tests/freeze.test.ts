/**
 * A worker is frozen with SIGSTOP past its lease, loses its tasks, and wakes up again with SIGCONT. One of
 * its tasks runs in a process of its own, which is not frozen, and has to see by itself that it is over.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { type Cluster, limitMs, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  allRunning,
  events,
  holdings,
  ownerOf,
  showLogsOnFailure,
  tasks,
  tasksOf,
  units,
  workers,
} from './support/cluster-facts.ts';
import { type SeenRecord, SequenceObserver } from './support/sequence-observer.ts';
import { committedButNotPut, sinkIntegrity, sinkLines } from './support/sink-lines.ts';

/** The aim is 1.5 s at p99, on a machine that does nothing else. */
const failoverMsMax = 5_000;
const group = 'connect-out';
const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

const folder = makeOwnedFolder('freeze');
const sinkFile = join(folder, 'out.jsonl');
let cluster: Cluster;
let observer: SequenceObserver;

beforeAll(async () => {
  const plugin = fileURLToPath(new URL('./support/witness-plugin.ts', import.meta.url));
  cluster = await startCluster({ workers: 2, env: { SLUICE_PLUGINS: plugin } });
  observer = await SequenceObserver.watch(cluster, 'sequences', 4);
  await cluster.apply('in', {
    'connector.class': 'WitnessSource',
    'tasks.max': '4',
    topic: 'sequences',
    ...json,
  });
  await cluster.apply('apart', {
    'connector.class': 'WitnessSource',
    topic: 'sequences',
    'sluice.executor': 'dedicated',
    ...json,
  });
  await cluster.apply('out', {
    'connector.class': 'WitnessSink',
    'tasks.max': '2',
    topics: 'sequences',
    file: sinkFile,
    ...json,
  });
  await waitFor(async () => await tasks(cluster), {
    what: 'seven tasks to run',
    until: (rows) => rows.length === 7 && rows.every(({ state }) => state === 'RUNNING'),
    timeoutMs: 30_000,
  });
});

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

test('a worker that was frozen past its lease has no effect under its old fences when it wakes', async () => {
  const before = await allRunning(cluster);
  const victim = cluster.worker(ownerOf(before, 'task/apart/0'));
  const lost = tasksOf(before, victim.name);
  const lostSequences = lost.filter((name) => !name.startsWith('out/'));
  const incarnation = (await workers(cluster)).find(({ id }) => id === victim.name)?.incarnation;
  expect(lost.filter((name) => name.startsWith('out/'))).toHaveLength(1);
  expect(lostSequences.length).toBeGreaterThan(2);
  await observer.keepsWriting([...lostSequences, 'in/0', 'in/1', 'in/2', 'in/3'], 300);
  const [apartPid] = writersOf(observer.records('apart/0'));
  expect(apartPid).not.toBe(victim.process.pid);
  const victimPids = [victim.process.pid, apartPid];

  const frozenMs = Date.now();
  await victim.process.kill('SIGSTOP');
  // The process apart goes on until its lease is over.
  const frozen = lostSequences.filter((name) => name !== 'apart/0');
  const gapsMs = await observer.firstAfter(frozen, frozenMs);
  const during = await allRunning(cluster, { notOn: victim.name });
  expect(holdings(during)).toMatchObject(holdings(before, { without: victim.name }));
  console.log(`${victim.name} frozen: silence of its sequences ${gapsMs.join(', ')} ms`);
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(failoverMsMax));
  // Long enough for the new owner to commit more than the old one ever saw.
  await observer.keepsWriting(observer.names(), 1_500);

  const offsets = await watchOffsets();
  const wokenMs = Date.now();
  await victim.process.kill('SIGCONT');
  await waitFor(async () => (await workers(cluster)).find(({ id }) => id === victim.name), {
    what: `${victim.name} to end, or to join as another incarnation`,
    until: (row) =>
      victim.process.hasExited ||
      (row?.state === 'up' && row.incarnation !== incarnation && row.pid === victim.process.pid),
    timeoutMs: 30_000,
  });
  await observer.keepsWriting(observer.names(), 500);

  expect(await offsets.stop()).toEqual([]);
  // A fence is Redis' time in µs when it was given: so this is when the worker owned something again.
  const ownedAgainMs = Math.min(
    ...(await units(cluster))
      .filter(({ worker }) => worker === victim.name)
      .map(({ fence }) => Math.floor(fence / 1_000)),
  );
  const isForbidden = (pid: number | undefined, atMs: number): boolean =>
    victimPids.includes(pid) && atMs >= wokenMs && atMs < ownedAgainMs;
  for (const name of observer.names()) {
    const records = observer.records(name);
    expect(records.filter(({ pid, writtenMs }) => isForbidden(pid, writtenMs))).toEqual([]);
    // Nor did anything leave that it had in its hands: once another one wrote, it never did again.
    const owners = writersOf(records.filter(({ writtenMs }) => writtenMs < ownedAgainMs));
    expect(owners.map((pid) => victimPids.includes(pid))).toEqual(
      lostSequences.includes(name) ? [true, false] : [false],
    );
  }
  expect(sinkLines(sinkFile).filter(({ pid, time_ms }) => isForbidden(pid, time_ms))).toEqual([]);
  expect(await events(cluster, 'worker.dead')).toMatchObject([{ facts: { worker: victim.name } }]);
});

test('it gets work again as another incarnation, and nothing is missing', async () => {
  const victim = (await events(cluster, 'worker.dead'))[0]?.facts['worker'];
  await waitFor(async () => await units(cluster), {
    what: `${victim} to run tasks again`,
    until: (rows) =>
      tasksOf(rows, String(victim)).length > 0 && rows.every(({ state }) => state === 'RUNNING'),
    timeoutMs: 40_000,
  });
  await observer.keepsWriting(observer.names(), 300);

  const log = observer.integrity();
  const sink = sinkIntegrity(sinkLines(sinkFile));
  console.log(
    `${log.records} records, ${log.duplicates} twice; sink ${sink.records}, ${sink.duplicates} twice`,
  );
  expect(log.missing).toEqual([]);
  expect(sink.missing).toEqual([]);
  expect(await committedButNotPut(observer.log, group, () => sinkLines(sinkFile))).toEqual([]);
});

/** The processes that wrote, in the order of the log, each time that another one goes on. */
function writersOf(records: readonly SeenRecord[]): (number | undefined)[] {
  return records
    .map(({ pid }) => pid)
    .filter((pid, index, all) => index === 0 || pid !== all[index - 1]);
}

/** Notes every offset that goes back: a commit of somebody who does not know the newest ones. */
async function watchOffsets(): Promise<{ stop: () => Promise<string[]> }> {
  const { log } = observer;
  const highest = new Map<string, number>();
  const wentBack: string[] = [];
  const note = (name: string, offset: number): void => {
    const known = highest.get(name) ?? -1;
    if (offset < known) wentBack.push(`${name} went back from ${known} to ${offset}`);
    highest.set(name, Math.max(known, offset));
  };
  const look = async (): Promise<void> => {
    for (const { partition, offset } of await log.listGroupOffsets(group)) {
      note(`${group} ${partition}`, offset);
    }
    for (const connector of ['in', 'apart']) {
      for (const { partition, offset } of await log.listSourceOffsets(connector)) {
        note(`${connector} ${JSON.stringify(partition)}`, Number(offset?.['seqno']));
      }
    }
  };
  await waitFor(
    async () => {
      await look();
      return highest.size;
    },
    {
      what: 'offsets of five sequences, four of them with a partition of their own',
      until: (count) => count === 9,
    },
  );
  const stopping = new AbortController();
  const looking = (async () => {
    while (!stopping.signal.aborted) await look();
  })();
  return {
    stop: async () => {
      stopping.abort();
      await looking;
      return wentBack;
    },
  };
}
