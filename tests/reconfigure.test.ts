/**
 * Connectors are changed under load: more tasks and fewer, deleted and created anew, paused, stopped and
 * restarted. A source writes eight sequences, each to a partition of its own, and a sink reads them; how
 * many tasks do that is what changes. The tests follow on each other.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { systemClock } from '@sluice/kernel';
import { type Cluster, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  allRunning,
  holdings,
  showLogsOnFailure,
  tasks,
  type UnitRow,
  units,
} from './support/cluster-facts.ts';
import { SequenceObserver } from './support/sequence-observer.ts';
import { committedButNotPut, sinkIntegrity, sinkLines } from './support/sink-lines.ts';

const sequences = 8;
const names = Array.from({ length: sequences }, (_, id) => `in/${id}`);
/** Long enough for a task that should not write to be seen writing. */
const silenceMs = 500;
const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

const folder = makeOwnedFolder('reconfigure');
const sinkFile = join(folder, 'out.jsonl');
let cluster: Cluster;
let observer: SequenceObserver;

function source(tasksMax: number): Record<string, string> {
  return {
    'connector.class': 'WitnessSource',
    'tasks.max': String(tasksMax),
    topic: 'sequences',
    sequences: String(sequences),
    ...json,
  };
}

function sink(tasksMax: number): Record<string, string> {
  return {
    'connector.class': 'WitnessSink',
    'tasks.max': String(tasksMax),
    topics: 'sequences',
    file: sinkFile,
    ...json,
  };
}

beforeAll(async () => {
  const plugin = fileURLToPath(new URL('./support/witness-plugin.ts', import.meta.url));
  cluster = await startCluster({
    workers: 3,
    // Until the last test nobody is killed, and on a busy machine nobody is to be taken for dead.
    profile: 'default',
    env: { SLUICE_PLUGINS: plugin },
  });
  observer = await SequenceObserver.watch(cluster, 'sequences', sequences);
  await cluster.apply('in', source(3));
  await cluster.apply('out', sink(3));
  await runsWith('in', 3);
  await runsWith('out', 3);
  await observer.keepsWriting(names, 200);
});

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

/** Exactly so many tasks, numbered from 0, and all of them run. */
async function runsWith(connector: string, count: number): Promise<void> {
  await waitFor(async () => await cluster.status(connector), {
    what: `${connector} to run with ${count} tasks`,
    until: (seen) =>
      seen.connector.state === 'RUNNING' &&
      seen.tasks.length === count &&
      seen.tasks.every(({ id, state }, index) => id === index && state === 'RUNNING'),
    timeoutMs: 45_000,
  });
}

/** All sequences go on, and what was written until now has arrived. */
async function expectNothingMissing(): Promise<void> {
  await observer.keepsWriting(names, 300);
  const last = observer.integrity();
  expect(last.missing).toEqual([]);
  const sunk = await waitFor(() => sinkIntegrity(sinkLines(sinkFile)), {
    what: `${last.records} records to arrive`,
    until: ({ records, duplicates }) => records - duplicates >= last.records,
    timeoutMs: 30_000,
  });
  expect(sunk.missing).toEqual([]);
  const uncovered = await committedButNotPut(observer.log, 'connect-out', () =>
    sinkLines(sinkFile),
  );
  expect(uncovered).toEqual([]);
}

/** Whatever ran before had ended in order: nothing was written or read twice so far. */
function expectNoDuplicates(): void {
  expect(observer.integrity().duplicates).toBe(0);
  expect(sinkIntegrity(sinkLines(sinkFile)).duplicates).toBe(0);
}

function statesOf(rows: readonly UnitRow[]): string[] {
  return [...new Set(rows.map(({ state }) => state))];
}

async function untilAll(connector: string, state: string): Promise<void> {
  await waitFor(async () => await units(cluster, connector), {
    what: `${connector} and its tasks to be ${state}`,
    until: (rows) => statesOf(rows).join() === state,
    timeoutMs: 30_000,
  });
}

test('a source and a sink get more tasks and fewer, and each record comes once', async () => {
  for (const count of [5, 2, 3]) {
    await cluster.apply('in', source(count));
    await cluster.apply('out', sink(count));
    await runsWith('in', count);
    await runsWith('out', count);
    await expectNothingMissing();
    expectNoDuplicates();
  }
});

test('a definition that changes nothing disturbs nothing', async () => {
  const before = await allRunning(cluster);
  await cluster.apply('in', source(3));
  await cluster.apply('out', sink(3));
  await observer.keepsWriting(names, silenceMs);
  expect(holdings(await units(cluster))).toEqual(holdings(before));
});

test('a paused connector keeps its tasks, which move nothing until it is resumed', async () => {
  const before = await allRunning(cluster);
  for (const connector of ['in', 'out']) {
    expect((await cluster.api.put(`/connectors/${connector}/pause`)).status).toBe(202);
    await untilAll(connector, 'PAUSED');
  }
  await observer.catchUp();
  const written = observer.integrity().records;
  const put = sinkLines(sinkFile).length;
  await systemClock.sleep(silenceMs);
  await observer.catchUp();
  expect(observer.integrity().records).toBe(written);
  expect(sinkLines(sinkFile)).toHaveLength(put);

  for (const connector of ['in', 'out']) {
    expect((await cluster.api.put(`/connectors/${connector}/resume`)).status).toBe(202);
  }
  const after = await allRunning(cluster);
  const owners = (rows: readonly UnitRow[]): unknown[] =>
    rows.map(({ id, worker, fence }) => [id, worker, fence]);
  expect(owners(after)).toEqual(owners(before));
  await expectNothingMissing();
  expectNoDuplicates();
});

test('a stopped connector has no tasks, and goes on where it was when it is resumed', async () => {
  for (const connector of ['in', 'out']) {
    expect((await cluster.api.put(`/connectors/${connector}/stop`)).status).toBe(204);
    await waitFor(async () => await cluster.status(connector), {
      what: `${connector} to be stopped`,
      until: ({ connector: own, tasks: left }) => own.state === 'STOPPED' && left.length === 0,
    });
  }
  await waitFor(async () => await tasks(cluster), {
    what: 'all tasks to be gone',
    until: (rows) => rows.length === 0,
  });
  await observer.catchUp();
  const written = observer.integrity().records;
  await systemClock.sleep(silenceMs);
  await observer.catchUp();
  expect(observer.integrity().records).toBe(written);

  for (const connector of ['in', 'out']) {
    expect((await cluster.api.put(`/connectors/${connector}/resume`)).status).toBe(202);
    await runsWith(connector, 3);
  }
  await expectNothingMissing();
  expectNoDuplicates();
});

test('a restart begins what it names anew, in its place, and nothing else', async () => {
  /** Which run of each task wrote last. */
  const runs = (): Map<string, string | undefined> => {
    const last = new Map(
      sinkLines(sinkFile).map(({ sinkTask, run }) => [`task/out/${sinkTask}`, run]),
    );
    for (const [id, name] of names.entries()) {
      last.set(`task/in/${id % 3}`, observer.records(name).at(-1)?.run);
    }
    return last;
  };
  const restarted = async (path: string, expected: readonly string[]): Promise<void> => {
    const before = runs();
    const { status } = await cluster.api.post(path);
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(300);
    const changed = (): string[] =>
      [...runs()].flatMap(([id, run]) => (run === before.get(id) ? [] : [id])).sort();
    await waitFor(changed, {
      what: `${expected.join(', ')} to begin anew`,
      until: (ids) => expected.every((id) => ids.includes(id)),
    });
    await observer.keepsWriting(names, 200);
    expect(changed()).toEqual(expected);
  };
  const fences = async (): Promise<unknown[]> =>
    (await units(cluster)).map(({ id, worker, fence }) => [id, worker, fence]);
  const before = await fences();
  await restarted('/connectors/in/tasks/1/restart', ['task/in/1']);
  await restarted('/connectors/out/restart', []);
  await restarted('/connectors/out/restart?includeTasks=true', [
    'task/out/0',
    'task/out/1',
    'task/out/2',
  ]);
  expect(await fences()).toEqual(before);
  await expectNothingMissing();
});

test('what is deleted and created anew under its name goes on where the old one was', async () => {
  for (const [connector, config] of [
    ['in', source(4)],
    ['out', sink(4)],
  ] as const) {
    expect((await cluster.api.delete(`/connectors/${connector}`)).status).toBe(204);
    expect((await cluster.api.get(`/connectors/${connector}`)).status).toBe(404);
    const { status } = await cluster.api.post('/connectors', { name: connector, config });
    expect(status).toBe(201);
  }
  await runsWith('in', 4);
  await runsWith('out', 4);
  await expectNothingMissing();
  expect(await cluster.api.read<string[]>('/connectors')).toEqual(['in', 'out']);
});

test('a worker that dies in the middle of a change holds it up, and nothing is missing', async () => {
  await cluster.apply('in', source(2));
  await cluster.apply('out', sink(5));
  await cluster.worker('worker-1').process.kill('SIGKILL');
  await runsWith('in', 2);
  await runsWith('out', 5);
  await allRunning(cluster, { notOn: 'worker-1' });
  await expectNothingMissing();
  const { duplicates } = observer.integrity();
  const sunk = sinkIntegrity(sinkLines(sinkFile));
  console.log(
    `killed in the middle of a change: ${duplicates} twice; sink ${sunk.duplicates} twice`,
  );
});
