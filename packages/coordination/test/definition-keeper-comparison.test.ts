/** When a leader compares the store with its journal, which reads all of both. */
import { expect, test } from 'vitest';

import { type JournalWorld, journalWorld, pause, set, w1 } from './journal-world.ts';
import { actor, connector, ownedBy, task } from './records.ts';

const quarantineMs = 6_000;

/** At rest; counts from then on. */
async function compared(): Promise<JournalWorld & { times: () => number }> {
  const world = await journalWorld();
  await world.leader.ticks(5, 'w1');
  world.leader.played.done.length = 0;
  const before = world.leader.played.restorations;
  return { ...world, times: () => world.leader.played.restorations - before };
}

/** A second task set of `a`, as its worker publishes it. */
function publish({ leader }: JournalWorld): void {
  leader.played.set(connector('a', { taskEpoch: 2, journaledEpoch: 1 }));
  leader.played.set(task('a', 0, { ordinal: 5, epoch: 2 }));
  leader.played.sets.set('a', { ...set, epoch: 2 });
}

test('the store is compared with the journal once; not again for what goes on', async () => {
  const world = await compared();
  const { leader, journal } = world;
  leader.played.requests.push(pause('r1'));
  await leader.ticks(5, 'w1');
  publish(world);
  await leader.ticks(5, 'w1');
  expect(leader.played.done).toContain('journaled a 2');
  expect(journal.writes).toHaveLength(3);
  expect(world.times()).toBe(0);
});

test('… again if it went back before it was told of a task set, which is granted after a quarantine', async () => {
  const world = await compared();
  const { leader, journal } = world;
  leader.played.before.set('markJournaled', () => {
    leader.played.before.delete('markJournaled');
    leader.played.mark = { journal: journal.state.id, position: 1 };
  });
  publish(world);
  await leader.ticks(5, 'w1');
  expect(world.times()).toBe(1);
  expect(leader.played.done).toContain('startQuarantine');
  await leader.ticks(Math.ceil(quarantineMs / leader.profile.tickMs), 'w1');
  expect(leader.played.done).toContain('grant task/a/0 → w1');
  expect(leader.played.mark).toEqual(journal.state.mark);
});

test('… again if it went back while it was compared', async () => {
  const world = await compared();
  const { leader, journal } = world;
  leader.played.loseData();
  leader.played.set(w1);
  leader.played.before.set('markJournaled', () => {
    leader.played.before.delete('markJournaled');
    leader.played.mark = { journal: journal.state.id, position: 1 };
  });
  await leader.ticks(5, 'w1');
  expect(world.times()).toBe(2);
  expect(leader.loop.journalInStep).toBe(true);
  expect(leader.played.mark?.position).toBeGreaterThan(1);
});

test('… again if a request turns out to be applied already, by a call whose answer was lost', async () => {
  const world = await compared();
  const { leader } = world;
  leader.played.already.add('r1');
  leader.played.requests.push(pause('r1'));
  await leader.ticks(5, 'w1');
  expect(world.times()).toBe(1);
  expect(leader.loop.journalInStep).toBe(true);
});

test('a quarantine does not end on a comparison during which the store went back', async () => {
  const { leader, journal } = await journalWorld();
  const seconds = async (count: number): Promise<void> =>
    leader.ticks(Math.ceil((count * 1_000) / leader.profile.tickMs), 'w1');
  await leader.ticks(5, 'w1');
  // Fails once, so that it has to be read again.
  journal.isAway = true;
  leader.played.requests.push(pause('r1'));
  await leader.ticks(2, 'w1');
  leader.played.loseData();
  leader.played.set(w1);
  await seconds(10);
  expect(leader.played.nonce).toBeDefined();
  journal.isAway = false;
  let comparisons = 0;
  leader.played.before.set('markJournaled', () => {
    comparisons++;
    if (comparisons === 1) leader.played.mark = { journal: journal.state.id, position: 1 };
  });
  const comparedAtEnds: number[] = [];
  leader.played.before.set('endQuarantine', () => {
    comparedAtEnds.push(comparisons);
  });
  await seconds(15);
  expect(leader.played.nonce).toBeUndefined();
  expect(comparedAtEnds).toEqual([2]);
});

test('… again if it follows another journal as far', async () => {
  const world = await compared();
  const { leader, journal } = world;
  const position = leader.played.mark?.position ?? 0;
  leader.played.mark = { journal: 'another', position };
  const comparedBefore: number[] = [];
  journal.beforeWrite = () => void comparedBefore.push(world.times());
  leader.played.requests.push(pause('r1'));
  await leader.ticks(10, 'w1');
  expect(comparedBefore).toEqual([1]);
});

test('nothing is written of what was seen just before its loss was noticed', async () => {
  const world = await compared();
  const { leader, journal } = world;
  const comparedBefore: number[] = [];
  const none = { taskEpoch: 0, taskVersion: 0, taskCount: 0 };
  leader.played.set(connector('b', none), actor('b', ownedBy(w1, { heldEpoch: 0 })));
  leader.played.sets.set('b', { uid: 'uid of b', epoch: 0, version: 0, configs: [] });
  publish(world);
  // `a` is written with `b`, which has changed again when the set of `a` is marked.
  journal.beforeWrite = () => {
    leader.played.set(connector('b', { ...none, version: 2 }));
    journal.beforeWrite = () => void comparedBefore.push(world.times());
  };
  leader.played.before.set('journaled', () => {
    leader.played.before.delete('journaled');
    leader.played.dataset = 'data-2';
  });
  await leader.ticks(10, 'w1');
  expect(leader.played.done).toContain('journaled a 2');
  expect(journal.connectors.get('b')?.value.version).toBe(2);
  expect(comparedBefore[0]).toBe(1);
});
