/**
 * Goal: whatever executors do, and whenever, no actor is lost, none runs twice, and a release means that
 * nothing of it is left. Executors are fakes, time is a fake clock, misbehaviour is random but repeatable.
 */
import { FakeClock } from '@sluice/kernel/testing';
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import {
  type ActorHost,
  type ActorHostOptions,
  type ActorStatus,
  createActorHost,
} from '../src/index.ts';
import { FakeExecutor } from './fixtures/fake-executors.ts';

vi.setConfig({ testTimeout: 30_000 });

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Batches, statuses and fences are passed on in later turns. */
async function turns(count = 6): Promise<void> {
  for (let index = 0; index < count; index++) await turn();
}

class World {
  readonly clock = new FakeClock();
  readonly executors: FakeExecutor[] = [];
  readonly statuses: ActorStatus[] = [];
  readonly fences = new Map<string, number>();
  readonly host: ActorHost;
  /** Set to make the next executors come up only by `up()`. */
  startsSlowly = false;
  failsToRefence = false;

  constructor(options: Partial<ActorHostOptions> = {}) {
    const launch: ConstructorParameters<typeof FakeExecutor> extends infer Arguments
      ? (...parameters: Arguments extends [infer A, infer B] ? [A, B] : never) => FakeExecutor
      : never = (request, events) => {
      const executor = new FakeExecutor(request, events);
      this.executors.push(executor);
      if (!this.startsSlowly) setImmediate(() => executor.up());
      return executor;
    };
    this.host = createActorHost(
      {
        entry: new URL('file:///none.ts'),
        executorData: undefined,
        sharedExecutors: 2,
        refence: async (actors) => {
          if (this.failsToRefence) throw new Error('Redis is away');
          const answer = new Map<string, number>();
          for (const { address, fence } of actors) {
            answer.set(address, fence + 1);
            this.fences.set(address, fence + 1);
          }
          return answer;
        },
        ...options,
      },
      { status: (status) => this.statuses.push(status), event: () => {} },
      { clock: this.clock, random: () => 0.5, launchShared: launch, launchDedicated: launch },
    );
    const forEver = Number.POSITIVE_INFINITY;
    this.host.setLease({ pauseAtMs: forEver, quiesceAtMs: forEver });
  }

  async start(): Promise<this> {
    await this.host.start();
    return this;
  }

  spawn(address: string, isolation: 'shared' | 'dedicated' = 'shared', fence = 1): void {
    this.fences.set(address, fence);
    this.host.spawn({ address, fence, kind: 'test', payload: undefined, isolation });
  }

  /** Time passes, and whoever is well ticks. */
  async advance(ms: number, stepMs = 50): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += stepMs) {
      for (const executor of this.executors) executor.tick();
      await this.clock.advance(Math.min(stepMs, ms - passedMs));
      await turns();
    }
  }

  executorOf(address: string): FakeExecutor {
    const found = this.alive().find((executor) =>
      [...executor.runs.values()].some((spec) => spec.address === address),
    );
    if (!found) throw new Error(`${address} runs nowhere`);
    return found;
  }

  runOf(address: string): number {
    for (const [run, spec] of this.executorOf(address).runs) {
      if (spec.address === address) return run;
    }
    throw new Error('unreachable');
  }

  alive(): FakeExecutor[] {
    return this.executors.filter((executor) => !executor.isDead);
  }

  /** Where effects of it are not refused by the board. */
  effective(address: string): number {
    return this.executors
      .filter((executor) => !executor.isExited && !executor.board.isAbandoned)
      .flatMap((executor) => [...executor.runs.values()])
      .filter((spec) => spec.address === address).length;
  }

  last(address: string): ActorStatus | undefined {
    return this.statuses.findLast((status) => status.address === address);
  }
}

test('the board says abandoned before the executor is killed', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await turns();
  const executor = world.executorOf('task/a/0');
  const wasAbandoned: boolean[] = [];
  executor.kill = () => wasAbandoned.push(executor.board.isAbandoned);
  executor.isBlocked = true;
  await world.advance(1_500);
  expect(wasAbandoned).toEqual([true]);
});

test('a freeze of the whole process blames nobody', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await world.advance(500);
  // The clock jumps, and only then does everybody get a turn.
  await world.clock.advance(99);
  const frozen = world.executors.length;
  Object.assign(world.clock, {
    monotonicMs: (
      (before) => () =>
        before() + 60_000
    )(world.clock.monotonicMs.bind(world.clock)),
  });
  await world.advance(2_000);
  expect(world.executors).toHaveLength(frozen);
});

test('nobody is known to have blocked it: suspects are placed apart until one is left', async () => {
  const world = await new World({ sharedExecutors: 2 }).start();
  const addresses = Array.from({ length: 8 }, (_, index) => `task/a/${index}`);
  for (const address of addresses) world.spawn(address);
  await turns();
  let incidents = 0;
  while (world.last('task/a/0')?.executor.startsWith('dedicated-') !== true && incidents < 12) {
    incidents++;
    world.executorOf('task/a/0').isBlocked = true;
    await world.advance(3_000);
  }
  // Three to find it among eight on two executors, then it has to offend twice.
  expect(incidents).toBeLessThanOrEqual(6);
  expect(world.last('task/a/0')).toMatchObject({ state: 'RUNNING' });
  for (const address of addresses.slice(1)) {
    expect(world.last(address)).toMatchObject({ state: 'RUNNING', attempts: 1 });
    expect(world.last(address)?.executor).toContain('shared-');
  }
});

test('while no new fence can be had the actor is stalled, and it runs as soon as there is one', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  world.spawn('task/a/1');
  world.spawn('task/a/2');
  await turns();
  world.failsToRefence = true;
  const lost = world.executorOf('task/a/0');
  lost.board.running = world.runOf('task/a/2');
  lost.isBlocked = true;
  await world.advance(10_000);
  expect(world.last('task/a/0')).toMatchObject({ stalled: true, fence: 1 });
  world.failsToRefence = false;
  await world.advance(2_000);
  expect(world.last('task/a/0')).toMatchObject({ state: 'RUNNING', fence: 2 });
  expect(world.last('task/a/0')?.stalled).toBeUndefined();
});

test('an address that the answer leaves out is dropped', async () => {
  const world = await new World({ refence: async () => new Map() }).start();
  world.spawn('task/a/0');
  await turns();
  world.executorOf('task/a/0').exit({ reason: 'gone' });
  await world.advance(2_000);
  expect(world.host.list()).toEqual([]);
  await world.host.stopActor('task/a/0', 1);
});

test('a release waits for the exit of an executor that an older life of the actor is in', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await turns();
  const blocked = world.executorOf('task/a/0');
  blocked.diesAtOnce = false;
  blocked.isBlocked = true;
  blocked.board.running = 0;
  world.spawn('task/a/1');
  world.spawn('task/a/2');
  await world.advance(2_000);
  let isReleased = false;
  void world.host.stopActor('task/a/0', world.fences.get('task/a/0') ?? 0).then(() => {
    isReleased = true;
  });
  await world.advance(5_000);
  expect(isReleased).toBe(false);
  expect(world.host.isQuiet()).toBe(false);
  blocked.exit({ reason: 'the call returned' });
  await turns();
  expect(isReleased).toBe(true);
});

test('spawning again under the same fence does nothing; a newer one replaces the older in order', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await turns();
  const run = world.runOf('task/a/0');
  world.spawn('task/a/0');
  await turns();
  expect(world.runOf('task/a/0')).toBe(run);
  world.spawn('task/a/0', 'shared', 5);
  await turns();
  expect(world.effective('task/a/0')).toBe(1);
  expect(world.last('task/a/0')).toMatchObject({ fence: 5, state: 'RUNNING' });
  world.spawn('task/a/0', 'shared', 4);
  await turns();
  expect(world.last('task/a/0')).toMatchObject({ fence: 5 });
});

test('a stop under the newer fence also means the spawn that waits for the older one to end', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await turns();
  const executor = world.executorOf('task/a/0');
  const run = world.runOf('task/a/0');
  executor.stopsActors = false;
  world.spawn('task/a/0', 'shared', 5);
  const stopped = world.host.stopActor('task/a/0', 5);
  await turns();
  executor.end(run, 'stopped');
  await stopped;
  await turns();
  expect(world.effective('task/a/0')).toBe(0);
  expect(world.host.list()).toEqual([]);
});

test('that an actor is stalled is told under its new fence as well: the old one may be refused by then', async () => {
  const world = await new World().start();
  for (const number of [0, 1, 2]) world.spawn(`task/a/${number}`);
  await turns();
  const lost = world.executorOf('task/a/0');
  lost.board.running = world.runOf('task/a/2');
  // Where it goes on, its start takes long.
  world.startsSlowly = true;
  world.executorOf('task/a/1').isBlocked = true;
  lost.exit({ reason: 'gone' });
  await turns();
  expect(world.last('task/a/0')).toMatchObject({ fence: 2, stalled: true });
});

test('executors that do not start are tried again with back-off, and actors wait for them', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await turns();
  world.startsSlowly = true;
  for (const executor of world.executors) executor.exit({ reason: 'died' });
  for (let failure = 0; failure < 10; failure++) {
    for (const executor of world.alive()) executor.exit({ reason: 'cannot start' });
    await world.advance(1_000);
  }
  expect(world.executors.length).toBeLessThan(20);
  world.startsSlowly = false;
  for (const executor of world.alive()) executor.up();
  await world.advance(35_000, 500);
  expect(world.last('task/a/0')).toMatchObject({ state: 'RUNNING' });
});

test('a fenced worker drops everything at once and can start anew', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  world.spawn('task/b/0', 'dedicated');
  await turns();
  const before = world.alive();
  const slow = world.executorOf('task/a/0');
  slow.diesAtOnce = false;
  let isDone = false;
  void world.host.abandonAll().then(() => {
    isDone = true;
  });
  expect(before.every(({ board }) => board.isAbandoned)).toBe(true);
  await turns();
  expect(isDone).toBe(false);
  slow.exit({ reason: 'at last' });
  await turns();
  expect(isDone).toBe(true);
  expect(world.host.list()).toEqual([]);
  world.spawn('task/a/0', 'shared', 9);
  await turns();
  expect(world.last('task/a/0')).toMatchObject({ state: 'RUNNING', fence: 9 });
});

test('what a fenced worker drops is as quiet until it exits as it was before', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  world.spawn('task/b/0', 'dedicated');
  await turns();
  world.host.setLease({ pauseAtMs: 1_000, quiesceAtMs: 2_000 });
  await world.advance(2_500);
  for (const executor of world.alive()) {
    executor.diesAtOnce = false;
    executor.board.quietForMs = executor.board.quiesceAtMs;
  }
  const busy = world.executorOf('task/b/0');
  busy.board.quietForMs = 0;
  world.startsSlowly = true;
  void world.host.abandonAll();
  await turns();
  expect(world.host.isQuiet()).toBe(false);
  busy.exit({ reason: 'killed' });
  expect(world.host.isQuiet()).toBe(true);
});

test('stopping returns within its limit even if an executor never exits', async () => {
  const world = await new World().start();
  world.spawn('task/a/0');
  await turns();
  const executor = world.executorOf('task/a/0');
  executor.diesAtOnce = false;
  executor.isBlocked = true;
  let isStopped = false;
  const stopped = world.host.stop().then(() => {
    isStopped = true;
  });
  await world.clock.advance(5_000);
  await turns();
  await world.clock.advance(5_000);
  await turns();
  expect(isStopped).toBe(true);
  await stopped;
  expect(executor.board.isAbandoned).toBe(true);
});

type Deed =
  | { readonly do: 'spawn' | 'stop' | 'restart' | 'fail' | 'overstay'; readonly actor: number }
  | {
      readonly do: 'block' | 'exit' | 'crash' | 'leak' | 'linger' | 'come up' | 'unstoppable';
      readonly executor: number;
      readonly blames: number;
    }
  | { readonly do: 'lease' | 'refence' | 'slow starts'; readonly works: boolean }
  | { readonly do: 'wait'; readonly ms: number };

const actorsMax = 6;
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    do: fc.constantFrom('spawn', 'spawn', 'stop', 'restart', 'fail', 'overstay'),
    actor: fc.nat({ max: actorsMax - 1 }),
  }),
  fc.record({
    do: fc.constantFrom('block', 'exit', 'crash', 'leak', 'linger', 'come up', 'unstoppable'),
    executor: fc.nat({ max: 9 }),
    blames: fc.nat({ max: 3 }),
  }),
  fc.record({ do: fc.constantFrom('lease', 'refence', 'slow starts'), works: fc.boolean() }),
  fc.record({ do: fc.constant('wait'), ms: fc.constantFrom(0, 100, 1_500, 8_000) }),
) as fc.Arbitrary<Deed>;

test('whatever happens, every actor runs once or is FAILED in the end, and a release is one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(deeds, { minLength: 5, maxLength: 40 }), async (all) => {
      const world = await new World({ blockedAfterMs: 500 }).start();
      const wanted = new Map<string, number>();
      let nextFence = 1_000;
      for (const deed of all) {
        apply(world, deed, wanted, () => ++nextFence * 1_000);
        await world.advance(deed.do === 'wait' ? deed.ms : 0, 100);
        await turns(2);
        for (const address of wanted.keys()) expect(world.effective(address)).toBeLessThan(2);
      }
      await heal(world);
      for (const address of wanted.keys()) {
        const status = world.host.list().find((one) => one.address === address);
        const isUp = status?.state === 'RUNNING' && world.effective(address) === 1;
        expect([address, isUp || status?.state === 'FAILED', status]).toEqual([
          address,
          true,
          status,
        ]);
      }
      const running = world.executors.flatMap(({ runs }) => [...runs.values()]);
      for (const { address } of running) expect([...wanted.keys()]).toContain(address);
      const stopped = world.host.stop();
      await world.advance(10_000, 500);
      await stopped;
      expect(world.executors.every(({ isExited }) => isExited)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

function apply(
  world: World,
  deed: Deed,
  wanted: Map<string, number>,
  newFence: () => number,
): void {
  switch (deed.do) {
    case 'spawn': {
      const address = `task/a/${deed.actor}`;
      if (wanted.has(address)) return;
      const fence = newFence();
      wanted.set(address, fence);
      world.spawn(address, deed.actor === 0 ? 'dedicated' : 'shared', fence);
      return;
    }
    case 'stop': {
      const address = `task/a/${deed.actor}`;
      const fence = world.fences.get(address);
      if (!wanted.delete(address) || fence === undefined) return;
      void world.host.stopActor(address, fence).then(() => {
        const left = world.executors
          .filter(({ isExited }) => !isExited)
          .flatMap(({ runs }) => [...runs.values()])
          .filter((spec) => spec.address === address && spec.fence <= fence);
        expect(left).toEqual([]);
      });
      return;
    }
    case 'restart': {
      const address = `task/a/${deed.actor}`;
      world.host.restart(address, world.fences.get(address) ?? 0);
      return;
    }
    case 'fail':
    case 'overstay': {
      const address = `task/a/${deed.actor}`;
      const executor = world
        .alive()
        .find(
          ({ isBlocked, runs }) =>
            !isBlocked && [...runs.values()].some((s) => s.address === address),
        );
      for (const [run, spec] of executor?.runs ?? []) {
        if (spec.address !== address) continue;
        if (deed.do === 'fail') executor?.fail(run);
        else if (executor?.stopping.has(run)) executor.end(run, 'overstayed');
      }
      return;
    }
    case 'lease': {
      const untilMs = deed.works ? Number.POSITIVE_INFINITY : 0;
      world.host.setLease({ pauseAtMs: untilMs, quiesceAtMs: untilMs });
      return;
    }
    case 'refence':
      world.failsToRefence = !deed.works;
      return;
    case 'slow starts':
      world.startsSlowly = !deed.works;
      return;
    case 'wait':
      return;
    default: {
      const alive = world.executors.filter(({ isExited }) => !isExited);
      const executor = alive[deed.executor % Math.max(1, alive.length)];
      if (executor) harm(executor, deed.do, deed.blames);
    }
  }
}

function harm(executor: FakeExecutor, deed: string, blames: number): void {
  executor.board.running = [...executor.runs.keys()][blames] ?? 0;
  if (deed === 'block') executor.isBlocked = true;
  if (deed === 'exit') executor.exit({ reason: 'it exited' });
  if (deed === 'crash') executor.report([{ kind: 'crashed', trace: 'it crashed' }]);
  if (deed === 'leak') executor.board.setMemory({ heapBytes: 0, externalBytes: 2 ** 33 });
  if (deed === 'linger') executor.diesAtOnce = false;
  if (deed === 'come up') executor.up();
  if (deed === 'unstoppable') executor.stopsActors = false;
}

/** Everything works again, and there is time. */
async function heal(world: World): Promise<void> {
  world.failsToRefence = false;
  world.startsSlowly = false;
  const forEver = Number.POSITIVE_INFINITY;
  world.host.setLease({ pauseAtMs: forEver, quiesceAtMs: forEver });
  for (let round = 0; round < 40; round++) {
    for (const executor of world.executors) {
      if (executor.isExited) continue;
      executor.diesAtOnce = true;
      executor.stopsActors = true;
      executor.board.setMemory({ heapBytes: 0, externalBytes: 0 });
      if (executor.isKilled) executor.exit({ reason: 'at last' });
      else if (executor.isBlocked) continue;
      executor.up();
      for (const run of executor.stopping) if (executor.runs.has(run)) executor.end(run, 'stopped');
    }
    await world.advance(1_000, 250);
  }
}
