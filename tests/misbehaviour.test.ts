/**
 * One task of one connector does what no plugin should do, on a worker with two executors, while four
 * sequences are written beside it: two in its executor, two in the other.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { timingProfiles } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';
import { type Cluster, limitMs, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { nameOf, showLogsOnFailure, tasks, workers } from './support/cluster-facts.ts';
import { linesIn } from './support/numbered-file.ts';
import { SequenceObserver } from './support/sequence-observer.ts';

/** What is promised for tasks in the same executor, on a machine that does nothing else. */
const sameExecutorGapMs = 3_000;
const sameExecutorGapMsMax = 2 * sameExecutorGapMs;
/** They notice nothing: what is left is scheduling. Until a thread is given up takes longer. */
const otherExecutorGapMsMax = 1_500;
/** The executors would pause after it. */
const beatAgeMsMax = timingProfiles.default.pauseAfterMs;
const answerMsMax = 1_500;
const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

const folder = makeOwnedFolder('misbehaviour');
let cluster: Cluster;
let observer: SequenceObserver;

beforeAll(async () => {
  cluster = await startCluster({
    workers: 1,
    profile: 'default',
    env: {
      SLUICE_EXECUTORS: '2',
      SLUICE_EXECUTOR_HEAP_MB: '160',
      SLUICE_STOP_GRACE_MS: '500',
      SLUICE_DRAIN_TIMEOUT_MS: '1000',
    },
  });
  observer = await SequenceObserver.watch(cluster, 'sequences');
  await cluster.apply('bystander', {
    'connector.class': 'VerifiableSource',
    'tasks.max': '4',
    topic: 'sequences',
    throughput: '50',
    ...json,
  });
  await cluster.waitForRunning('bystander', 4);
});

afterAll(async () => {
  await observer?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

interface Sample {
  readonly atMs: number;
  /** `<connector>/<task>` → executor. */
  readonly executors: ReadonlyMap<string, string | null>;
  readonly beatAgeMs: number;
  /** How long the worker took to answer over HTTP. */
  readonly answerMs: number;
}

async function takeSample(): Promise<Sample> {
  const atMs = Date.now();
  const [worker] = cluster.workers;
  const beganMs = systemClock.monotonicMs();
  const health = await fetch(`${worker?.url}/health/ready`, {
    signal: AbortSignal.timeout(10_000),
  });
  expect(health.status).toBe(200);
  const answerMs = systemClock.monotonicMs() - beganMs;
  const [rows, members] = await Promise.all([tasks(cluster), workers(cluster)]);
  return {
    atMs,
    executors: new Map(rows.map((row) => [nameOf(row), row.executor])),
    beatAgeMs: members[0]?.beat_age_ms ?? Number.POSITIVE_INFINITY,
    answerMs,
  };
}

/** @throws what `work` throws, or else what a look at the cluster does. */
async function sampleDuring(work: () => Promise<void>): Promise<Sample[]> {
  const stopping = new AbortController();
  const sampling = sampleUntil(stopping.signal);
  const working = work().finally(() => stopping.abort());
  const [worked, sampled] = await Promise.allSettled([working, sampling]);
  if (worked.status === 'rejected') throw worked.reason;
  if (sampled.status === 'rejected') throw sampled.reason;
  return sampled.value;
}

async function sampleUntil(signal: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!signal.aborted) {
    samples.push(await takeSample());
    await systemClock.sleep(50, signal).catch(() => {});
  }
  return samples;
}

interface Outcome {
  /** Longest silence around a fault, of tasks in the executor in which it happened, and of the others. */
  readonly same: number[];
  readonly other: number[];
  readonly samples: readonly Sample[];
}

/** Runs the connector until it has misbehaved so often, and `until` it is over. */
async function misbehave(
  fault: string,
  times: number,
  until: (connector: string) => Promise<unknown>,
): Promise<Outcome> {
  const connector = `faulty-${fault}`;
  const faultFile = join(folder, fault);
  const faultsMs = (): number[] => linesIn(faultFile).map((line) => Date.parse(line));
  const samples = await sampleDuring(async () => {
    await cluster.apply(connector, {
      'connector.class': 'FaultySource',
      topic: 'faults',
      fault,
      'fault.after.ms': '800',
      'fault.once.file': faultFile,
      'fault.times': String(times),
      ...json,
    });
    await waitFor(faultsMs, {
      what: `${fault} to happen ${times} times`,
      until: (seen) => seen.length === times,
      timeoutMs: 30_000,
    });
    await until(connector);
    await observer.keepsWriting(observer.names(), sameExecutorGapMs / 2);
  });

  const outcome: Outcome = { same: [], other: [], samples };
  for (const faultMs of faultsMs()) {
    const placed = samples.findLast(({ atMs }) => atMs < faultMs)?.executors;
    for (const name of observer.names()) {
      const isSame = placed?.get(name) === placed?.get(`${connector}/0`);
      // The silence may have begun a moment before, between two records.
      outcome[isSame ? 'same' : 'other'].push(gapAround(name, faultMs));
    }
  }
  return outcome;
}

/** Longest time between two records, of which the first is of the seconds from a moment before the fault. */
function gapAround(name: string, faultMs: number): number {
  const fromMs = faultMs - 100;
  const toMs = faultMs + 2 * sameExecutorGapMs;
  let longestMs = 0;
  let beforeMs = fromMs;
  for (const { writtenMs } of observer.records(name)) {
    if (writtenMs < fromMs) continue;
    if (beforeMs > toMs) break;
    longestMs = Math.max(longestMs, writtenMs - beforeMs);
    beforeMs = writtenMs;
  }
  return longestMs;
}

function expectContained(fault: string, { same, other, samples }: Outcome): void {
  const beatAgeMs = Math.max(...samples.map((sample) => sample.beatAgeMs));
  const answerMs = Math.round(Math.max(...samples.map((sample) => sample.answerMs)));
  console.log(
    `${fault}: silence in the same executor ${same.join(', ')} ms, elsewhere ${other.join(', ')} ms; ` +
      `oldest beat ${beatAgeMs} ms, slowest answer ${answerMs} ms`,
  );
  expect(same.length).toBeGreaterThan(0);
  expect(other.length).toBeGreaterThan(0);
  expect(Math.max(...same)).toBeLessThan(limitMs(sameExecutorGapMsMax));
  expect(Math.max(...other)).toBeLessThan(limitMs(otherExecutorGapMsMax));
  expect(beatAgeMs).toBeLessThan(limitMs(beatAgeMsMax));
  expect(answerMs).toBeLessThan(limitMs(answerMsMax));
  expect(observer.integrity().missing).toEqual([]);
}

async function remove(connector: string): Promise<void> {
  expect((await cluster.api.delete(`/connectors/${connector}`)).status).toBe(204);
  await waitFor(async () => await tasks(cluster), {
    what: `the task of ${connector} to be gone`,
    until: (rows) => rows.every((row) => row.connector !== connector),
  });
}

async function runsInDedicatedExecutor(connector: string): Promise<void> {
  await waitFor(async () => await tasks(cluster, connector), {
    what: `${connector} to run in a process of its own`,
    until: ([row]) => row?.state === 'RUNNING' && row.executor?.startsWith('dedicated-') === true,
    timeoutMs: 40_000,
  });
}

async function runs(connector: string): Promise<void> {
  await cluster.waitForRunning(connector);
}

test('an endless loop is contained, and the second one gets a process of its own', async () => {
  const outcome = await misbehave('busy-loop', 2, runsInDedicatedExecutor);
  expectContained('busy-loop', outcome);
  await remove('faulty-busy-loop');
});

test('a promise that is rejected and not handled fails the task that did it, and no other', async () => {
  const before = await tasks(cluster, 'bystander');
  const outcome = await misbehave('unhandled-rejection', 1, runs);
  expectContained('unhandled-rejection', outcome);
  // Nobody had to be moved for it.
  expect(await tasks(cluster, 'bystander')).toEqual(before);
  await remove('faulty-unhandled-rejection');
});

test('memory that is never given back ends one executor, and at the second time a process of its own', async () => {
  const outcome = await misbehave('memory-leak', 2, runsInDedicatedExecutor);
  expectContained('memory-leak', outcome);
  await remove('faulty-memory-leak');
});

test('a system call that never returns is left behind with its thread; what was beside it moves', async () => {
  const outcome = await misbehave('blocking-syscall', 1, async (connector) => {
    await waitFor(async () => await tasks(cluster, connector), {
      what: 'the blocked task not to be shown as running well',
      until: ([row]) => row !== undefined && (row.stalled || row.state !== 'RUNNING'),
    });
  });
  expectContained('blocking-syscall', outcome);
  const [blocked] = await tasks(cluster, 'faulty-blocking-syscall');
  await waitFor(async () => await tasks(cluster, 'bystander'), {
    what: 'all others to run in another executor',
    until: (rows) =>
      rows.every(({ executor, state }) => state === 'RUNNING' && executor !== blocked?.executor),
  });
});

test('a worker that is asked to end while a thread of it is stuck kills itself and says why', async () => {
  const [worker] = cluster.workers;
  await worker?.process.kill('SIGTERM');
  expect(await worker?.process.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(worker?.process.logLines().at(-1)).toMatchObject({
    msg: expect.stringMatching(/^killing this process/),
    reason: '1 executors did not end',
  });
});
