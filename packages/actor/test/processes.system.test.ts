/**
 * Goal: no effect after the deadline, and no process left over, whatever happens to the worker: it is
 * killed, it is frozen and continued, its Redis is away. A real worker process, so that it can be.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@sluice/kernel';
import { expect, test, vi } from 'vitest';
import { startHarness } from './fixtures/harness.ts';

vi.setConfig({ testTimeout: 60_000 });

interface Line {
  readonly done: string;
  readonly atMs: number;
}

interface WorkerProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** Of the dedicated executor. */
  readonly dedicatedPid: number;
  readonly statuses: { address: string; state?: string; attempts?: number }[];
  /** It was told not to renew the lease any more, and does not. */
  isFrozen(): boolean;
  lines(isolation: 'shared' | 'dedicated'): Line[];
}

async function startWorker(leaseMs = 400): Promise<WorkerProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-actor-'));
  const child = fork(
    new URL('./fixtures/worker-process.ts', import.meta.url),
    [folder, String(leaseMs)],
    {
      execArgv: ['--conditions=@sluice/source'],
    },
  );
  const pids = new Map<string, number>();
  const statuses: WorkerProcess['statuses'] = [];
  let isFrozen = false;
  child.on('message', (message: { address: string; event?: { pid?: number } } | 'frozen') => {
    if (message === 'frozen') {
      isFrozen = true;
      return;
    }
    if (message.event?.pid !== undefined) pids.set(message.address, message.event.pid);
    if (message.event === undefined) statuses.push(message);
  });
  const lines = (isolation: string): Line[] => {
    const file = join(folder, isolation);
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split(' '))
      .map(([done = '', atMs]) => ({ done, atMs: Number(atMs) }));
  };
  await until(
    'both actors have effects',
    () => pids.size === 2 && lines('shared').length > 0 && lines('dedicated').length > 0,
  );
  const dedicatedPid = pids.get('task/dedicated/0') ?? Number.NaN;
  return {
    child,
    dedicatedPid,
    statuses,
    isFrozen: () => isFrozen,
    lines,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await until('no process is left', () => !isAlive(dedicatedPid));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function until(what: string, condition: () => boolean, limitMs = 20_000): Promise<void> {
  const endMs = systemClock.monotonicMs() + limitMs;
  while (!condition()) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await systemClock.sleep(5);
  }
}

/** A zombie that waits for its parent counts as dead. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** The first effect after the first refusal that follows `fromMs`. */
function resumedAfter(lines: readonly Line[], fromMs: number): boolean {
  const refused = lines.findIndex(({ done, atMs }) => done === 'refused' && atMs > fromMs);
  return refused >= 0 && lines.slice(refused).some(({ done }) => done === 'effect');
}

/** The control thread would kill it after a second. */
async function block(worker: WorkerProcess): Promise<void> {
  worker.child.send('busy');
  await until('it blocks', () => worker.lines('dedicated').at(-1)?.done === 'busy');
}

for (const what of ['idle', 'in a busy loop'] as const) {
  test(`a dedicated process that is ${what} does not outlive its worker`, async () => {
    // A long lease, so that it is not its end that ends the child.
    await using worker = await startWorker(60_000);
    if (what === 'in a busy loop') await block(worker);
    worker.child.kill('SIGKILL');
    const fromMs = systemClock.monotonicMs();
    await until('the child is gone', () => !isAlive(worker.dedicatedPid));
    expect(systemClock.monotonicMs() - fromMs).toBeLessThan(5_000);
  });
}

test('a dedicated process ignores the signals that a terminal or service manager sends to the group', async () => {
  await using harness = await startHarness();
  harness.spawn('task/a/0', [{ do: 'memory' }], { isolation: 'dedicated' });
  const pidOf = (): unknown => harness.events.find(({ event }) => 'pid' in event)?.event.pid;
  await harness.until('it runs', () => pidOf() !== undefined);
  process.kill(Number(pidOf()), 'SIGINT');
  process.kill(Number(pidOf()), 'SIGTERM');
  harness.tell('task/a/0', { do: 'echo', value: 'alive' });
  await harness.until('it answers', () =>
    harness.events.some(({ event }) => event.echo === 'alive'),
  );
  await harness.host.stopActor('task/a/0', 1);
  expect(harness.events.at(-1)?.event).toEqual({ stopping: 'stop' });
});

test('after SIGSTOP beyond the lease and SIGCONT the very first check refuses', async () => {
  await using worker = await startWorker();
  worker.child.send('freeze');
  await until('the lease is not renewed any more', () => worker.isFrozen());
  worker.child.kill('SIGSTOP');
  const stoppedMs = systemClock.monotonicMs();
  await systemClock.sleep(1_000);
  // The child process was not frozen: its lease ran out by itself, and it is quiet.
  await until('it is quiet', () => worker.lines('dedicated').at(-1)?.done === 'refused');
  const before = worker.lines('shared').length;
  worker.child.kill('SIGCONT');
  await until('it checks again', () => worker.lines('shared').length > before + 5);
  const after = worker.lines('shared').slice(before);
  expect(after.map(({ done }) => done)).toEqual(after.map(() => 'refused'));
  for (const isolation of ['shared', 'dedicated'] as const) {
    const effects = worker.lines(isolation).filter(({ done }) => done === 'effect');
    expect(effects.at(-1)?.atMs).toBeLessThan(stoppedMs + 400);
  }
  // Back in place: nobody died, nobody was restarted.
  worker.child.send('thaw');
  await until(
    'both have effects again',
    () =>
      resumedAfter(worker.lines('shared'), stoppedMs) &&
      resumedAfter(worker.lines('dedicated'), stoppedMs),
  );
  expect(isAlive(worker.dedicatedPid)).toBe(true);
  expect(worker.statuses.map(({ state }) => state)).toEqual(['RUNNING', 'RUNNING']);
});

test('a dedicated process that blocks beyond its lease kills itself while its worker is frozen', async () => {
  await using worker = await startWorker();
  await block(worker);
  worker.child.kill('SIGSTOP');
  const fromMs = systemClock.monotonicMs();
  await until('the child is gone', () => !isAlive(worker.dedicatedPid));
  // Lease and kill margin are less than a second.
  expect(systemClock.monotonicMs() - fromMs).toBeLessThan(5_000);
  worker.child.kill('SIGCONT');
  await until('it is restarted', () =>
    worker.statuses.some(
      ({ address, attempts }) => address === 'task/dedicated/0' && attempts === 2,
    ),
  );
});

test('when the lease runs out executors become quiet, and go on in place when it is renewed', async () => {
  await using harness = await startHarness();
  harness.spawn('task/a/0');
  harness.spawn('task/b/0', [], { isolation: 'dedicated' });
  await harness.until('both run', () =>
    ['task/a/0', 'task/b/0'].every((address) => harness.last(address)?.state === 'RUNNING'),
  );
  const nowMs = systemClock.monotonicMs();
  harness.host.setLease({ pauseAtMs: nowMs + 50, quiesceAtMs: nowMs + 200 });
  expect(harness.host.isQuiet()).toBe(false);
  await harness.until('all are quiet', () => harness.host.isQuiet());
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(nowMs + 200);
  expect(systemClock.monotonicMs()).toBeLessThan(nowMs + 5_000);
  for (const address of ['task/a/0', 'task/b/0']) harness.tell(address, { do: 'lease' });
  const answers = (): unknown[] =>
    harness.events.filter(({ event }) => 'held' in event).map(({ event }) => event);
  await harness.until('both answer', () => answers().length === 2);
  const refused = { held: false, fresh: false, refused: 'lease.expired', expiries: 1, shared: 1 };
  expect(answers()).toEqual([refused, refused]);
  const laterMs = systemClock.monotonicMs() + 60_000;
  harness.host.setLease({ pauseAtMs: laterMs, quiesceAtMs: laterMs });
  expect(harness.host.isQuiet()).toBe(false);
  await harness.until('both hold it again', () => {
    for (const address of ['task/a/0', 'task/b/0']) harness.tell(address, { do: 'lease' });
    const held = harness.events.filter(({ event }) => event.held === true);
    return new Set(held.map(({ address }) => address)).size === 2;
  });
  expect(harness.statuses.map(({ state, attempts }) => [state, attempts])).toEqual([
    ['RUNNING', 1],
    ['RUNNING', 1],
  ]);
});

test('a failure while the lease is away is not counted, and the restart waits for the lease', async () => {
  await using harness = await startHarness();
  harness.spawn('task/a/0', [{ do: 'check' }]);
  await harness.until('it runs', () => harness.last('task/a/0')?.state === 'RUNNING');
  const nowMs = systemClock.monotonicMs();
  harness.host.setLease({ pauseAtMs: nowMs, quiesceAtMs: nowMs });
  harness.tell('task/a/0', { do: 'check' });
  await harness.until('it failed', () => harness.last('task/a/0')?.state === 'RESTARTING');
  await systemClock.sleep(200);
  expect(harness.events.filter(({ event }) => 'started' in event)).toHaveLength(1);
  harness.host.setLease({ pauseAtMs: nowMs + 60_000, quiesceAtMs: nowMs + 60_000 });
  await harness.until('it runs', () => harness.last('task/a/0')?.state === 'RUNNING');
  expect(harness.last('task/a/0')).toMatchObject({ attempts: 1 });
});
