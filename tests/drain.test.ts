/**
 * Workers give away what they run before they end, while sequences are written and read. One cluster for
 * all tests, which follow on each other: each ends with one worker less, so that nothing is balanced.
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
  nameOf,
  ownerOf,
  showLogsOnFailure,
  tasks,
  type UnitRow,
  workers,
} from './support/cluster-facts.ts';
import { SequenceObserver } from './support/sequence-observer.ts';
import { sinkIntegrity, sinkLines } from './support/sink-lines.ts';
import { sluice } from './support/sluice-command.ts';

/** The aim is 250 ms at p99, on a machine that does nothing else. What waits for a lease or a pause takes longer than this. */
const gapMsMax = 2_000;
/** How long a task may take to stop, in this cluster: longer than any gap of others that need not wait for it. */
const stopGraceMs = 2_500;
/** Grace, the look for it to be over, the end of its executor, and the start elsewhere. */
const stubbornGapMsMax = stopGraceMs + 5_000;
const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

const folder = makeOwnedFolder('drain');
const sinkFile = join(folder, 'out.jsonl');
let cluster: Cluster;
let observer: SequenceObserver;

beforeAll(async () => {
  const plugin = fileURLToPath(new URL('./support/witness-plugin.ts', import.meta.url));
  cluster = await startCluster({
    workers: 5,
    // Nobody is killed, and on a busy machine nobody is to be taken for dead.
    profile: 'default',
    env: {
      SLUICE_PLUGINS: plugin,
      SLUICE_STOP_GRACE_MS: String(stopGraceMs),
      SLUICE_EXECUTORS: '2',
    },
  });
  observer = await SequenceObserver.watch(cluster, 'sequences', 4);
  await cluster.apply('in', {
    'connector.class': 'VerifiableSource',
    'tasks.max': '10',
    topic: 'sequences',
    throughput: '50',
    ...json,
  });
  await cluster.apply('out', {
    'connector.class': 'VerifiableSink',
    'tasks.max': '3',
    topics: 'sequences',
    file: sinkFile,
    ...json,
  });
  await waitFor(async () => await tasks(cluster), {
    what: '13 tasks to run',
    until: (rows) => rows.length === 13 && rows.every(({ state }) => state === 'RUNNING'),
    timeoutMs: 30_000,
  });
  await observer.keepsWriting(sequencesIn(await tasks(cluster)), 200);
});

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

interface HandOver {
  readonly before: readonly UnitRow[];
  readonly after: readonly UnitRow[];
  readonly sinceMs: number;
}

/** Until all that `worker` had runs elsewhere, and a little longer. */
async function handOver(worker: string, ask: () => Promise<unknown>): Promise<HandOver> {
  const before = await allRunning(cluster);
  const sinceMs = Date.now();
  await ask();
  const after = await allRunning(cluster, { notOn: worker });
  await observer.keepsWriting(sequencesIn(before), 300);
  expect(holdings(after)).toMatchObject(holdings(before, { without: worker }));
  return { before, after, sinceMs };
}

/** Names of the sequences that these tasks write. */
function sequencesIn(rows: readonly UnitRow[], worker?: string): string[] {
  return rows
    .filter(({ kind, connector }) => kind === 'task' && connector !== 'out')
    .filter((row) => worker === undefined || row.worker === worker)
    .map(nameOf);
}

function gapsOf(names: readonly string[], sinceMs: number): number[] {
  return names.map((name) => observer.longestGapMs(name, sinceMs));
}

/** Everything arrived once: what was handed over was finished first. */
function expectOnce(): void {
  expect(observer.integrity()).toMatchObject({ missing: [], duplicates: 0 });
  expect(sinkIntegrity(sinkLines(sinkFile))).toMatchObject({ missing: [], duplicates: 0 });
}

test('a worker that is asked to end hands over without a duplicate and with a short gap', async () => {
  const victim = cluster.worker('worker-1');
  const { before, sinceMs } = await handOver('worker-1', async () => {
    await victim.process.kill('SIGTERM');
  });
  const gapsMs = gapsOf(sequencesIn(before, 'worker-1'), sinceMs);
  console.log(`worker-1 asked to end: silence of its sequences ${gapsMs.join(', ')} ms`);
  expect(gapsMs.length).toBeGreaterThan(0);
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(gapMsMax));
  expectOnce();
  expect(await victim.process.exited).toEqual({ code: 0, signal: null });
  expect((await events(cluster, 'assignment.rerun')).at(-1)).toMatchObject({
    message: expect.stringMatching(/^modulo rerun: worker-1 (drains|left)/),
  });
  // It said good-bye: nobody had to declare it dead.
  expect(await events(cluster, 'worker.dead')).toEqual([]);
});

test('sluice drain empties a worker, which stays up and gets nothing any more', async () => {
  const { before, sinceMs } = await handOver('worker-2', async () => {
    const drained = await sluice(cluster, ['drain', 'worker-2', '--wait']);
    expect(drained).toMatchObject({ code: 0 });
  });
  const gapsMs = gapsOf(sequencesIn(before, 'worker-2'), sinceMs);
  console.log(`worker-2 drained: silence of its sequences ${gapsMs.join(', ')} ms`);
  expect(gapsMs.length).toBeGreaterThan(0);
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(gapMsMax));
  expectOnce();
  const members = await workers(cluster);
  expect(members.find(({ id }) => id === 'worker-2')).toMatchObject({
    state: 'draining',
    tasks: [],
    connectors: [],
  });
  expect(cluster.worker('worker-2').process.hasExited).toBe(false);
});

test.each(['never', 'blocks'])(
  'a task whose stop %s keeps no task of another executor from moving at once',
  async (stop) => {
    const connector = `stubborn-${stop}`;
    await cluster.apply(connector, {
      'connector.class': 'WitnessSource',
      'tasks.max': '2',
      topic: 'sequences',
      stop,
      'stop.once.file': join(folder, stop),
      ...json,
    });
    await cluster.waitForRunning(connector, 2);
    await observer.keepsWriting([`${connector}/0`, `${connector}/1`], 200);
    const rows = await allRunning(cluster);
    const victim = cluster.worker(ownerOf(rows, `task/${connector}/0`));
    const executor = rows.find(({ id }) => id === `task/${connector}/0`)?.executor;
    const others = sequencesIn(
      rows.filter((row) => row.executor !== executor),
      victim.name,
    );
    expect(others.length).toBeGreaterThan(0);

    const { sinceMs } = await handOver(victim.name, async () => {
      await victim.process.kill('SIGTERM');
    });
    const gapsMs = gapsOf(others, sinceMs);
    const [stubbornMs] = gapsOf([`${connector}/0`], sinceMs);
    console.log(
      `a stop that ${stop}: silence of the others ${gapsMs.join(', ')} ms, its own ${stubbornMs} ms`,
    );
    // Those who waited for it would be silent for as long as its grace, or as it is itself.
    expect(Math.max(...gapsMs)).toBeLessThan(Math.min(stopGraceMs, stubbornMs ?? 0));
    expect(stubbornMs).toBeLessThan(limitMs(stubbornGapMsMax));
    expect(observer.integrity().missing).toEqual([]);
    expect(await victim.process.exited).toEqual({ code: 0, signal: null });

    expect((await cluster.api.delete(`/connectors/${connector}`)).status).toBe(204);
  },
);
