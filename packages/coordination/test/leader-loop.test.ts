/** The order of a leader's turns, and what it does when the store, or itself, fails in one of them. */
import { describe, expect, test } from 'vitest';

import { protocolSpoken } from '../src/agreement.ts';
import type { LeaderLoopOptions } from '../src/leader-context.ts';
import type { ConnectorRecord, MemberRecord, UnitRecord } from '../src/model.ts';
import { type TimingProfile, timingProfiles } from '../src/profile.ts';
import type { StoredRequest } from '../src/requests.ts';
import { LeaderWorld, notLeader, unreachable } from './leader-world.ts';
import { actor, connector, member, ownedBy, task } from './records.ts';

const workers = ['w1', 'w2', 'w3'];
const [w1, w2, w3] = workers.map((name) => member(name)) as [
  MemberRecord,
  MemberRecord,
  MemberRecord,
];

/** A connector whose own unit this member runs. */
function runBy(owner: MemberRecord, name = 'a'): [ConnectorRecord, UnitRecord] {
  return [connector(name), actor(name, ownedBy(owner, { heldEpoch: 0 }))];
}

/** Three workers that beat, and a task of w1's. */
async function running(): Promise<LeaderWorld> {
  const world = new LeaderWorld();
  // Nothing is to be raised.
  world.played.protocol = protocolSpoken.max;
  world.played.set(w1, w2, w3, ...runBy(w3), task('a', 0, ownedBy(w1)));
  await world.started();
  await world.ticks(10, ...workers);
  expect(world.played.done).toEqual([]);
  world.played.events.length = 0;
  return world;
}

describe('a turn', () => {
  test('grants what is free and tells the workers; nothing is done twice', async () => {
    const world = new LeaderWorld();
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.started();
    expect(world.played.done).toEqual(['grant task/a/0 → w1']);
    expect(world.jobs).toEqual(['start task/a/0 on w1: first assignment']);
    world.played.claim('task/a/0');
    await world.ticks(20, 'w1');
    expect(world.played.done).toHaveLength(1);
    expect(world.loop.stats).toMatchObject({ grants: 1, elections: 1 });
  });

  test('grants each worker its units together, so that it is told once', async () => {
    const world = new LeaderWorld();
    const tasks = Array.from({ length: 9 }, (_, number) => task('a', number, { ordinal: number }));
    world.played.set(w1, w2, w3, ...runBy(w1), ...tasks);
    await world.started();
    const owners = world.played.done.map((done) => done.replace(/^.* → /, ''));
    expect(owners).toHaveLength(9);
    expect(owners.filter((owner, index) => owner !== owners[index - 1])).toHaveLength(3);
  });

  test('tells a worker that is given very much with one job instead of one for each unit', async () => {
    const world = new LeaderWorld();
    const tasks = Array.from({ length: 60 }, (_, number) => task('a', number));
    world.played.set(w1, ...runBy(w1), ...tasks);
    await world.started();
    expect(world.played.done).toHaveLength(60);
    expect(world.jobs).toEqual(['refresh w1: 60 units to start: first assignment']);
  });

  test('comes with a nudge, not only with a tick', async () => {
    const world = await new LeaderWorld().started();
    await world.clock.advance(1);
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.clock.advance(1);
    expect(world.played.done).toEqual([]);
    world.loop.nudge();
    await world.clock.advance(0);
    expect(world.played.done).toEqual(['grant task/a/0 → w1']);
  });

  test('follows at once on one in which there was a nudge', async () => {
    const world = await running();
    let turns = 0;
    world.played.before.set('changes', () => {
      if (++turns === 1) world.loop.nudge();
    });
    await world.ticks(1, ...workers);
    expect(turns).toBe(2);
  });

  test('follows at once on one in which something was done', async () => {
    const world = await running();
    let turns = 0;
    world.played.before.set('changes', () => {
      turns++;
    });
    world.played.set(task('a', 1));
    await world.ticks(1, ...workers);
    expect(world.played.done).toHaveLength(1);
    expect(turns).toBe(2);
  });

  test('what the store went back to without being noticed is found by reading everything', async () => {
    const world = await running();
    world.played.goBack(task('a', 0));
    await world.ticks(10, ...workers);
    expect(world.played.done).toEqual([]);
    await world.ticks(30_000 / world.profile.tickMs, ...workers);
    expect(world.played.done).toEqual([expect.stringMatching(/^grant task\/a\/0 → /)]);
  });

  test('goes on while everything is being read again', async () => {
    const world = await running();
    const { promise, resolve } = Promise.withResolvers<void>();
    let reads = 0;
    world.played.beforeWholeRead = () => {
      reads++;
      return promise;
    };
    await world.ticks(31_000 / world.profile.tickMs, ...workers);
    expect(reads).toBe(1);
    world.played.set(task('a', 1));
    await world.ticks(3, ...workers);
    expect(world.played.done).toEqual([expect.stringMatching(/^grant task\/a\/1 → /)]);
    world.played.goBack(task('a', 0));
    resolve();
    await world.ticks(3, ...workers);
    expect(world.played.done.slice(1)).toEqual([expect.stringMatching(/^grant task\/a\/0 → /)]);
  });

  test('a grant that is not claimed is reminded of, and then left to the beats', async () => {
    const world = new LeaderWorld();
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.started();
    await world.ticks(200, 'w1');
    expect(world.jobs.slice(1)).toHaveLength(3);
    expect(new Set(world.jobs.slice(1))).toHaveLength(1);
    expect(world.jobs[1]).toMatch(/^refresh w1: /);
  });

  test('a follower looks, and does nothing', async () => {
    const world = new LeaderWorld();
    world.played.leadership = 'following';
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.started();
    await world.ticks(50, 'w1');
    expect(world.played.done).toEqual([]);
    expect(world.loop.view.members.size).toBe(1);
    expect(world.loop.leads).toBe(false);
  });

  test('a follower that is told that it does not lead goes on following', async () => {
    const world = new LeaderWorld();
    world.played.leadership = 'following';
    world.played.set(w1);
    world.played.before.set('changes', () => {
      world.played.before.clear();
      throw notLeader();
    });
    await world.started();
    await world.ticks(2, 'w1');
    expect(world.loop.view.members.size).toBe(1);
  });

  test('the queue of a worker that is gone is forgotten after a while, unless it is back', async () => {
    const world = await running();
    world.played.remove('members', 'w2');
    world.played.remove('members', 'w3');
    await world.ticks(100, 'w1');
    world.played.set(member('w3', { incarnation: 'w3#2' }));
    await world.ticks(199, 'w1', 'w3');
    expect(world.forgotten).toEqual([]);
    await world.ticks(2, 'w1', 'w3');
    expect(world.forgotten).toEqual(['w2']);
    await world.ticks(400, 'w1', 'w3');
    expect(world.forgotten).toEqual(['w2']);
  });
});

test.each([
  ['that it leads in time to forget', 100, ['w2']],
  ['that another has forgotten since', 310, []],
] as const)(
  'of a worker that a follower saw leave, the queue %s',
  async (_what, ticks, forgotten) => {
    const world = new LeaderWorld();
    world.played.leadership = 'following';
    world.played.set(w1, w2, ...runBy(w1));
    await world.started();
    await world.ticks(1, 'w1');
    world.played.remove('members', 'w2');
    await world.ticks(ticks, 'w1');
    world.played.leadership = 'leading';
    await world.ticks(250, 'w1');
    expect(world.forgotten).toEqual(forgotten);
  },
);

describe('balancing', () => {
  const settledTicks = 31;

  /** Ten tasks, all of w1's; w2 has just joined. */
  async function uneven(options: Partial<LeaderLoopOptions> = {}): Promise<LeaderWorld> {
    const world = new LeaderWorld(options);
    const tasks = Array.from({ length: 10 }, (_, n) => task('a', n, ownedBy(w1)));
    world.played.set(w1, ...runBy(w1), ...tasks);
    await world.started();
    await world.ticks(settledTicks, 'w1');
    world.played.events.length = 0;
    world.played.set(w2);
    return world;
  }

  /** What was revoked is released by its owner. */
  function release(world: LeaderWorld): void {
    for (let number = 0; number < 10; number++) {
      const record = world.played.unit(`task/a/${number}`);
      if (record?.state !== 'revoking') continue;
      const { worker: lastWorker, incarnation: _incarnation, heldEpoch: _epoch, ...rest } = record;
      world.played.set({ ...rest, state: 'free', ...(lastWorker ? { lastWorker } : {}) });
    }
  }

  test('waits until membership has been quiet, then goes on in rounds, without anything else to wake it', async () => {
    const world = await uneven();
    await world.ticks(settledTicks - 2, 'w1', 'w2');
    expect(world.played.done).toEqual([]);
    await world.ticks(2, 'w1', 'w2');
    expect(world.played.done).toHaveLength(2);
    await world.ticks(20, 'w1', 'w2');
    expect(world.played.done).toHaveLength(2);
    for (let round = 0; round < 6; round++) {
      release(world);
      await world.ticks(1, 'w1', 'w2');
      for (let number = 0; number < 10; number++) world.played.claim(`task/a/${number}`);
      await world.ticks(1, 'w1', 'w2');
    }
    const done = (verb: string): number =>
      world.played.done.filter((line) => line.startsWith(verb)).length;
    expect([done('revoke'), done('grant')]).toEqual([5, 5]);
    expect(world.played.events).toEqual([
      'assignment.rerun: modulo rerun: w2 joined, N 1→2, 0 orphaned, 0 moved',
      'assignment.rerun: modulo rerun: balance, N 2, 0 orphaned, 5 moved',
    ]);
  });

  test('movement literal waits as well, and then goes in one round', async () => {
    const world = await uneven({ movement: 'literal' });
    await world.ticks(settledTicks - 2, 'w1', 'w2');
    expect(world.played.done).toEqual([]);
    await world.ticks(2, 'w1', 'w2');
    expect(world.played.done).toEqual([1, 3, 5, 7, 9].map((number) => `revoke task/a/${number}`));
  });

  test('… also when the loads are even already: the formula is about places', async () => {
    const world = new LeaderWorld({ movement: 'literal' });
    world.played.set(w1, ...runBy(w1), task('a', 0, ownedBy(w1)), task('a', 1, ownedBy(w1)));
    await world.started();
    await world.ticks(settledTicks, 'w1');
    world.played.set(w2, task('a', 0, ownedBy(w2)), task('a', 1, ownedBy(w1)));
    await world.ticks(settledTicks + 1, 'w1', 'w2');
    expect(world.played.done).toEqual(['revoke task/a/0', 'revoke task/a/1']);
  });

  test('movement literal keeps the place of a worker that left and comes back, for its time', async () => {
    const world = new LeaderWorld({ movement: 'literal', seatHoldMs: 10_000 });
    const owner = [w1, w2, w3];
    const tasks = Array.from({ length: 6 }, (_, n) => task('a', n, ownedBy(owner[n % 3] ?? w1)));
    world.played.set(w1, w2, w3, ...runBy(w1), ...tasks);
    await world.started();
    await world.ticks(settledTicks, ...workers);
    world.played.set({ ...w2, state: 'draining', returns: true });
    await world.ticks(1, ...workers);
    release(world);
    world.played.remove('members', 'w2');
    await world.ticks(90, 'w1', 'w3');
    const own = ['task/a/1', 'task/a/4'];
    expect(world.played.done.slice(0, 2)).toEqual(own.map((unit) => `revoke ${unit}`));
    expect(world.played.done.slice(2).map((line) => line.slice(0, 14))).toEqual(
      own.map((unit) => `grant ${unit}`),
    );
    // It did not come back: the formula without it.
    await world.ticks(15, 'w1', 'w3');
    expect(world.played.done.length).toBeGreaterThan(4);
  });

  test('a worker that never lets go of a task does not keep the others from moving', async () => {
    const world = await uneven();
    await world.ticks(settledTicks + 1, 'w1', 'w2');
    const [stuck = ''] = world.played.done.map((line) => line.replace('revoke ', ''));
    for (let round = 0; round < 8; round++) {
      const record = world.played.unit(stuck);
      release(world);
      if (record) world.played.set(record);
      await world.ticks(1, 'w1', 'w2');
      for (let number = 0; number < 10; number++) world.played.claim(`task/a/${number}`);
      await world.ticks(1, 'w1', 'w2');
    }
    expect(world.played.done.filter((line) => line.startsWith('grant'))).toHaveLength(4);
  });
});

describe('what does not get through is done again', () => {
  test.each(['grant', 'appendEvents', 'changes'])('%s fails', async (method) => {
    const world = await running();
    world.played.set(task('a', 1), connector('a', { taskEpoch: 2 }));
    let fails = true;
    world.played.before.set(method, () => {
      if (!fails) return;
      fails = false;
      throw unreachable();
    });
    await world.ticks(5, ...workers);
    expect(fails).toBe(false);
    expect(world.played.done).toEqual(['grant task/a/1 → w2']);
    expect(world.played.events.filter((event) => event.startsWith('assignment'))).toHaveLength(1);
    expect(world.logged.filter((line) => line.includes('store'))).toEqual([
      'warn store does not answer',
      'info store answers again',
    ]);
  });

  test('a grant that the store refuses is asked for again, with the ticks, not at once', async () => {
    const world = await running();
    world.played.set(task('a', 1));
    world.played.refused.add('task/a/1');
    let asked = 0;
    world.played.before.set('grant', () => asked++);
    await world.ticks(5, ...workers);
    expect(asked).toBe(5);
    world.played.refused.clear();
    await world.ticks(1, ...workers);
    expect(world.played.done).toEqual(['grant task/a/1 → w2']);
  });

  test('a request whose records moved on is decided anew, and later if it goes on; the rest does not wait', async () => {
    const world = await running();
    const body = { op: 'target', connector: 'a', state: 'PAUSED' } as const;
    world.played.requests.push({ id: 'r1', position: '1-1', body });
    world.played.conflicts = 7;
    world.played.set(task('a', 1));
    await world.ticks(1, ...workers);
    const tries = Array.from({ length: 5 }, () => 'applyRequest r1');
    expect(world.played.done).toEqual([...tries, 'grant task/a/1 → w2']);
    await world.ticks(1, ...workers);
    expect(world.played.done.slice(6)).toEqual([...tries.slice(0, 3), 'result done']);
    expect(world.loop.stats.requests).toBe(1);
    expect(world.jobs.at(-1)).toMatch(/^refresh w\d: target$/);
  });

  test('a failure that comes back with each turn is told now and then', async () => {
    const world = await running();
    world.played.before.set('pendingRequests', () => {
      throw new Error('a bug');
    });
    await world.ticks(50, ...workers);
    const told = (): number => world.logged.filter((line) => line.startsWith('error')).length;
    expect(told()).toBe(1);
    await world.ticks(100, ...workers);
    expect(told()).toBe(2);
    world.played.before.set('pendingRequests', () => {
      throw new Error('another bug');
    });
    await world.ticks(1, ...workers);
    expect(told()).toBe(3);
  });
});

describe('the dead', () => {
  test('one whose beats stop is declared dead, its units are freed, and given to others', async () => {
    const world = await running();
    await world.ticks(45, 'w2', 'w3');
    expect(world.played.done).toEqual([
      'declareDead w1',
      'orphan w1',
      'forget w1',
      'grant task/a/0 → w2',
    ]);
    expect(world.jobs).toEqual(['start task/a/0 on w2: lease of w1 expired']);
    expect(world.played.events).toEqual([
      expect.stringMatching(/^worker.dead: lease of w1 expired: no beat for 4\.\d s$/),
      'assignment.rerun: modulo rerun: lease of w1 expired, N 3→2, 1 orphaned, 1 moved',
    ]);
    expect(world.played.unitEvents).toContainEqual(
      expect.stringMatching(
        /^unit\.orphaned: task\/a\/0 has lost its worker w1: lease of w1 expired 4\.\d s after its last beat$/,
      ),
    );
    expect(world.loop.stats).toMatchObject({ deaths: 1, reruns: 2, moves: 1 });
  });

  test('what is known to be dead is not waited for again, when the store was away before its units were freed', async () => {
    const world = await running();
    const tries: string[] = [];
    world.played.before.set('orphan', () => {
      tries.push('orphan');
      if (tries.length === 1) throw unreachable();
    });
    while (tries.length === 0) await world.ticks(1, 'w2', 'w3');
    await world.ticks(2, 'w2', 'w3');
    expect(tries).toHaveLength(2);
    expect(world.played.done).toContain('grant task/a/0 → w2');
  });

  test('not before its time', async () => {
    const world = await running();
    await world.ticks(39, 'w2', 'w3');
    expect(world.played.done).toEqual([]);
  });

  test('one that runs by a longer lease is given the whole of it', async () => {
    const world = await running();
    world.played.set({ ...w1, leaseMs: 10_000 });
    await world.ticks(95, 'w2', 'w3');
    expect(world.played.done).toEqual([]);
    await world.ticks(10, 'w2', 'w3');
    expect(world.played.done[0]).toBe('declareDead w1');
  });

  test('one that answers do not reach is declared dead, but what it has is free only a lease after its last beat', async () => {
    const world = await running();
    for (let tick = 0; tick < 45; tick++) {
      world.played.beatOf('w1', { isAnswered: false });
      await world.ticks(1, 'w2', 'w3');
    }
    // It goes on beating until it is declared dead; then the number stands still.
    expect(world.played.done).toEqual(['declareDead w1']);
    await world.ticks(38, 'w2', 'w3');
    expect(world.played.done).toEqual(['declareDead w1']);
    await world.ticks(10, 'w2', 'w3');
    expect(world.played.done.slice(1, 3)).toEqual(['orphan w1', 'forget w1']);
  });

  test.each([
    { deaths: 1, first: 'w1' },
    { deaths: 2, first: 'w2' },
  ])('a worker that died $deaths times: the next task goes to $first', async (each) => {
    const world = new LeaderWorld();
    world.played.set(w1, w2, ...runBy(w2));
    await world.started();
    for (let life = 2; life <= each.deaths + 1; life++) {
      await world.ticks(2, 'w1', 'w2');
      await world.ticks(50, 'w2');
      world.played.set(member('w1', { incarnation: `w1#${life}` }));
    }
    expect(world.loop.stats.deaths).toBe(each.deaths);
    await world.ticks(2, 'w1', 'w2');
    world.played.set(task('a', 0));
    await world.ticks(2, 'w1', 'w2');
    expect(world.played.done.at(-1)).toBe(`grant task/a/0 → ${each.first}`);
  });

  test('if most vanish at once the leader first looks again', async () => {
    const world = await running();
    await world.ticks(60);
    expect(world.played.done).toEqual([]);
    expect(world.logged).toContain('warn most workers fell silent at once: looking again');
    await world.ticks(40);
    expect(world.played.done.filter((line) => line.startsWith('declareDead'))).toHaveLength(3);
  });

  /** Two workers, since a leader doubts that three are dead at once; and a store that can go away. */
  async function withStore(
    profile: TimingProfile,
  ): Promise<{ world: LeaderWorld; store: { isAway: boolean } }> {
    const world = new LeaderWorld({ profile });
    const store = { isAway: false };
    const leaseMs = profile.deadAfterMs;
    world.played.set({ ...w1, leaseMs }, { ...w2, leaseMs });
    world.played.set(...runBy(w1), task('a', 0, ownedBy(w1)));
    world.played.before.set('changes', () => {
      if (store.isAway) throw unreachable();
    });
    await world.started();
    await world.ticks(10, 'w1', 'w2');
    return { world, store };
  }

  test('after the store was away nobody is dead for his silence meanwhile', async () => {
    const { world, store } = await withStore(timingProfiles.default);
    store.isAway = true;
    await world.ticks(100);
    store.isAway = false;
    await world.ticks(20);
    await world.ticks(100, 'w1', 'w2');
    expect(world.played.done).toEqual([]);
    // Told once, however often it was tried.
    expect(world.logged.filter((line) => line.includes('store'))).toEqual([
      'warn store does not answer',
      'info store answers again',
    ]);
  });

  test('workers may notice later than the leader that the store is back', async () => {
    const { world, store } = await withStore(timingProfiles.fast);
    store.isAway = true;
    await world.ticks(400);
    store.isAway = false;
    await world.ticks((world.profile.deadAfterMs + 900) / world.profile.tickMs);
    await world.ticks(100, 'w1', 'w2');
    expect(world.played.done).toEqual([]);
  });

  test('a store that fails now and then puts off a verdict, but does not prevent it', async () => {
    const world = await running();
    let turns = 0;
    world.played.before.set('changes', () => {
      if (++turns % 10 === 0) throw unreachable();
    });
    await world.ticks(70, 'w2', 'w3');
    expect(world.played.done[0]).toBe('declareDead w1');
  });

  test('after a stall of its own, silence in which it did not look counts for nobody', async () => {
    const world = await running();
    const real = world.clock.monotonicMs.bind(world.clock);
    let frozenMs = 0;
    world.clock.monotonicMs = () => real() + frozenMs;
    await world.ticks(1, ...workers);
    // The whole machine stood still: nobody has beaten.
    frozenMs = 60_000;
    await world.ticks(20);
    expect(world.played.done).toEqual([]);
    await world.ticks(20, 'w2', 'w3');
    expect(world.played.done[0]).toBe('declareDead w1');
  });

  test('a leader whose turns are slow still comes to a verdict', async () => {
    const world = await running();
    const real = world.clock.monotonicMs.bind(world.clock);
    let slowMs = 0;
    world.clock.monotonicMs = () => real() + slowMs;
    for (let turn = 0; turn < 8; turn++) {
      slowMs += 2_000;
      await world.ticks(1, 'w2', 'w3');
    }
    expect(world.played.done[0]).toBe('declareDead w1');
  });
});

describe('terms', () => {
  test('a leader that is told so follows at once, and leads again when it can', async () => {
    const world = await running();
    world.played.set(task('a', 1));
    world.played.before.set('grant', () => {
      world.played.leadership = 'following';
      throw notLeader();
    });
    await world.ticks(1, ...workers);
    expect(world.loop.leads).toBe(false);
    expect(world.leaderships).toEqual([true, false]);
    world.played.before.clear();
    await world.ticks(50, ...workers);
    expect(world.played.done).toEqual([]);
    world.played.leadership = 'leading';
    world.played.epoch = 2;
    await world.ticks(10, ...workers);
    expect(world.played.done).toEqual(['grant task/a/1 → w2']);
    expect(world.loop.stats.elections).toBe(2);
  });

  test('a new leader does not tell again what happened while it followed', async () => {
    const world = new LeaderWorld();
    world.played.leadership = 'following';
    world.played.set(w1, w2, ...runBy(w1), task('a', 0, ownedBy(w1)));
    await world.started();
    await world.ticks(50, 'w1', 'w2');
    world.played.leadership = 'leading';
    await world.ticks(50, 'w1', 'w2');
    expect(world.loop.leads).toBe(true);
    expect(world.played.events).toEqual([]);
  });

  test('a new leader tells of how many workers there were, without those that drain', async () => {
    const world: LeaderWorld = new LeaderWorld({
      onLeadership: (leads) => {
        if (leads) world.played.set(member('w4'));
      },
    });
    world.played.leadership = 'following';
    world.played.set(w1, w2, { ...w3, state: 'draining' }, ...runBy(w1));
    world.played.set(task('a', 0, ownedBy(w1)));
    await world.started();
    await world.ticks(50, ...workers);
    world.played.leadership = 'leading';
    await world.ticks(5, ...workers);
    expect(world.played.events).toEqual([
      'assignment.rerun: modulo rerun: w4 joined, N 2→3, 0 orphaned, 0 moved',
    ]);
  });

  test('where nobody ever led, workers of lost data get the time to say so before anything is granted', async () => {
    const world = new LeaderWorld();
    world.played.isFounded = true;
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.started();
    await world.ticks(8, 'w1');
    expect(world.played.done).toEqual([]);
    await world.ticks(3, 'w1');
    expect(world.played.done).toEqual(['grant task/a/0 → w1']);
  });

  test('starting twice is starting once', async () => {
    const world = await running();
    await world.loop.start();
    let turns = 0;
    world.played.before.set('changes', () => turns++);
    await world.ticks(5, ...workers);
    expect(turns).toBe(5);
  });

  test('stopping resigns, after the turn; it may be done twice, or before the start', async () => {
    const world = await running();
    await world.loop.stop();
    await world.loop.stop();
    expect(world.played.done).toEqual(['resign']);
    world.played.set(task('a', 1));
    await world.ticks(20, ...workers);
    expect(world.played.done).toEqual(['resign']);
    await new LeaderWorld().loop.stop();
  });
});

describe('lost data', () => {
  test('what the leader sees gone is asked for: every worker says what it holds, nothing is granted', async () => {
    const world = await running();
    world.played.loseData();
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.ticks(1);
    expect(world.played.done).toEqual(['startQuarantine']);
    world.played.reports.set('w1#1', [{ unit: 'task/a/0', uid: 'u', epoch: 1, fence: 100 }]);
    await world.ticks(48, 'w1');
    expect(world.played.done).toEqual(['startQuarantine']);
    expect(world.played.events).toEqual([
      'store.data_lost: the store lost data: waiting for the workers to say what they hold',
    ]);
    await world.ticks(5, 'w1');
    expect(world.played.done).toEqual([
      'startQuarantine',
      'adopt w1: task/a/0',
      'endQuarantine',
      'grant task/a/0 → w1',
    ]);
  });

  test('also if its term was lost with it', async () => {
    const world = await running();
    world.played.loseData();
    world.played.leadership = 'following';
    world.played.before.set('startQuarantine', () => {
      if (world.played.leadership === 'following') throw notLeader();
    });
    await world.ticks(5);
    expect(world.loop.leads).toBe(false);
    world.played.set(w1, ...runBy(w1), task('a', 0));
    world.played.leadership = 'leading';
    world.played.epoch = 2;
    await world.ticks(5, 'w1');
    expect(world.played.done).toEqual(['startQuarantine']);
  });

  test('a follower that has seen it long ago leaves it to whoever led then', async () => {
    const world = new LeaderWorld();
    world.played.leadership = 'following';
    await world.started();
    world.played.loseData();
    world.played.set(w1, ...runBy(w1), task('a', 0));
    await world.ticks(100, 'w1');
    world.played.leadership = 'leading';
    await world.ticks(5, 'w1');
    expect(world.played.done).toEqual(['grant task/a/0 → w1']);
  });

  test('found in the middle of a turn, it ends the turn', async () => {
    const world = await running();
    const request: StoredRequest = {
      id: 'r1',
      position: '1-1',
      body: { op: 'target', connector: 'a', state: 'PAUSED' },
    };
    world.played.requests.push(request);
    world.played.before.set('applyRequest', () => {
      world.played.loseData();
      world.played.set(w1, ...runBy(w1, 'b'), task('b', 0));
    });
    await world.ticks(10);
    expect(world.played.done).toEqual(['applyRequest r1', 'result done', 'startQuarantine']);
  });

  test('who may act for longer than others is waited for, also if the store does not know it any more', async () => {
    const world = await running();
    world.played.set({ ...w1, leaseMs: 10_000 });
    await world.ticks(1, ...workers);
    world.played.loseData();
    await world.ticks(110);
    expect(world.played.done).toEqual(['startQuarantine']);
    await world.ticks(5);
    expect(world.played.done).toEqual(['startQuarantine', 'endQuarantine']);
  });

  test('more that is lost meanwhile makes it wait anew', async () => {
    const world = await running();
    world.played.nonce = 'first';
    await world.ticks(40, ...workers);
    world.played.nonce = 'second';
    await world.ticks(48, ...workers);
    expect(world.played.done).toEqual([]);
    await world.ticks(5, ...workers);
    expect(world.played.done).toEqual(['endQuarantine']);
  });
});
