import { expect, test } from 'vitest';

import { type NewEvent, taskUnit } from '../model.ts';
import type { Changes } from '../store.ts';
import { type MakeStore, startTestCluster } from './test-cluster.ts';

export function testChanges(make: MakeStore): void {
  test('an empty store has a data set, and nothing in it', async () => {
    const under = await make();
    const first = await under.store.changes(0, undefined);
    expect(first).toMatchObject({ kind: 'full', revision: 0 });
    expect(first.dataset).not.toBe('');
    expect((await under.store.changes(0, undefined)).dataset).toBe(first.dataset);
    expect(sizes(first)).toEqual([0, 0, 0]);
    await under.close();
  });

  test('a first read is of everything', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const all = await cluster.store.changes(0, undefined);
    expect(all.kind).toBe('full');
    expect([...all.connectors.keys()]).toEqual(['orders']);
    expect([...all.units.keys()].toSorted()).toEqual([
      'connector/orders',
      'task/orders/0',
      'task/orders/1',
    ]);
    expect([...all.members.keys()]).toEqual(['w']);
  });

  test('after that, what did not change is not read again', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const all = await cluster.everything();
    await cluster.beat(member);
    const nothing = await cluster.store.changes(all.revision, all.dataset);
    expect(nothing).toMatchObject({ kind: 'delta', revision: all.revision });
    expect(sizes(nothing)).toEqual([0, 0, 0]);

    await cluster.grant(taskUnit('orders', 1), member);
    const delta = await cluster.store.changes(all.revision, all.dataset);
    expect(delta.revision).toBeGreaterThan(all.revision);
    expect(sizes(delta)).toEqual([0, 1, 0]);
    expect(delta.units.get(taskUnit('orders', 1))?.state).toBe('granted');
  });

  test('what was deleted is in the delta as absent, what was created anew as it is', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const before = await cluster.everything();
    await cluster.define('orders');
    await cluster.delete('orders');
    await cluster.store.leave('w', member.incarnation);
    const delta = await cluster.store.changes(before.revision, before.dataset);
    expect([...delta.connectors]).toEqual([['orders', undefined]]);
    expect([...delta.units]).toEqual([['connector/orders', undefined]]);
    expect([...delta.members]).toEqual([['w', undefined]]);
    expect(sizes(await cluster.everything())).toEqual([0, 0, 0]);

    await cluster.define('orders');
    const next = await cluster.store.changes(delta.revision, delta.dataset);
    expect(next.connectors.get('orders')?.lifecycle).toBe('live');
  });

  test('a reader of another data set, or one that knows more than there is, reads everything', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.define('orders');
    const { revision, dataset } = await cluster.everything();
    for (const [since, known] of [
      [revision, 'another'],
      [revision, undefined],
      [revision + 1, dataset],
      [0, dataset],
    ] as const) {
      const changes = await cluster.store.changes(since, known);
      expect(changes).toMatchObject({ kind: 'full', revision, dataset });
      expect(sizes(changes)).toEqual([1, 1, 0]);
    }
  });

  test('a reader that follows by deltas knows what a first read tells', async () => {
    await using cluster = await startTestCluster(make);
    const { store } = cluster;
    const a = await cluster.join('a');
    let known = await cluster.everything();
    const copy = {
      connectors: new Map(known.connectors),
      units: new Map(known.units),
      members: new Map(known.members),
    };
    const follow = async (): Promise<void> => {
      known = await store.changes(known.revision, known.dataset);
      expect(known.kind).toBe('delta');
      for (const name of ['connectors', 'units', 'members'] as const) {
        for (const [key, record] of known[name]) {
          if (record) (copy[name] as Map<string, unknown>).set(key, record);
          else copy[name].delete(key);
        }
      }
    };
    const b = await cluster.join('b');
    await follow();
    const { unit, fence } = await cluster.runTask('orders', a);
    await follow();
    await cluster.release(a, unit, fence);
    await cluster.own(unit, b);
    await cluster.kill(a);
    await follow();
    await store.orphan(cluster.term, 'a', a.incarnation, 10);
    await store.forget(cluster.term, 'a', a.incarnation);
    await cluster.stop('orders');
    await follow();
    const all = await cluster.everything();
    expect(sorted(copy.connectors)).toEqual(sorted(all.connectors));
    expect(sorted(copy.units)).toEqual(sorted(all.units));
    expect(sorted(copy.members)).toEqual(sorted(all.members));
  });
}

export function testReading(make: MakeStore): void {
  test('events come newest first, with a time and ids that grow', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.appendEvents(cluster.term, [event(1), event(2)]);
    await cluster.store.appendEvents(cluster.term, [event(3)]);
    const events = await cluster.store.events(2);
    expect(events).toMatchObject([event(3), event(2)]);
    expect(events[0]?.atMs).toBeGreaterThan(0);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
    expect(await cluster.store.events(10)).toHaveLength(3);
  });

  test('what does not exist is absent', async () => {
    const under = await make();
    expect(await under.store.leader()).toBeUndefined();
    expect(await under.store.result('none')).toBeUndefined();
    expect(await under.store.taskConfigs('none')).toEqual([]);
    expect(await under.store.events(10)).toEqual([]);
    expect(await under.store.beats()).toEqual([]);
    expect(await under.store.pendingRequests(10)).toEqual([]);
    expect(await under.store.quarantine()).toBeUndefined();
    expect(await under.store.held()).toEqual(new Map());
    expect(await under.store.assignments('w', 'w-1')).toMatchObject({ units: [] });
    await under.store.ping();
    await under.close();
  });
}

function event(number: number): NewEvent {
  return { type: 'test.event', message: `event ${number}`, facts: { number, name: 'x' } };
}

function sizes({ connectors, units, members }: Changes): number[] {
  return [connectors.size, units.size, members.size];
}

function sorted<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...map].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
