/** Who is declared dead, and when what it held is given to others. */
import { expect, test } from 'vitest';

import type { MemberRecord } from '../src/model.ts';
import { LeaderWorld } from './leader-world.ts';
import { actor, connector, member, ownedBy, task } from './records.ts';

const names = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6', 'w7', 'w8'];

/** So many workers that beat, and a task of w1's. */
async function running(count: number): Promise<LeaderWorld> {
  const world = new LeaderWorld();
  const members = names.slice(0, count).map((name) => member(name));
  const last = members.at(-1) as MemberRecord;
  const [first = last] = members;
  world.played.set(...members, connector('a'), actor('a', ownedBy(last, { heldEpoch: 0 })));
  world.played.set(task('a', 0, ownedBy(first)));
  await world.started();
  await world.ticks(10, ...names.slice(0, count));
  expect(world.played.done).toEqual([]);
  world.played.events.length = 0;
  return world;
}

function declared(world: LeaderWorld): string[] {
  return world.played.done.filter((line) => line.startsWith('declareDead'));
}

test('the beats of who is no member are not looked at', async () => {
  const world = await running(2);
  world.played.beatOf('stranger');
  await world.ticks(60, 'w1', 'w2');
  expect(world.played.done).toEqual([]);
  expect(world.logged.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('two of three may be dead at once, and three of eight: that is no reason to look again', async () => {
  const three = await running(3);
  await three.ticks(42, 'w3');
  expect(declared(three)).toEqual(['declareDead w1', 'declareDead w2']);
  const eight = await running(8);
  await eight.ticks(42, ...names.slice(3));
  expect(declared(eight)).toHaveLength(3);
});

test('half of them at once, too', async () => {
  const world = await running(8);
  await world.ticks(42, ...names.slice(4));
  expect(declared(world)).toHaveLength(4);
});

test('the leader looks again once: who stays silent is dead then', async () => {
  const world = await running(4);
  await world.ticks(42, 'w4');
  expect(declared(world)).toEqual([]);
  await world.ticks(40, 'w4');
  expect(declared(world)).toHaveLength(3);
});

test('who beats just before it is declared dead lives on, and nothing is told', async () => {
  const world = await running(3);
  world.played.before.set('declareDead', () => world.played.beatOf('w1'));
  await world.ticks(42, 'w2', 'w3');
  expect(world.played.done).toEqual(['declareDead w1']);
  expect(world.played.events).toEqual([]);
  expect(world.loop.stats.deaths).toBe(0);
});

test('what the dead held is given to others in the turn in which they are declared dead', async () => {
  const world = await running(3);
  while (world.played.done.length === 0) await world.ticks(1, 'w2', 'w3');
  expect(world.played.done).toEqual([
    'declareDead w1',
    'orphan w1',
    'forget w1',
    'grant task/a/0 → w2',
  ]);
});

test('… or in the one in which their last lease is over', async () => {
  const world = await running(3);
  while (declared(world).length === 0) {
    world.played.beatOf('w1', { isAnswered: false });
    await world.ticks(1, 'w2', 'w3');
  }
  expect(world.played.done).toHaveLength(1);
  while (world.played.done.length === 1) await world.ticks(1, 'w2', 'w3');
  expect(world.played.done.slice(1)).toEqual(['orphan w1', 'forget w1', 'grant task/a/0 → w2']);
});

test('the dead are forgotten also if they held nothing', async () => {
  const world = await running(3);
  while (world.played.done.length === 0) await world.ticks(1, 'w1', 'w3');
  expect(world.played.done).toEqual(['declareDead w2', 'orphan w2', 'forget w2']);
});

test('what is held by an incarnation whose name another has is freed', async () => {
  const world = await running(3);
  world.played.set(member('w1', { incarnation: 'w1#2' }));
  await world.ticks(1, 'w1', 'w2', 'w3');
  expect(world.played.done).toEqual(['orphan w1', 'forget w1', 'grant task/a/0 → w1']);
});
