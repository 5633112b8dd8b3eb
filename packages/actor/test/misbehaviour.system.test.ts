/**
 * Goal: bad code in one actor costs that actor, and the others of its executor a stated time. Real threads
 * and processes, since what Node does with them is exactly what is in question.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sluice/kernel';
import { expect, test, vi } from 'vitest';
import type { Order } from './fixtures/executor.ts';
import { type Harness, startHarness } from './fixtures/harness.ts';

// Longer than any wait of the harness, which then tells what it saw.
vi.setConfig({ testTimeout: 60_000 });

const beat: Order = { do: 'beat', everyMs: 20 };
/** Promised are 3 s on a machine that does nothing else. */
const againMsMax = 6_000;

/** Four beating actors on two executors; returns who shares one with the first. */
async function spawnFour(harness: Harness): Promise<{ neighbour: string; others: string[] }> {
  const addresses = ['task/a/0', 'task/a/1', 'task/a/2', 'task/a/3'];
  for (const address of addresses) harness.spawn(address, [beat]);
  await harness.until('all run', () =>
    addresses.every((address) => harness.last(address)?.state === 'RUNNING'),
  );
  const executor = harness.last('task/a/0')?.executor;
  const neighbour = addresses.find(
    (address) => address !== 'task/a/0' && harness.last(address)?.executor === executor,
  );
  if (!neighbour) throw new Error('the actors are not spread as expected');
  const others = addresses.filter((address) => address !== 'task/a/0' && address !== neighbour);
  return { neighbour, others };
}

/** From now until a beat of a new life, in ms. */
async function untilItBeatsAnew(harness: Harness, address: string): Promise<number> {
  const fromMs = systemClock.monotonicMs();
  const fenceBefore = harness.fenceOf(address);
  const isNew = ({ address: who, event }: (typeof harness.events)[number]): boolean =>
    who === address && typeof event.beat === 'number' && event.beat > fenceBefore;
  await harness.until(`${address} beats anew`, () => harness.events.some(isNew));
  return (harness.events.find(isNew)?.atMs ?? Number.NaN) - fromMs;
}

const blockers: readonly { what: string; order: Order; blockedAfterMs: number }[] = [
  { what: 'a busy loop in receive', order: { do: 'busy' }, blockedAfterMs: 1_000 },
  // The rest is about who is blamed, and need not take as long.
  {
    what: 'a busy loop after an await',
    order: { do: 'busy', after: 'await' },
    blockedAfterMs: 500,
  },
  { what: 'a busy loop in a timer', order: { do: 'busy', after: 'timer' }, blockedAfterMs: 500 },
  {
    what: 'an endless chain of promises',
    order: { do: 'busy', after: 'microtasks' },
    blockedAfterMs: 500,
  },
  { what: 'a blocking wait', order: { do: 'wait', ms: 20_000 }, blockedAfterMs: 500 },
];

for (const { what, order, blockedAfterMs } of blockers) {
  test(`${what} stalls its executor, and everybody else runs again within 3 s`, async () => {
    await using harness = await startHarness({ blockedAfterMs });
    const { neighbour, others } = await spawnFour(harness);
    const beatsBefore = harness.events.length;
    harness.tell('task/a/0', order);
    const neighbourMs = await untilItBeatsAnew(harness, neighbour);
    expect(neighbourMs).toBeLessThan(againMsMax);
    expect(
      harness.statuses.some(({ address, stalled }) => address === neighbour && stalled === true),
    ).toBe(true);
    await harness.until('the culprit runs again', () => {
      const status = harness.last('task/a/0');
      return status?.state === 'RUNNING' && status.attempts === 2;
    });
    expect(
      harness.statuses.find(
        ({ address, state }) => address === 'task/a/0' && state === 'RESTARTING',
      )?.trace,
    ).toContain('task/a/0 blocks it');
    // The innocent has no failure of its own, the others never noticed.
    expect(harness.last(neighbour)).toMatchObject({ state: 'RUNNING', attempts: 1, fence: 101 });
    for (const other of others) {
      expect(harness.fenceOf(other)).toBe(1);
      const gaps = beatGaps(harness, other, beatsBefore);
      expect(Math.max(...gaps)).toBeLessThan(againMsMax / 2);
    }
  });
}

function beatGaps(harness: Harness, address: string, from: number): number[] {
  const times = harness.events
    .slice(from)
    .filter((seen) => seen.address === address)
    .map(({ atMs }) => atMs);
  return times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
}

test('a thread in a system call runs no code any more once it was abandoned', async () => {
  await using harness = await startHarness({ blockedAfterMs: 500 });
  const { neighbour } = await spawnFour(harness);
  const folder = mkdtempSync(join(tmpdir(), 'sluice-actor-'));
  const file = join(folder, 'zombie');
  const seconds = 4;
  harness.tell('task/a/0', { do: 'sleep', seconds, thenWrite: file });
  expect(await untilItBeatsAnew(harness, neighbour)).toBeLessThan(seconds * 1_000);
  // The culprit waits for the exit of the thread, and so does whoever wants to release it.
  expect(harness.last('task/a/0')).toMatchObject({ state: 'RESTARTING', stalled: true });
  expect(harness.host.isQuiet()).toBe(false);
  let isReleased = false;
  const stopped = harness.host.stopActor('task/a/0', 1).then(() => {
    isReleased = true;
  });
  await harness.until('the blocked thread is the only one left over', () =>
    harness.host.executors().some(({ actors }) => actors === 0),
  );
  expect(isReleased).toBe(false);
  await stopped;
  expect(harness.host.executors()).toHaveLength(2);
  expect(() => readFileSync(file)).toThrow('ENOENT');
  rmSync(folder, { recursive: true });
});

test('a repeat offender gets a process of its own, and only that process is killed', async () => {
  await using harness = await startHarness({ blockedAfterMs: 500 });
  const { neighbour } = await spawnFour(harness);
  harness.tell('task/a/0', { do: 'busy' });
  await untilItBeatsAnew(harness, neighbour);
  await harness.until('it runs again', () => harness.last('task/a/0')?.state === 'RUNNING');
  harness.tell('task/a/0', { do: 'busy' });
  await harness.until('it runs alone', () => {
    const status = harness.last('task/a/0');
    return status?.state === 'RUNNING' && status.executor.startsWith('dedicated-');
  });
  const before = harness.refenced.length;
  harness.tell('task/a/0', { do: 'sleep', seconds: 20 });
  await harness.until(
    'the process is killed and replaced',
    () => harness.last('task/a/0')?.attempts === 4 && harness.last('task/a/0')?.state === 'RUNNING',
  );
  expect(harness.refenced.slice(before).map((actors) => [...actors.keys()])).toEqual([
    ['task/a/0'],
  ]);
  await harness.host.stopActor('task/a/0', harness.fenceOf('task/a/0'));
  await harness.until('its process is gone', () => harness.host.executors().length === 2);
});

for (const order of ['reject', 'throw-in-timer', 'throw', 'fail'] as const) {
  test(`an actor that does "${order}" fails alone and is restarted in place`, async () => {
    await using harness = await startHarness();
    const { neighbour } = await spawnFour(harness);
    const executor = harness.last('task/a/0')?.executor;
    harness.tell('task/a/0', { do: order });
    await harness.until('it is restarted', () => harness.last('task/a/0')?.attempts === 2);
    const failed = harness.statuses.find(({ state }) => state === 'RESTARTING');
    expect(failed?.address).toBe('task/a/0');
    expect(failed?.trace).toMatch(
      /nobody handles this|thrown in a timer|thrown by receive|failed by/,
    );
    if (order === 'throw') expect(failed?.trace).toContain('Caused by: Error: the root cause');
    expect(harness.host.executors().map(({ id }) => id)).toContain(executor);
    expect(harness.last(neighbour)).toMatchObject({ attempts: 1, fence: 1 });
    expect(harness.refenced).toEqual([]);
  });
}

test('an exception that belongs to no actor costs the executor, and its actors move in order', async () => {
  await using harness = await startHarness();
  const { neighbour } = await spawnFour(harness);
  const executor = harness.last('task/a/0')?.executor ?? '';
  harness.tell('task/a/0', { do: 'throw-outside' });
  await harness.until('both run elsewhere', () =>
    [neighbour, 'task/a/0'].every((address) => {
      const status = harness.last(address);
      return status?.state === 'RUNNING' && status.executor !== executor;
    }),
  );
  // Stopped, not lost: no new fence was needed.
  expect(harness.refenced).toEqual([]);
  await harness.until('the executor is replaced', () => {
    const ids = harness.host.executors().map(({ id }) => id);
    return ids.length === 2 && !ids.includes(executor);
  });
});

test('a leak ends the thread alone; its actors move, the leaking one is blamed', async () => {
  await using harness = await startHarness();
  const { neighbour } = await spawnFour(harness);
  harness.tell('task/a/0', { do: 'leak-heap' });
  await untilItBeatsAnew(harness, neighbour);
  await harness.until(
    'the leaking one is restarted',
    () => harness.last('task/a/0')?.attempts === 2,
  );
  const failed = harness.statuses.find(({ state }) => state === 'RESTARTING');
  expect(failed).toMatchObject({ address: 'task/a/0' });
  expect(failed?.trace).toContain('memory limit');
});

test('process.exit in an actor ends its thread alone', async () => {
  await using harness = await startHarness();
  const { neighbour } = await spawnFour(harness);
  harness.tell('task/a/0', { do: 'exit' });
  await untilItBeatsAnew(harness, neighbour);
  await harness.until('it is restarted', () => harness.last('task/a/0')?.attempts === 2);
  expect(harness.statuses.find(({ state }) => state === 'RESTARTING')?.trace).toContain(
    'exited with code 3',
  );
});

test('Buffers that pile up are noticed, and the one who does it ends in a process of its own', async () => {
  await using harness = await startHarness({ externalLimitMb: 24, blockedAfterMs: 500 });
  const leak: Order = { do: 'leak-buffers' };
  harness.spawn('task/leak/0', [leak, beat]);
  harness.spawn('task/a/1', [beat]);
  harness.spawn('task/a/2', [beat]);
  await harness.until(
    'the leaking one is dedicated',
    () => harness.last('task/leak/0')?.executor.startsWith('dedicated-') === true,
    40_000,
  );
  for (const address of ['task/a/1', 'task/a/2']) {
    expect(harness.last(address)).toMatchObject({ state: 'RUNNING', attempts: 1 });
  }
});

test('an actor that overstays its grace is ended with its executor, and the others moved first', async () => {
  await using harness = await startHarness({ stopGraceMs: 200 });
  const { neighbour } = await spawnFour(harness);
  const executor = harness.last(neighbour)?.executor;
  harness.tell('task/a/0', { do: 'hang-on-stop', ignoresSignal: true });
  await harness.host.stopActor('task/a/0', 1);
  expect(harness.host.executors().map(({ id }) => id)).not.toContain(executor);
  await harness.until('the neighbour runs elsewhere', () => {
    const status = harness.last(neighbour);
    return status?.state === 'RUNNING' && status.executor !== executor;
  });
  expect(harness.refenced).toEqual([]);
});

test('an actor that ends when its signal is aborted keeps its executor', async () => {
  await using harness = await startHarness({ stopGraceMs: 200 });
  const { neighbour } = await spawnFour(harness);
  const executor = harness.last(neighbour)?.executor;
  harness.tell('task/a/0', { do: 'hang-on-stop', ignoresSignal: false });
  await harness.host.stopActor('task/a/0', 1);
  expect(harness.host.executors().map(({ id }) => id)).toContain(executor);
  expect(harness.last(neighbour)).toMatchObject({ state: 'RUNNING', executor });
});

test('an actor that never gets well is FAILED with its trace, and can be restarted', async () => {
  await using harness = await startHarness();
  harness.spawn('task/a/0', [{ do: 'throw' }]);
  await harness.until('it is given up', () => harness.last('task/a/0')?.state === 'FAILED');
  expect(harness.last('task/a/0')).toMatchObject({ attempts: 6 });
  expect(harness.last('task/a/0')?.trace).toContain('thrown by receive');
  harness.host.restart('task/a/0', 1, { payload: { onStart: [] } });
  await harness.until('it runs', () => harness.last('task/a/0')?.state === 'RUNNING');
  expect(harness.last('task/a/0')).toMatchObject({ attempts: 1 });
});
