import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test } from 'vitest';

import { protocolSpoken } from '../src/agreement.ts';
import { timingProfiles } from '../src/profile.ts';
import { WorkerAgent } from '../src/worker/worker-agent.ts';
import { beatAnswer, PlayedRunner, PlayedStore } from './worker-world.ts';

const profile = timingProfiles.default;

class World {
  readonly clock = new FakeClock();
  readonly store = new PlayedStore();
  readonly runner = new PlayedRunner();
  readonly wakeUps: string[] = [];
  readonly deaths: string[] = [];
  readonly warnings: string[] = [];
  readonly agent = new WorkerAgent({
    identity: {
      worker: 'w1',
      pid: 1,
      host: 'here',
      address: 'here:8084',
      plugins: [],
      protocol: protocolSpoken,
      log: 'redis',
    },
    store: this.store,
    heartbeatStore: this.store,
    runner: this.runner,
    waker: {
      wake: async (reason) => {
        this.wakeUps.push(reason);
      },
    },
    clock: this.clock,
    profile,
    logger: {
      ...silentLogger,
      warn: (_fields, message) => this.warnings.push(message),
    },
    refused: ({ code }) => this.deaths.push(code),
    mustDie: (reason) => this.deaths.push(reason),
    drainTimeoutMs: 10_000,
  });

  /** Started, and it runs two tasks. */
  async running(): Promise<this> {
    this.store.grant('task/a/0', 1);
    this.store.grant('task/a/1', 1);
    await this.agent.start();
    await this.clock.advance(50);
    expect(this.agent.unitCount).toBe(2);
    return this;
  }

  /** Calls the store got, in their order, without beats and reads. */
  get writes(): string[] {
    const reads = new Set(['beat', 'assignments', 'join', 'claim']);
    return this.store.calls.map(({ method }) => method).filter((method) => !reads.has(method));
  }
}

test('its beats carry the lease to the runner, and what it is assigned runs', async () => {
  const world = await new World().running();
  expect(world.runner.leases).toEqual([{ pauseAtMs: 1_500, quiesceAtMs: 2_500 }]);
  expect([...world.runner.running.keys()]).toEqual(['task/a/0', 'task/a/1']);
  expect(world.agent.leaseAgeMs).toBe(50);
});

test('fenced, it stops everything, and comes back with nothing', async () => {
  const world = await new World().running();
  const { incarnation } = world.agent;
  world.store.beatAnswers.push({ kind: 'fenced' });
  world.store.units.clear();
  await world.clock.advance(1_200);
  expect(world.runner.log).toContain('abandon');
  expect(world.agent.unitCount).toBe(0);
  expect(world.agent.incarnation).not.toBe(incarnation);
});

test('lost by the store, it says what it holds, and runs on only after it was told what is its own', async () => {
  const world = await new World().running();
  world.store.beatAnswers.push({ kind: 'rejoin' });
  world.store.units.delete('task/a/1');
  const tell = world.store.hold('assignments');
  await world.clock.advance(1_200);
  expect(world.store.callsOf('join').at(-1)).toMatchObject({
    holding: [
      { unit: 'task/a/0', uid: 'uid', epoch: 1, fence: 1 },
      { unit: 'task/a/1', uid: 'uid', epoch: 1, fence: 1 },
    ],
  });
  expect(world.runner.leases).toHaveLength(1);
  tell();
  await world.clock.advance(1_200);
  expect([...world.runner.running.keys()]).toEqual(['task/a/0']);
  expect(world.runner.leases.length).toBeGreaterThan(1);
});

test('it dies when its lease is over and an executor is not quiet, but not when it runs nothing', async () => {
  const busy = await new World().running();
  busy.runner.quiet = false;
  busy.store.fail('beat', 1_000);
  await busy.clock.advance(5_000);
  expect(busy.deaths).toHaveLength(1);

  const idle = new World();
  await idle.agent.start();
  idle.runner.quiet = false;
  idle.store.fail('beat', 1_000);
  await idle.clock.advance(5_000);
  expect(idle.deaths).toEqual([]);
});

describe('stopping', () => {
  test('it announces it, gives everything back, ends its beats, and leaves', async () => {
    const world = await new World().running();
    const stopped = world.agent.stop();
    await world.clock.advance(100);
    await stopped;
    expect(world.writes).toEqual(['drain', 'release', 'leave']);
    expect(world.store.callsOf('drain')).toEqual([{ returns: true }]);
    expect(world.warnings).toEqual([]);
    expect(world.wakeUps).toEqual(['w1 drains', 'w1 released task/a/0 and 1 more', 'w1 left']);
    const beats = world.store.callsOf('beat').length;
    await world.clock.advance(5_000);
    expect(world.store.callsOf('beat')).toHaveLength(beats);
  });

  test('it says whether it will be back', async () => {
    const world = new World();
    await world.agent.start();
    await world.agent.stop({ returns: false });
    expect(world.store.callsOf('drain')).toEqual([{ returns: false }]);
  });

  test('it beats until its units have stopped, so that nobody declares it dead meanwhile', async () => {
    const world = await new World().running();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    const stopped = world.agent.stop();
    await world.clock.advance(6_000);
    expect(world.store.callsOf('beat').length).toBeGreaterThan(10);
    expect(world.writes).toEqual(['drain']);
    resolve();
    await world.clock.advance(100);
    await stopped;
    expect(world.writes).toContain('leave');
  });

  test('units that do not stop in time are left to the lease', async () => {
    const world = await new World().running();
    world.runner.stopping = new Promise(() => {});
    const stopped = world.agent.stop();
    await world.clock.advance(10_000);
    await stopped;
    expect(world.store.units.size).toBe(2);
    expect(world.wakeUps).not.toContain('w1 left');
    expect(world.warnings).toEqual(['units did not stop in time: left to their lease']);
  });

  test('without the store it stops all the same, within its time', async () => {
    const world = await new World().running();
    for (const method of ['drain', 'release', 'beat', 'leave', 'assignments'] as const) {
      world.store.fail(method, 10_000);
    }
    const stopped = world.agent.stop();
    await world.clock.advance(10_000);
    await stopped;
    expect(world.runner.running.size).toBe(0);
  });

  test('it waits for the leader to take back what was granted to it too late', async () => {
    const world = new World();
    await world.agent.start();
    const stopped = world.agent.stop();
    world.store.grant('task/a/0', 1);
    await world.clock.advance(1_000);
    expect(world.writes).toEqual(['drain']);
    world.store.units.clear();
    await world.clock.advance(500);
    await stopped;
    expect(world.wakeUps).toContain('w1 left');
    expect(world.runner.log).toEqual([]);
  });

  test('… but not for ever', async () => {
    const world = new World();
    await world.agent.start();
    const stopped = world.agent.stop();
    world.store.grant('task/a/0', 1);
    await world.clock.advance(2 * profile.deadAfterMs);
    await stopped;
    expect(world.store.callsOf('leave')).toHaveLength(1);
  });

  test('… nor if the store does not say whether there is any', async () => {
    const world = new World();
    await world.agent.start();
    world.store.fail('assignments', 10);
    await world.agent.stop();
    expect(world.wakeUps).toContain('w1 left');
  });

  test('… nor beyond the time that it has for stopping', async () => {
    const world = await new World().running();
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    const stopped = world.agent.stop();
    await world.clock.advance(9_000);
    world.store.grant('task/a/2', 1);
    resolve();
    await world.clock.advance(1_000);
    await stopped;
    expect(world.store.callsOf('leave')).toHaveLength(1);
  });

  test('what it had claimed by then, and learns of too late, is given back before it leaves', async () => {
    const world = new World();
    await world.agent.start();
    world.store.grant('task/a/0', 1);
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    const tell = world.store.hold('claim');
    const { incarnation } = world.agent;
    const job = { unit: 'task/a/0', fence: 1, worker: 'w1', incarnation, reason: 'test' };
    const started = world.agent.jobs.start(job);
    await world.clock.advance(50);
    const stopped = world.agent.stop();
    await world.clock.advance(50);
    tell();
    await world.clock.advance(1_000);
    expect(await started).toBe('claimed');
    resolve();
    await world.clock.advance(500);
    await stopped;
    expect(world.writes).toEqual(['drain', 'release', 'leave']);
    expect(world.wakeUps).toContain('w1 left');
  });

  test('fenced while it stops, it does not come back', async () => {
    const world = await new World().running();
    world.runner.stopping = new Promise(() => {});
    const stopped = world.agent.stop();
    world.store.beatAnswers.push({ kind: 'fenced' });
    world.store.isDead = true;
    await world.clock.advance(2_000);
    await stopped;
    expect(world.store.callsOf('join')).toHaveLength(1);
    expect(world.agent.unitCount).toBe(0);
  });

  test('announced in vain, it is announced again with the beats', async () => {
    const world = await new World().running();
    world.runner.stopping = new Promise(() => {});
    world.store.fail('drain');
    const stopped = world.agent.stop({ returns: false });
    await world.clock.advance(11_000);
    expect(world.store.callsOf('drain')).toEqual([{ returns: false }, { returns: false }]);
    await stopped;
  });

  test('before it was started, and twice', async () => {
    const world = new World();
    await world.agent.stop();
    await world.agent.stop();
    expect(world.store.callsOf('beat')).toEqual([]);
  });
});

test('told to drain and then lost by the cluster, it drains as another incarnation, too', async () => {
  const world = await new World().running();
  world.store.beatAnswers.push(beatAnswer({ state: 'draining' }), { kind: 'fenced' });
  await world.clock.advance(2_000);
  // As the new incarnation it is up, until it says so.
  expect(world.store.calls.findLast(({ method }) => method === 'drain')?.incarnation).toBe(
    world.agent.incarnation,
  );
  world.store.grant('task/a/9', 9);
  await world.clock.advance(2_000);
  expect(world.runner.running.size).toBe(0);
});
