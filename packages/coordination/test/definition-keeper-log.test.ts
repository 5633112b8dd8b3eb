/** What a leader makes of a log that is slow, away, or another's, and of what it cannot write to it. */
import { describe, expect, test } from 'vitest';

import { MemoryJournal, MemoryJournalStore } from '../src/conformance/memory-journal.ts';
import type { StoredRequest } from '../src/requests.ts';
import { type JournalWorld, journalWorld, pause, set, w1 } from './journal-world.ts';
import { LeaderWorld } from './leader-world.ts';
import { actor, connector, ownedBy, task } from './records.ts';

const big = { name: 'b', 'connector.class': 'Clock', topic: 't'.repeat(100_001) };

/** In step, its task set written and granted. */
async function inStep(): Promise<JournalWorld> {
  const world = await journalWorld();
  await world.leader.ticks(5, 'w1');
  expect(world.leader.loop.journalInStep).toBe(true);
  world.leader.played.done.length = 0;
  world.leader.played.events.length = 0;
  return world;
}

/** The next writes wait until they are let go; `begun` says how many have. */
function hold({ journal }: JournalWorld): { begun: () => number; release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = 0;
  journal.beforeWrite = () => {
    begun++;
    return promise;
  };
  return {
    begun: () => begun,
    release: () => {
      journal.beforeWrite = undefined;
      resolve();
    },
  };
}

/** Connector `b`, without tasks, as somebody has put it into the store. */
function put(leader: LeaderWorld, changes: Parameters<typeof connector>[1]): void {
  const none = { taskEpoch: 0, taskVersion: 0, taskCount: 0 };
  leader.played.set(connector('b', { ...none, ...changes }));
  leader.played.set(actor('b', ownedBy(w1, { heldEpoch: 0 })));
  leader.played.sets.set('b', { uid: 'uid of b', epoch: 0, version: 0, configs: [] });
}

function journalEvents({ leader }: JournalWorld): string[] {
  return leader.played.events.filter((event) => event.startsWith('journal'));
}

test('whether the journal is in step is known before the first look', () => {
  expect(new LeaderWorld().loop.journalInStep).toBeUndefined();
  const journal = new MemoryJournal(new MemoryJournalStore());
  expect(new LeaderWorld({ journal }).loop.journalInStep).toBe(false);
});

describe('opening', () => {
  test('is tried again with a back-off', async () => {
    const { leader, opens } = await journalWorld((_made, journal) => {
      journal.isAway = true;
    });
    await leader.ticks(100, 'w1');
    expect(opens()).toBeGreaterThan(2);
    expect(opens()).toBeLessThan(20);
  });

  test('that takes long is waited for', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { leader, opens } = await journalWorld(() => {}, [() => promise]);
    await leader.ticks(50, 'w1');
    expect(opens()).toBe(1);
    resolve();
    await leader.ticks(5, 'w1');
    expect(leader.loop.journalInStep).toBe(true);
  });

  test.each([
    ['read', () => {}],
    [
      'failed',
      () => {
        throw new Error('closed meanwhile');
      },
    ],
  ])('of a term that is over counts for nothing, when it has %s at last', async (_how, ends) => {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const { leader, opens, closes } = await journalWorld(() => {}, [
      () => first.promise.then(ends),
      () => second.promise,
    ]);
    leader.played.leadership = 'following';
    await leader.ticks(20, 'w1');
    expect(closes()).toBe(1);
    leader.played.leadership = 'leading';
    leader.played.epoch = 2;
    await leader.ticks(20, 'w1');
    expect(leader.loop.leads).toBe(true);
    first.resolve();
    await leader.ticks(20, 'w1');
    expect(leader.loop.journalInStep).toBe(false);
    second.resolve();
    await leader.ticks(20, 'w1');
    expect(leader.loop.journalInStep).toBe(true);
    expect(opens()).toBe(2);
    expect(closes()).toBe(1);
  });
});

describe('while something is written', () => {
  test('a request is not written besides', async () => {
    const world = await inStep();
    const { begun, release } = hold(world);
    put(world.leader, {});
    await world.leader.ticks(2, 'w1');
    world.leader.played.requests.push(pause('r1'));
    await world.leader.ticks(5, 'w1');
    expect(begun()).toBe(1);
    release();
    await world.leader.ticks(5, 'w1');
    expect(world.leader.played.done).toEqual(['applyRequest r1', 'result done']);
  });

  test('nothing is restored', async () => {
    const world = await inStep();
    const { begun, release } = hold(world);
    const { leader } = world;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(2, 'w1');
    expect(begun()).toBe(1);
    leader.played.loseData();
    leader.played.set(w1);
    await leader.ticks(5, 'w1');
    expect(leader.played.done).toEqual(['startQuarantine']);
    release();
    await leader.ticks(5, 'w1');
    expect(leader.played.done).toContain('restore a');
  });
});

test.each([
  ['succeeds', () => {}],
  [
    'fails',
    () => {
      throw new Error('closed meanwhile');
    },
  ],
])('a write that %s when its term is over changes nothing in the next', async (_how, ends) => {
  const { leader, journal, opens } = await inStep();
  const { promise, resolve } = Promise.withResolvers<void>();
  journal.beforeWrite = () => {
    journal.beforeWrite = undefined;
    return promise.then(ends);
  };
  leader.played.requests.push(pause('r1'));
  await leader.ticks(1, 'w1');
  leader.played.leadership = 'following';
  await leader.ticks(20, 'w1');
  leader.played.leadership = 'leading';
  leader.played.epoch = 2;
  await leader.ticks(20, 'w1');
  expect(leader.played.done).toEqual(['applyRequest r1', 'result done']);
  resolve();
  await leader.ticks(20, 'w1');
  expect(leader.played.done).toEqual(['applyRequest r1', 'result done']);
  expect(leader.loop.journalInStep).toBe(true);
  expect(opens()).toBe(2);
});

describe('what was written for a request', () => {
  test('is not what another one does', async () => {
    const world = await inStep();
    const { leader, journal } = world;
    const { release } = hold(world);
    const refused: StoredRequest = {
      id: 'r0',
      position: '0',
      body: { op: 'delete', connector: 'unknown' },
    };
    leader.played.requests.push(pause('r1'));
    await leader.ticks(1, 'w1');
    release();
    leader.played.requests.unshift(refused);
    await leader.ticks(1, 'w1');
    expect(leader.played.done).toEqual([
      'applyRequest r0',
      'result refused',
      'applyRequest r1',
      'result done',
    ]);
    expect(journal.writes).toHaveLength(2);
  });

  test('is compared with a store that has forgotten the request', async () => {
    const { leader, journal } = await inStep();
    journal.beforeWrite = () => {
      leader.played.requests.length = 0;
    };
    leader.played.requests.push(pause('r1'));
    await leader.ticks(2, 'w1');
    expect(leader.played.done.slice(0, 3)).toEqual(['restore a', 'applyRequest r1', 'result done']);
  });

  test('is compared with a store that does not take it', async () => {
    const { leader } = await inStep();
    leader.played.conflicts = 1;
    leader.played.requests.push(pause('r1'));
    await leader.ticks(2, 'w1');
    expect(leader.played.done.slice(0, 4)).toEqual([
      'applyRequest r1',
      'restore a',
      'applyRequest r1',
      'result done',
    ]);
  });
});

describe('what is too large for the journal', () => {
  test('is refused if it was asked for, and those after it do not wait', async () => {
    const world = await inStep();
    const { leader, journal } = world;
    const apply: StoredRequest = {
      id: 'r1',
      position: '1',
      body: { op: 'apply', mode: 'create', definitions: [{ name: 'b', config: big }] },
    };
    leader.played.requests.push(apply, pause('r2'));
    await leader.ticks(2, 'w1');
    expect(leader.played.done).toEqual([
      'applyRequest r1',
      'result refused',
      'applyRequest r2',
      'result done',
    ]);
    expect(leader.played.events[0]).toBe('request.refused');
    expect([...journal.connectors.keys()]).toEqual(['a']);
    expect(journalEvents(world)).toEqual([]);
  });

  test('is refused also for a connector that is there, and nothing else is told of it', async () => {
    const world = await inStep();
    const { leader, journal } = world;
    put(leader, {});
    await leader.ticks(5, 'w1');
    leader.played.requests.push({
      id: 'r1',
      position: '1',
      body: { op: 'apply', mode: 'upsert', definitions: [{ name: 'b', config: big }] },
    });
    await leader.ticks(5, 'w1');
    expect(leader.played.done).toEqual(['applyRequest r1', 'result refused']);
    expect(journal.connectors.get('b')?.value.version).toBe(1);
    expect(journalEvents(world)).toEqual([]);
    expect(leader.logged.filter((line) => line.startsWith('error'))).toEqual([]);
  });

  test('is told if it is in the store, and the others do not wait; once it is smaller, that too', async () => {
    const world = await inStep();
    const { leader, journal } = world;
    put(leader, { config: big });
    leader.played.set(connector('a', { taskEpoch: 2 }), task('a', 0, { ordinal: 5, epoch: 2 }));
    leader.played.sets.set('a', { ...set, epoch: 2 });
    let tries = 0;
    journal.beforeWrite = () => {
      tries++;
    };
    await leader.ticks(20, 'w1');
    expect(tries).toBe(2);
    expect(journal.connectors.get('a')?.value.taskEpoch).toBe(2);
    expect(journal.connectors.has('b')).toBe(false);
    expect(journalEvents(world)).toEqual([
      'journal.away: changes wait for the journal memory-configs: the configuration of connector b is too large for the journal',
    ]);
    put(leader, { version: 2, config: { ...big, topic: 't' } });
    await leader.ticks(5, 'w1');
    expect(journal.connectors.has('b')).toBe(true);
    expect(journalEvents(world).slice(1)).toEqual([
      'journal.back: the journal memory-configs can be written again',
    ]);
  });
});

test('a connector whose records are not of one moment is written when they are', async () => {
  const world = await inStep();
  const { leader, journal } = world;
  leader.played.set(connector('a', { taskEpoch: 2 }), task('a', 0, { ordinal: 5, epoch: 2 }));
  await leader.ticks(5, 'w1');
  expect(journal.writes).toHaveLength(1);
  leader.played.sets.set('a', { ...set, epoch: 2 });
  await leader.ticks(5, 'w1');
  expect(journal.writes).toHaveLength(2);
});

describe('a connector that is gone', () => {
  const failures = (leader: LeaderWorld): string[] =>
    leader.logged.filter((line) => line.startsWith('error turn'));

  test('when it is to be written is left out', async () => {
    const { leader } = await journalWorld((made, journal) => {
      put(made, {});
      // While both are written, `b` changes; and it is gone when the task set of `a` is marked.
      journal.beforeWrite = () => {
        journal.beforeWrite = undefined;
        put(made, { version: 2 });
      };
      made.played.before.set('journaled', () => made.played.remove('connectors', 'b'));
    });
    await leader.ticks(10, 'w1');
    expect(leader.played.done).toContain('journaled a 1');
    expect(failures(leader)).toEqual([]);
  });

  test('when it turns out to be too large is not waited for', async () => {
    const world = await inStep();
    const { leader } = world;
    const { release } = hold(world);
    put(leader, { config: big });
    await leader.ticks(2, 'w1');
    leader.played.remove('connectors', 'b');
    await leader.ticks(2, 'w1');
    release();
    await leader.ticks(5, 'w1');
    expect(failures(leader)).toEqual([]);
    expect(journalEvents(world)).toEqual([]);
  });
});
