/** What a leader tells of what it grants and revokes, whom, and when it makes no plan at all. */
import { describe, expect, test } from 'vitest';

import type { LeaderLoopOptions } from '../src/leader-context.ts';
import type { UnitRecord } from '../src/model.ts';
import { LeaderWorld, unreachable } from './leader-world.ts';
import { actor, connector, member, ownedBy, task } from './records.ts';

const [w1, w2] = [member('w1'), member('w2')];
const own = [connector('a'), actor('a', ownedBy(w1, { heldEpoch: 0 }))] as const;
const settledTicks = 31;

/** At rest, with these tasks of `a`. */
async function running(
  tasks: readonly UnitRecord[],
  options: Partial<LeaderLoopOptions> = {},
): Promise<LeaderWorld> {
  const world = new LeaderWorld(options);
  world.played.set(w1, ...own, ...tasks);
  await world.started();
  await world.ticks(settledTicks, 'w1');
  world.played.done.length = 0;
  world.played.events.length = 0;
  world.jobs.length = 0;
  return world;
}

/** So many tasks, all of w1's. */
function owned(tasks: number): UnitRecord[] {
  return Array.from({ length: tasks }, (_, number) => task('a', number, ownedBy(w1)));
}

/** Its owner lets go of it. */
function release(world: LeaderWorld, unit: string, changes: Partial<UnitRecord> = {}): void {
  const record = world.played.unit(unit);
  if (!record) throw new Error(`there is no ${unit}`);
  const { worker: lastWorker = '', incarnation: _of, heldEpoch: _epoch, ...rest } = record;
  world.played.set({ ...rest, state: 'free', lastWorker, ...changes });
}

function count(world: LeaderWorld, verb: string): number {
  return world.played.done.filter((line) => line.startsWith(verb)).length;
}

describe('the owner of what is revoked is told, and the next owner why', () => {
  test('for balance', async () => {
    const world = await running(owned(2));
    world.played.set(w2);
    await world.ticks(settledTicks + 1, 'w1', 'w2');
    const [unit = ''] = world.played.done.map((line) => line.replace('revoke ', ''));
    expect(world.jobs).toEqual(['refresh w1: balance']);
    release(world, unit);
    await world.ticks(1, 'w1', 'w2');
    expect(world.jobs[1]).toBe(`start ${unit} on w2: balance, from w1`);
  });

  test('for a newer set of tasks', async () => {
    const world = await running(owned(1));
    world.played.set(task('a', 0, ownedBy(w1, { epoch: 2 })));
    await world.ticks(1, 'w1');
    expect(world.jobs).toEqual(['refresh w1: older epoch']);
    release(world, 'task/a/0');
    await world.ticks(1, 'w1');
    expect(world.jobs[1]).toBe('start task/a/0 on w1: reconfigured, from w1');
  });

  test('of what was not wanted, and is again, only from where it comes', async () => {
    const world = await running(owned(1));
    world.played.set(task('a', 0, ownedBy(w1, { retired: true })));
    await world.ticks(1, 'w1');
    expect(world.jobs).toEqual(['refresh w1: retired']);
    release(world, 'task/a/0', { retired: false });
    await world.ticks(1, 'w1');
    expect(world.jobs[1]).toBe('start task/a/0 on w1: moved from w1');
  });

  test('an owner that is dead is told nothing', async () => {
    const world = await running([]);
    world.played.set(member('w2', { state: 'dead' }), task('a', 0, ownedBy(w2, { epoch: 2 })));
    world.played.beatOf('w2');
    await world.ticks(2, 'w1');
    expect(world.played.done).toEqual(['revoke task/a/0']);
    expect(world.jobs).toEqual([]);
    expect(world.logged.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('why is forgotten with units that are deleted meanwhile, and only with them', async () => {
    const world = await running(owned(10), { movement: 'literal' });
    world.played.set(w2);
    await world.ticks(settledTicks + 1, 'w1', 'w2');
    expect(count(world, 'revoke')).toBe(5);
    for (let number = 0; number < 9; number++) world.played.remove('units', `task/a/${number}`);
    await world.ticks(1, 'w1', 'w2');
    world.jobs.length = 0;
    release(world, 'task/a/9');
    world.played.set(task('a', 1));
    await world.ticks(1, 'w1', 'w2');
    expect(world.jobs.toSorted()).toEqual([
      expect.stringMatching(/^start task\/a\/1 on w\d: first assignment$/),
      expect.stringMatching(/^start task\/a\/9 on w\d: balance, from w1$/),
    ]);
  });
});

describe('a round of balancing', () => {
  test('is a tenth of the tasks; connectors do not count', async () => {
    const world = await running(owned(30));
    world.played.set(w2);
    await world.ticks(settledTicks + 1, 'w1', 'w2');
    expect(count(world, 'revoke')).toBe(3);
  });

  test('waits for what was granted to be claimed', async () => {
    const world = await running(owned(10));
    const granted = [10, 11].map((number) => task('a', number, ownedBy(w2, { state: 'granted' })));
    world.played.set(w2, ...granted);
    await world.ticks(settledTicks + 5, 'w1', 'w2');
    expect(world.played.done).toEqual([]);
    for (const { unit } of granted) world.played.claim(unit);
    await world.ticks(1, 'w1', 'w2');
    expect(count(world, 'revoke')).toBe(2);
  });

  test('is told also if the store was away when it was to be', async () => {
    const world = await running(owned(10));
    world.played.set(w2);
    await world.ticks(settledTicks - 2, 'w1', 'w2');
    world.played.events.length = 0;
    world.played.before.set('appendEvents', () => {
      world.played.before.clear();
      throw unreachable();
    });
    await world.ticks(5, 'w1', 'w2');
    expect(world.played.before.size).toBe(0);
    expect(world.played.events).toEqual([
      'assignment.rerun: modulo rerun: balance, N 2, 0 orphaned, 5 moved',
    ]);
  });
});

describe('a plan', () => {
  test('is made when something could change it, not with each turn', async () => {
    const world = await running(owned(2));
    world.loop.stats.planMs = -1;
    await world.ticks(20, 'w1');
    expect(world.loop.stats.planMs).toBe(-1);
    world.played.set(task('a', 2, ownedBy(w1)));
    await world.ticks(1, 'w1');
    expect(world.loop.stats.planMs).toBe(0);
    world.played.set(w2);
    await world.ticks(1, 'w1', 'w2');
    world.loop.stats.planMs = -1;
    await world.ticks(5, 'w1', 'w2');
    expect(world.loop.stats.planMs).toBe(-1);
  });

  test('gives what nobody owns to whoever has least until a join has settled, also by movement literal', async () => {
    const world = await running(owned(10), { movement: 'literal' });
    world.played.set(w2);
    await world.ticks(1, 'w1', 'w2');
    world.played.set(task('a', 10));
    await world.ticks(1, 'w1', 'w2');
    expect(world.played.done).toEqual(['grant task/a/10 → w2']);
    // Nor is it told yet what will move.
    expect(world.played.events).toEqual([
      'assignment.rerun: modulo rerun: w2 joined, N 1→2, 0 orphaned, 0 moved',
    ]);
  });

  test('that places something says so; one that changes nothing is not told', async () => {
    const world = await running(owned(1));
    world.played.set(connector('a', { taskEpoch: 2, taskCount: 2 }));
    await world.ticks(1, 'w1');
    expect(world.played.events).toEqual([]);
    world.played.set(connector('a', { taskEpoch: 3, taskCount: 2 }), task('a', 1));
    await world.ticks(1, 'w1');
    expect(world.played.events).toEqual([
      'assignment.rerun: modulo rerun: a has 2 tasks, N 1, 0 orphaned, 0 moved, 1 placed',
    ]);
  });

  test('sweeps units, and connectors, that are left over', async () => {
    const world = await running(owned(1));
    world.played.set(task('a', 1, { retired: true }));
    await world.ticks(1, 'w1');
    world.played.remove('units', 'task/a/1');
    world.played.set(connector('b', { lifecycle: 'deleting' }));
    await world.ticks(1, 'w1');
    expect(world.played.done).toEqual(['sweep task/a/1', 'sweep b']);
  });
});
