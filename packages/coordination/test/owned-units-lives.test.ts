/** What a worker owns, when it changes while an answer about it is on its way; and what is read and told no more than needed. */
import { expect, test } from 'vitest';

import { reviewEveryMs } from '../src/upkeep.ts';
import { a, actor, World } from './owned-units-world.ts';

const running = { state: 'RUNNING', attempts: 1 } as const;

/** All is taken from the worker, which begins another life. */
async function nextLife(world: World): Promise<void> {
  await world.units.abandon();
  world.incarnation = 'w1#2';
}

test('a job under an old fence is stale also for a unit that runs', async () => {
  const world = new World();
  world.store.grant(a, 7);
  await world.beat();
  expect(await world.units.start(world.job(a, 6))).toBe('stale');
  expect(await world.units.start(world.job(a, 7))).toBe('claimed');
});

test('a job for a unit that is being stopped is stale', async () => {
  const world = new World();
  await world.owns(a);
  world.runner.stopping = new Promise(() => {});
  world.store.revoke(a);
  await world.beat();
  expect(await world.units.start(world.job(a, 1))).toBe('stale');
});

test('a wake-up for a former incarnation makes nobody read the assignments', async () => {
  const world = new World();
  await world.owns(a);
  await world.units.refresh({ worker: 'w1', incarnation: 'w1#0', reason: 'of another life' });
  await world.clock.advance(50);
  expect(world.store.callsOf('assignments')).toHaveLength(1);
  await world.units.refresh({ worker: 'w1', incarnation: 'w1#1', reason: 'of this one' });
  await world.clock.advance(50);
  expect(world.store.callsOf('assignments')).toHaveLength(2);
});

test('a new fence alone makes nobody read the assignments', async () => {
  const world = new World();
  await world.owns(a);
  await world.units.refence([{ unit: a, fence: 1 }]);
  await world.clock.advance(50);
  expect(world.store.callsOf('assignments')).toHaveLength(1);
});

test('a pause reaches a connector without another claim', async () => {
  const world = new World();
  await world.owns(actor);
  world.store.change({ targetState: 'PAUSED' });
  await world.beat();
  expect(world.runner.running.get(actor)?.targetState).toBe('PAUSED');
  expect(world.store.callsOf('claim')).toHaveLength(1);
});

test('what was reported under an old fence is not told again', async () => {
  const world = new World();
  await world.owns(a);
  world.units.reported(a, 0, running);
  await world.clock.advance(50);
  const confirming = world.units.confirm();
  await world.clock.advance(50);
  await confirming;
  await world.beat();
  expect(world.store.statuses.size).toBe(0);
});

test('what is reported while an older report is on its way is told after it', async () => {
  const world = new World();
  await world.owns(a);
  const tell = world.store.hold('report');
  world.units.reported(a, 1, running);
  await world.clock.advance(50);
  world.units.reported(a, 1, { state: 'FAILED', attempts: 1 });
  tell();
  await world.clock.advance(50);
  expect(world.store.statuses.get(a)).toBe('FAILED');
  expect(world.store.callsOf('report')).toHaveLength(2);
});

test('a unit that is gone when the assignments are answered is no failure', async () => {
  const world = new World();
  await world.owns(a);
  const tell = world.store.hold('assignments');
  world.store.units.delete(a);
  world.store.revision++;
  world.units.beatAcknowledged(world.store.revision, 'up');
  await world.clock.advance(10);
  world.units.drain();
  await world.clock.advance(50);
  expect(world.units.size).toBe(0);
  tell();
  await world.clock.advance(50);
  expect(world.errors).toEqual([]);
});

test('a unit that got another fence since is not stopped by an answer that lacks it', async () => {
  const world = new World();
  await world.owns(a);
  const tell = world.store.hold('assignments');
  world.store.isDead = true;
  world.store.revision++;
  world.units.beatAcknowledged(world.store.revision, 'up');
  await world.clock.advance(10);
  world.store.isDead = false;
  await world.units.refence([{ unit: a, fence: 1 }]);
  tell();
  await world.clock.advance(50);
  expect(world.log).toEqual(['run task/orders/0 1']);
});

test('a unit that is getting another fence is not stopped by an answer that lacks it', async () => {
  const world = new World();
  await world.owns(a);
  const tell = world.store.hold('refence');
  const refencing = world.units.refence([{ unit: a, fence: 1 }]);
  world.store.isDead = true;
  world.store.revision++;
  await world.beat();
  world.store.isDead = false;
  tell();
  await refencing;
  await world.clock.advance(50);
  expect(world.log).toEqual(['run task/orders/0 1']);
  expect(world.units.holding()).toMatchObject([{ unit: a, fence: 1_001 }]);
});

test('a release that is answered in the next life takes nothing from it', async () => {
  const world = new World();
  await world.owns(a);
  const tell = world.store.hold('release');
  world.store.revoke(a);
  await world.beat();
  await nextLife(world);
  world.store.grant(a, 9);
  await world.beat();
  tell();
  await world.clock.advance(50);
  expect(world.units.holding()).toMatchObject([{ unit: a, fence: 9 }]);
  expect(world.wakeUps).toEqual([]);
});

test('a definition that is read while its connector stops, or in a former life, reaches nobody', async () => {
  for (const ends of [
    async (world: World) => {
      world.runner.stopping = new Promise(() => {});
      world.units.drain();
    },
    nextLife,
  ]) {
    const world = new World();
    await world.owns(actor);
    const tell = world.store.hold('claim');
    world.store.change({ definitionVersion: 2, config: { everyMs: '5' } });
    await world.beat();
    await ends(world);
    tell();
    await world.clock.advance(50);
    expect(world.runner.countOf('update')).toBe(0);
  }
});

test('a definition that is not the connector’s any more is not read', async () => {
  const world = new World();
  await world.owns(actor);
  world.store.change({ definitionVersion: 2 });
  world.units.beatAcknowledged(world.store.revision, 'up');
  await world.clock.advance(1);
  // Between the assignments and the claim it was given to another.
  world.store.grant(actor, 2);
  await world.clock.advance(50);
  expect(world.runner.countOf('update')).toBe(0);
  expect(world.errors).toEqual([]);
});

test.each([
  ['claimed', 'claim', 'granted'],
  ['under its fence', 'refence', 'claimed'],
] as const)(
  'what a store forgot to be %s, and says so in the next life, is told to nobody',
  async (_what, method, state) => {
    const world = new World();
    await world.owns(a);
    if (method === 'refence') await world.units.refence([{ unit: a, fence: 1 }]);
    world.units.reported(a, method === 'refence' ? 1_001 : 1, running);
    await world.clock.advance(50);
    const told = world.store.callsOf('report').length;
    world.store.grant(a, 1, { state });
    const tell = world.store.hold(method);
    // A review: it reports as usual, and asks for what is missing.
    await world.clock.advance(reviewEveryMs(1));
    world.units.beatAcknowledged(world.store.revision, 'up');
    await world.clock.advance(20);
    expect(world.store.callsOf('report')).toHaveLength(told + 1);
    await nextLife(world);
    world.store.units.clear();
    tell();
    await world.clock.advance(50);
    expect(world.store.callsOf('report')).toHaveLength(told + 1);
    expect(world.units.holding()).toEqual([]);
  },
);

test('only what is not expected of a store is logged as an error', async () => {
  const world = new World();
  await world.owns(a);
  world.store.fail('assignments');
  world.store.revision++;
  await world.beat();
  world.store.quarantined = true;
  await world.beat();
  expect(world.errors).toEqual([]);
  world.store.failWith('assignments', new Error('a bug'));
  await world.beat();
  expect(world.errors).toEqual(['reconciliation failed']);
});

test('topics are stored for a unit that is owned, and not for one that is released', async () => {
  const world = new World();
  await world.owns(a);
  world.units.topicsUsed(a, 1, ['lines']);
  await world.clock.advance(50);
  const used = [{ unit: a, fence: 1, topics: ['lines'] }];
  expect(world.store.callsOf('noteTopics')).toEqual([used]);
  world.store.revoke(a);
  await world.beat();
  expect(world.units.size).toBe(0);
  world.units.topicsUsed(a, 1, ['late']);
  await world.beat();
  expect(world.store.callsOf('noteTopics')).toHaveLength(1);
});
