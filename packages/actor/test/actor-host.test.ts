/** Goal: what the worker relies on when nothing goes wrong, and that nothing is left over afterwards. */
import { systemClock } from '@sluice/kernel';
import { expect, test, vi } from 'vitest';
import { type ActorHostOptions, createActorHost } from '../src/index.ts';
import { type Harness, startHarness } from './fixtures/harness.ts';

vi.setConfig({ testTimeout: 60_000 });

/** Nothing blocks here: an executor that is late is on a busy machine. */
async function start(options: Partial<ActorHostOptions> = {}): Promise<Harness> {
  return await startHarness({ blockedAfterMs: 30_000, ...options });
}

for (const isolation of ['shared', 'dedicated'] as const) {
  test(`a ${isolation} actor starts, receives in order, pauses, fails, is restarted and stops`, async () => {
    await using harness = await start();
    harness.spawn('task/a/0', [], { isolation });
    for (let value = 0; value < 100; value++) harness.tell('task/a/0', { do: 'echo', value });
    const echoes = (): unknown[] =>
      harness.events.filter(({ event }) => 'echo' in event).map(({ event }) => event.echo);
    await harness.until('100 echoes', () => echoes().length === 100);
    expect(echoes()).toEqual(Array.from({ length: 100 }, (_, value) => value));
    expect(harness.last('task/a/0')).toMatchObject({ state: 'RUNNING', attempts: 1, fence: 1 });
    expect(harness.last('task/a/0')?.executor).toMatch(new RegExp(`^${isolation}-`));

    harness.tell('task/a/0', { do: 'pause' });
    await harness.until('it is paused', () => harness.last('task/a/0')?.state === 'PAUSED');
    harness.tell('task/a/0', { do: 'fail' });
    await harness.until('it runs again', () => harness.last('task/a/0')?.attempts === 2);
    harness.host.restart('task/a/0', 1);
    await harness.until('it has a clean slate', () => {
      const status = harness.last('task/a/0');
      return status?.attempts === 1 && status.state === 'RUNNING';
    });
    // A message to another fence is not for this one.
    harness.host.tell('task/a/0', 2, { do: 'echo', value: 'stray' });
    await harness.host.stopActor('task/a/0', 1);
    await harness.host.stopActor('task/a/0', 1);
    expect(harness.events.at(-1)?.event).toEqual({ stopping: 'stop' });
    expect(echoes()).toHaveLength(100);
    expect(harness.events.filter(({ event }) => 'overlap' in event)).toEqual([]);
    expect(harness.host.list()).toEqual([]);
  });
}

for (const isolation of ['shared', 'dedicated'] as const) {
  test(`a ${isolation} executor tells what it has to say, and how busy it is`, async () => {
    await using harness = await start({ sharedExecutors: 1 });
    expect(harness.told).toEqual([{ executor: 'shared-0', message: { up: 'shared-0' } }]);
    harness.spawn('task/a/0', [], { isolation });
    await harness.until('it runs', () => harness.last('task/a/0')?.state === 'RUNNING');
    const executor = `${isolation}-0`;
    harness.tell('task/a/0', { do: 'tell', value: 7 });
    await harness.until(
      'it was heard',
      () => harness.told.length === (isolation === 'shared' ? 2 : 3),
    );
    expect(harness.told.at(-1)).toEqual({ executor, message: { value: 7 } });

    const seen = (): ReturnType<typeof harness.host.executors>[number] | undefined =>
      harness.host.executors().find(({ id }) => id === executor);
    await harness.until('it was measured', () => (seen()?.eventLoopDelayMs ?? 0) > 0);
    // Longer than what is measured at a time, so that it is not one delay among many.
    harness.tell('task/a/0', { do: 'wait', ms: 1_100 });
    await harness.until('it was late', () => (seen()?.eventLoopDelayMs ?? 0) > 1_000);
    await harness.until('it is in time', () => (seen()?.eventLoopDelayMs ?? 1_000) < 1_000);
    if (isolation === 'shared') expect(seen()?.usage).toBeUndefined();
    else {
      expect(seen()?.usage?.rssBytes).toBeGreaterThan(10_000_000);
      expect(seen()?.usage?.cpuMs).toBeGreaterThan(10);
    }
  });
}

test('an actor is restarted as its own policy says, and as another that it is told later', async () => {
  await using harness = await start({ sharedExecutors: 1 });
  const never = { attemptsMax: 0, initialMs: 10, maxMs: 10, resetAfterMs: 60_000 };
  harness.spawn('task/a/0', [{ do: 'fail' }], { restart: never });
  await harness.until('it failed', () => harness.last('task/a/0')?.state === 'FAILED');
  expect(harness.last('task/a/0')?.attempts).toBe(1);
  const twice = { ...never, attemptsMax: 2 };
  harness.host.restart('task/a/0', 1, { payload: { onStart: [{ do: 'fail' }] }, restart: twice });
  await harness.until('it failed again', () => {
    const status = harness.last('task/a/0');
    return status?.state === 'FAILED' && status.attempts === 3;
  });
});

test('statuses of one turn are coalesced, the last state of each is told', async () => {
  await using harness = await start({ sharedExecutors: 1 });
  harness.spawn('task/a/0');
  await harness.until('it runs', () => harness.last('task/a/0')?.state === 'RUNNING');
  const before = harness.statuses.length;
  for (let round = 0; round < 200; round++) {
    harness.tell('task/a/0', { do: 'pause' });
    harness.tell('task/a/0', { do: 'resume' });
  }
  harness.tell('task/a/0', { do: 'pause' });
  harness.tell('task/a/0', { do: 'echo', value: 'done' });
  await harness.until('all were received', () =>
    harness.events.some(({ event }) => event.echo === 'done'),
  );
  await harness.until('it is paused', () => harness.last('task/a/0')?.state === 'PAUSED');
  expect(harness.statuses.length - before).toBeLessThan(40);
});

test('a message or payload that cannot be cloned is the failure of its actor alone', async () => {
  await using harness = await start({ sharedExecutors: 1 });
  harness.spawn('task/a/0');
  harness.spawn('task/a/1');
  harness.spawn('task/a/2', [], { payload: { cannot: () => {} } });
  await harness.until(
    'the impossible one is FAILED',
    () => harness.last('task/a/2')?.state === 'FAILED',
  );
  expect(harness.last('task/a/2')?.trace).toContain('could not be cloned');
  harness.host.tell('task/a/0', 1, () => {});
  await harness.until('the first is restarted', () => harness.last('task/a/0')?.attempts === 2);
  harness.tell('task/a/1', { do: 'emit-function' });
  await harness.until('the second is restarted', () => harness.last('task/a/1')?.attempts === 2);
});

test('stopping leaves no thread, process, timer or listener behind, and the host can not be revived', async () => {
  const before = resources();
  const listenersBefore = process.eventNames().length;
  const harness = await start();
  for (let task = 0; task < 6; task++) harness.spawn(`task/a/${task}`, [{ do: 'memory' }]);
  harness.spawn('task/b/0', [{ do: 'memory' }], { isolation: 'dedicated' });
  await harness.until('all run', () => harness.host.list().length === 7);
  harness.tell('task/a/0', { do: 'throw' });
  await harness.until('one was restarted', () => harness.last('task/a/0')?.attempts === 2);
  const pid = harness.events.find(({ address }) => address === 'task/b/0')?.event;
  expect(pid).toBeDefined();
  await harness.host.stop();
  await harness.host.stop();
  expect(harness.events.filter(({ event }) => event.stopping === 'stop')).toHaveLength(7);
  expect(harness.host.executors()).toEqual([]);
  harness.host.spawn({ address: 'task/a/0', fence: 9, kind: 'test', payload: undefined });
  expect(harness.host.list()).toEqual([]);
  // Handles close in later turns.
  await harness.until('no resource is left', () => resources().length <= before.length);
  expect(process.eventNames().length).toBe(listenersBefore);
});

function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => /MessagePort|Worker|Process|Pipe|Immediate/.test(kind));
}

test('a thousand actors are up soon', async () => {
  await using harness = await start();
  const fromMs = systemClock.monotonicMs();
  for (let task = 0; task < 1_000; task++) harness.spawn(`task/a/${task}`, [], { group: 'a' });
  await harness.until('all run', () => harness.host.list().length === 1_000);
  // 0.3 s on an idle machine; what looks at all the others for each of them takes minutes.
  expect(systemClock.monotonicMs() - fromMs).toBeLessThan(20_000);
  const [first = 0, second = 0] = harness.host.executors().map(({ actors }) => actors);
  expect(Math.abs(first - second)).toBeLessThanOrEqual(1);
});

for (const isolation of ['shared', 'dedicated'] as const) {
  test(`an executor that cannot start says why (${isolation})`, async () => {
    const statuses: { state: string; trace?: string }[] = [];
    const host = createActorHost(
      {
        entry: new URL('./fixtures/executor.ts', import.meta.url),
        executorData: isolation === 'shared' ? 'broken' : 'broken-if-dedicated',
        sharedExecutors: 1,
        restart: { attemptsMax: 1, initialMs: 10, maxMs: 10, resetAfterMs: 60_000 },
        refence: async () => new Map(),
      },
      { status: (status) => statuses.push(status), event: () => {} },
    );
    try {
      if (isolation === 'shared') {
        await expect(host.start()).rejects.toThrow('the executor is broken');
      } else {
        await host.start();
        host.spawn({ address: 'task/a/0', fence: 1, kind: 'test', payload: undefined, isolation });
        await vi.waitFor(() => expect(statuses.at(-1)?.state).toBe('FAILED'), 30_000);
        expect(statuses.at(-1)?.trace).toContain('the executor is broken');
      }
    } finally {
      await host.stop();
    }
  });
}

test('options that make no sense are refused by name', () => {
  const options = {
    entry: new URL('./fixtures/executor.ts', import.meta.url),
    executorData: undefined,
    refence: async () => new Map<string, number>(),
  };
  expect(() =>
    createActorHost(
      { ...options, blockedAfterMs: Number.NaN },
      { status: () => {}, event: () => {} },
    ),
  ).toThrow(
    expect.objectContaining({
      code: 'config.invalid',
      details: { name: 'blockedAfterMs', value: Number.NaN },
    }),
  );
});
