/** In which order, and when, a leader applies what users asked for, and whom it tells. */
import { describe, expect, test } from 'vitest';

import type { LeaderLoopOptions } from '../src/leader-context.ts';
import type { RequestBody, StoredRequest } from '../src/requests.ts';
import { journalWorld } from './journal-world.ts';
import { LeaderWorld, unreachable } from './leader-world.ts';
import { actor, clockPlugin, connector, member, ownedBy, task } from './records.ts';

const [w1, w2, w3] = [member('w1'), member('w2'), member('w3')];

function request(id: string, body: RequestBody): StoredRequest {
  return { id, position: `${id}-1`, body };
}

const apply: RequestBody = {
  op: 'apply',
  mode: 'upsert',
  definitions: [{ name: 'b', config: { 'connector.class': clockPlugin.class, topic: 'b' } }],
};
const pause: RequestBody = { op: 'target', connector: 'a', state: 'PAUSED' };

test('a definition waits until somebody has announced a plugin, and so does what comes after it', async () => {
  const world = new LeaderWorld();
  world.played.set(member('w1', { plugins: [] }), connector('a'), actor('a'));
  world.played.requests.push(request('1', pause), request('2', apply), request('3', pause));
  await world.started();
  await world.ticks(5, 'w1');
  expect(world.played.done.filter((line) => line.startsWith('apply'))).toEqual(['applyRequest 1']);
  world.played.set(w1);
  await world.ticks(2, 'w1');
  expect(world.played.requests).toEqual([]);
});

test('owners of what a request touches are told, others are not', async () => {
  const world = new LeaderWorld();
  world.played.set(w1, w2, connector('a'), actor('a', ownedBy(w1, { heldEpoch: 0 })));
  world.played.set(connector('b'), actor('b', ownedBy(w2, { heldEpoch: 0 })));
  await world.started();
  await world.ticks(1, 'w1', 'w2');
  world.played.requests.push(request('1', pause));
  await world.ticks(1, 'w1', 'w2');
  expect(world.jobs).toEqual(['refresh w1: target']);
});

test('who is to drain is told, and the owners of a connector of which something is restarted', async () => {
  const world = new LeaderWorld();
  world.played.set(w1, w2, connector('a'), actor('a', ownedBy(w1, { heldEpoch: 0 })));
  world.played.set(task('a', 0, ownedBy(w2)), w3, connector('b'));
  world.played.set(actor('b', ownedBy(w3, { heldEpoch: 0 })));
  await world.started();
  world.played.requests.push(request('1', { op: 'restart', connector: 'a', task: 0 }));
  await world.ticks(1, 'w1', 'w2', 'w3');
  world.played.requests.push(request('2', { op: 'drain', worker: 'w1' }));
  await world.ticks(1, 'w1', 'w2', 'w3');
  expect(world.jobs).toEqual(['refresh w1: restart', 'refresh w2: restart', 'refresh w1: drain']);
});

test('who is cordoned goes on as it does, and is told nothing', async () => {
  const world = new LeaderWorld();
  world.played.protocol = 2;
  world.played.set(w1, w2);
  await world.started();
  world.played.requests.push(request('1', { op: 'cordon', worker: 'w1' }));
  await world.ticks(1, 'w1', 'w2');
  expect(world.played.done).toContain('applyRequest 1');
  expect(world.jobs).toEqual([]);
});

test('who is gone when its drain was applied is told nothing', async () => {
  const world = new LeaderWorld();
  world.played.set(w1, w2);
  await world.started();
  world.played.requests.push(request('1', { op: 'drain', worker: 'w2' }));
  world.played.before.set('applyRequest', () => world.played.remove('members', 'w2'));
  await world.ticks(1, 'w1', 'w2');
  expect(world.played.done).toEqual(['applyRequest 1', 'result done']);
  expect(world.jobs).toEqual([]);
  expect(world.logged.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('a request that is refused leaves an event, one that is done that of what it did', async () => {
  const world = new LeaderWorld();
  world.played.set(w1, connector('a'), actor('a', ownedBy(w1, { heldEpoch: 0 })));
  await world.started();
  world.played.events.length = 0;
  world.played.requests.push(request('1', { op: 'delete', connector: 'x' }), request('2', pause));
  await world.ticks(1, 'w1');
  expect(world.played.events).toEqual(['request.refused', 'connector.target']);
});

describe('requests about different connectors', () => {
  const pauses = ['a', 'b', 'c'].map((name) =>
    request(name, { op: 'target', connector: name, state: 'PAUSED' }),
  );

  async function started(options: Partial<LeaderLoopOptions> = {}): Promise<LeaderWorld> {
    const world = new LeaderWorld(options);
    world.played.set(w1, ...['a', 'b', 'c'].map((name) => connector(name)));
    for (const name of ['a', 'b', 'c']) {
      world.played.set(actor(name, ownedBy(w1, { heldEpoch: 0 })));
    }
    await world.started();
    await world.ticks(1, 'w1');
    world.played.done.length = 0;
    world.played.requests.push(...pauses);
    return world;
  }

  test('are written one after the other, and what became of them is read once', async () => {
    const told: string[] = [];
    const world = await started({ onApplied: (id) => told.push(id) });
    const log: string[] = [];
    world.played.before.set('applyRequest', () => log.push('apply'));
    world.played.before.set('changes', () => log.push('read'));
    await world.ticks(1, 'w1');
    expect(log.slice(0, 5)).toEqual(['read', 'apply', 'apply', 'apply', 'read']);
    expect(told).toEqual(['a', 'b', 'c']);
    expect(world.jobs).toEqual(['refresh w1: target']);
    expect(world.loop.stats.requests).toBe(3);
  });

  test('do not wait for one that met a conflict, which is decided anew', async () => {
    const world = await started();
    world.played.conflicts = 1;
    await world.ticks(1, 'w1');
    const tried = world.played.done.filter((line) => line.startsWith('apply'));
    expect(tried).toEqual(['a', 'b', 'c', 'a'].map((id) => `applyRequest ${id}`));
    expect(world.played.requests).toEqual([]);
  });

  test('are looked at again when one got no answer', async () => {
    const world = await started();
    world.played.before.set('applyRequest', () => {
      world.played.before.delete('applyRequest');
      throw unreachable();
    });
    await world.ticks(1, 'w1');
    expect(world.played.requests.map(({ id }) => id)).toEqual(['a']);
    await world.ticks(2, 'w1');
    expect(world.played.requests).toEqual([]);
    expect(world.played.connector('a')?.targetState).toBe('PAUSED');
  });

  test('keep what is asked of one connector in its order', async () => {
    const world = await started();
    world.played.requests.push(request('d', { op: 'target', connector: 'a', state: 'STARTED' }));
    await world.ticks(1, 'w1');
    expect(world.played.requests).toEqual([]);
    expect(world.played.connector('a')?.targetState).toBe('STARTED');
    expect(world.played.connector('b')?.targetState).toBe('PAUSED');
  });
});

test('as long as the store may lack what the journal has, nobody looks at requests', async () => {
  let looks = 0;
  const { leader } = await journalWorld(
    (made) => {
      made.played.before.set('pendingRequests', () => {
        looks++;
      });
      made.played.requests.push(request('1', pause));
    },
    [() => new Promise(() => {})],
  );
  await leader.ticks(10, 'w1');
  expect(looks).toBe(0);
  expect(leader.played.requests).toHaveLength(1);
});
