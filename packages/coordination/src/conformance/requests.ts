import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import type { ConnectorMutation, RequestBody, RequestResult } from '../requests.ts';
import { recreate } from './task-sets.ts';
import { connectorRecord, type MakeStore, startTestCluster } from './test-cluster.ts';

const body: RequestBody = { op: 'target', connector: 'orders', state: 'PAUSED' };
const done: RequestResult = { kind: 'done', connectors: [] };

export function testRequests(make: MakeStore): void {
  test('requests wait in the order in which they came', async () => {
    await using cluster = await startTestCluster(make);
    for (const id of ['b', 'a', 'c']) await cluster.store.submit(id, body);
    const all = await cluster.store.pendingRequests(10);
    expect(all.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
    expect(all[0]).toEqual({ id: 'b', position: expect.any(String) as string, body });
    expect((await cluster.store.pendingRequests(2)).map(({ id }) => id)).toEqual(['b', 'a']);
  });

  test('a request may be submitted before any coordinator was there', async () => {
    const under = await make();
    await under.store.submit('a', body);
    expect(await under.store.pendingRequests(10)).toHaveLength(1);
    await under.close();
  });

  test('an id is stored once, also after it was applied', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.submit('a', body);
    await cluster.store.submit('a', { op: 'delete', connector: 'orders' });
    const pending = await cluster.store.pendingRequests(10);
    expect(pending.map((request) => request.body)).toEqual([body]);
    for (const request of pending) await cluster.apply({}, request);
    await cluster.store.submit('a', body);
    expect(await cluster.store.pendingRequests(10)).toEqual([]);
  });

  test('applying stores the result and the events, and the request waits no more', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.submit('a', body);
    await cluster.store.submit('b', body);
    const [, request] = await cluster.store.pendingRequests(10);
    expect(await cluster.store.result('b')).toBeUndefined();
    const refused = { kind: 'refused', status: 404, code: 'x', message: 'none' } as const;
    const events = [{ type: 'test', message: 'refused', facts: { count: 1 } }];
    const outcome = await cluster.store.applyRequest(
      cluster.term,
      request ?? cluster.request(),
      { connectors: [], restart: [] },
      refused,
      events,
    );
    expect(outcome).toBe('applied');
    expect(await cluster.store.result('b')).toEqual(refused);
    expect(await cluster.store.events(1)).toMatchObject(events);
    expect((await cluster.store.pendingRequests(10)).map(({ id }) => id)).toEqual(['a']);
  });

  test('a request is applied once', async () => {
    await using cluster = await startTestCluster(make);
    const request = cluster.request();
    await cluster.apply({}, request);
    const record = connectorRecord('orders');
    expect(await cluster.apply({ connectors: [{ record }] }, request)).toBe('already');
    expect((await cluster.everything()).connectors.size).toBe(0);
  });
}

export function testMutations(make: MakeStore): void {
  test('a new connector gets a unit of its own, and the store’s time', async () => {
    await using cluster = await startTestCluster(make);
    const { term, store } = cluster;
    const record = connectorRecord('orders', { targetState: 'PAUSED', type: 'sink' });
    await store.applyRequest(
      term,
      cluster.request(),
      { connectors: [{ record }], restart: [] },
      done,
      [],
    );
    const stored = await cluster.connector('orders');
    expect(stored).toEqual({ ...record, createdAtMs: expect.any(Number) as number });
    expect(stored.createdAtMs).toBeGreaterThan(0);
    expect(await cluster.unit(connectorUnit('orders'))).toMatchObject({
      kind: 'connector',
      connector: 'orders',
      uid: record.uid,
      epoch: 0,
      state: 'free',
      retired: false,
    });
  });

  test('a change keeps what is not decided by the request', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const before = await cluster.run('orders', member, 2);
    const config = { name: 'orders', more: 'yes' };
    const decided = { ...before, version: 2, config, targetState: 'PAUSED' as const };
    // Decided on a copy that is older than the task set.
    const record = { ...decided, taskEpoch: 0, taskCount: 0, taskVersion: 0, createdAtMs: 0 };
    await cluster.apply({ connectors: [{ record, expected: before }] });
    expect(await cluster.connector('orders')).toEqual(decided);
    expect((await cluster.everything()).units.size).toBe(3);
  });

  test.each<[string, Partial<NonNullable<ConnectorMutation['expected']>>]>([
    ['version', { version: 7 }],
    ['uid', { uid: 'another' }],
    ['target state', { targetState: 'PAUSED' }],
    ['lifecycle', { lifecycle: 'deleting' }],
  ])('a decision on another %s is in conflict, and nothing of it is written', async (_w, other) => {
    await using cluster = await startTestCluster(make);
    await cluster.store.submit('a', body);
    const orders = await cluster.define('orders');
    const before = await cluster.everything();
    const [request] = await cluster.store.pendingRequests(1);
    const changed = { ...orders, version: 9, uid: other.uid ?? orders.uid };
    const mutation = {
      connectors: [
        { record: connectorRecord('fine') },
        { record: changed, expected: { ...orders, ...other } },
      ],
      restart: [connectorUnit('orders')],
    };
    const events = [{ type: 'test', message: 'test', facts: {} }];
    const { term, store } = cluster;
    const outcome = await store.applyRequest(
      term,
      request ?? cluster.request(),
      mutation,
      done,
      events,
    );
    expect(outcome).toBe('conflict');
    expect(await cluster.everything()).toEqual(before);
    expect(await store.result('a')).toBeUndefined();
    expect(await store.events(10)).toEqual([]);
    expect(await store.pendingRequests(10)).toHaveLength(1);
  });

  test('a connector that exists is not created, one that does not is not changed', async () => {
    await using cluster = await startTestCluster(make);
    const record = await cluster.define('orders');
    expect(await cluster.apply({ connectors: [{ record }] })).toBe('conflict');
    const other = connectorRecord('other');
    expect(await cluster.apply({ connectors: [{ record: other, expected: other }] })).toBe(
      'conflict',
    );
  });

  test('a live connector does not become another one', async () => {
    await using cluster = await startTestCluster(make);
    const expected = await cluster.define('orders');
    const record = { ...expected, uid: 'another' };
    expect(await cluster.apply({ connectors: [{ record, expected }] })).toBe('conflict');
  });

  test('stopping retires the tasks and keeps the connector’s own unit', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const held = taskUnit('orders', 0);
    const fence = await cluster.own(held, member);
    await cluster.stop('orders');
    expect(await cluster.unit(held)).toMatchObject({ retired: true, state: 'claimed', fence });
    expect(await cluster.exists(taskUnit('orders', 1))).toBe(false);
    expect((await cluster.unit(connectorUnit('orders'))).retired).toBe(false);
  });

  test('a connector without owners is gone as soon as it is deleted', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const { fence } = await cluster.unit(connectorUnit('orders'));
    await cluster.release(member, connectorUnit('orders'), fence);
    await cluster.delete('orders');
    const { connectors, units } = await cluster.everything();
    expect([connectors.size, units.size]).toEqual([0, 0]);
    expect(await cluster.store.taskConfigs('orders')).toEqual([]);
  });

  test('a deleted connector stays until the last of its units is released', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const own = await cluster.unit(connectorUnit('orders'));
    await cluster.delete('orders');
    expect((await cluster.connector('orders')).lifecycle).toBe('deleting');
    await cluster.release(member, connectorUnit('orders'), own.fence);
    expect((await cluster.connector('orders')).lifecycle).toBe('deleting');
    await cluster.release(member, unit, fence);
    expect((await cluster.everything()).connectors.size).toBe(0);
  });

  test('a connector that is being deleted gets no unit anew, whatever is written of it', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const own = await cluster.unit(connectorUnit('orders'));
    await cluster.delete('orders');
    await cluster.release(member, own.unit, own.fence);
    await cluster.alter('orders', { version: 2 });
    expect(await cluster.exists(own.unit)).toBe(false);
    await cluster.release(member, unit, fence);
    expect((await cluster.everything()).connectors.size).toBe(0);
  });

  test('a namesake takes over where units of the deleted one are still held', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const { unit, fence } = await cluster.runTask('orders', a);
    const own = connectorUnit('orders');
    const ownFence = (await cluster.unit(own)).fence;
    const { uid: formerUid } = await cluster.connector('orders');
    await cluster.delete('orders');
    // The task epoch goes on from the namesake's, whatever the request was decided on.
    await recreate(cluster, { taskEpoch: 0 });

    const record = await cluster.connector('orders');
    expect(record).toMatchObject({ lifecycle: 'live', taskEpoch: 1, taskCount: 0, taskVersion: 0 });
    expect(await cluster.unit(own)).toMatchObject({
      uid: record.uid,
      epoch: 1,
      heldEpoch: 0,
      state: 'claimed',
      retired: false,
      fence: ownFence,
    });
    expect(await cluster.assigned(a)).toMatchObject([
      { unit: own, uid: formerUid, order: 'stop' },
      { unit, uid: formerUid },
    ]);

    await cluster.release(a, own, ownFence);
    await cluster.own(own, b);
    expect(await cluster.publish('orders', b, 1)).toBe(2);
    expect(await cluster.unit(unit)).toMatchObject({ uid: record.uid, epoch: 2, heldEpoch: 1 });
    expect(await cluster.grantRefusal(unit, b)).toBe('owned');
    await cluster.release(a, unit, fence);
    expect(await cluster.grantRefusal(unit, b)).toBeUndefined();
  });

  test('a namesake’s namesake is granted while a task of the first is still held', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const { unit } = await cluster.runTask('orders', a);
    const own = connectorUnit('orders');
    for (const epoch of [1, 2]) {
      await cluster.delete('orders');
      await recreate(cluster);
      expect((await cluster.unit(own)).epoch).toBe(epoch);
    }
    const { fence } = await cluster.unit(own);
    await cluster.release(a, own, fence);
    expect(await cluster.grantRefusal(own, b)).toBeUndefined();
    expect(await cluster.unit(unit)).toMatchObject({ state: 'claimed', retired: true });
  });

  test('no unit of a connector that is being deleted is granted', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.define('orders');
    await cluster.own(connectorUnit('orders'), a);
    await cluster.run('logs', a, 1);
    const wanted = await cluster.unit(taskUnit('logs', 0));
    // As a writer of another version might: deleting, its units not retired.
    await cluster.alter('logs', { lifecycle: 'deleting' });
    expect(await cluster.unit(wanted.unit)).toEqual(wanted);
    expect(await cluster.grantRefusal(wanted.unit, b)).toBe('connector-deleting');
  });

  test('a restart counts for each unit, owned or not, and one that is gone is no error', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    await cluster.define('logs');
    const neverOwned = connectorUnit('logs');
    const gone = taskUnit('orders', 5);
    const restart = [unit, connectorUnit('orders'), neverOwned, gone];
    expect(await cluster.apply({ restart })).toBe('applied');
    expect((await cluster.unit(unit)).restarts).toBe(1);
    await cluster.release(member, unit, fence);
    expect(await cluster.apply({ restart: [unit] })).toBe('applied');
    expect((await cluster.unit(unit)).restarts).toBe(2);
    expect((await cluster.unit(connectorUnit('orders'))).restarts).toBe(1);
    expect((await cluster.unit(neverOwned)).restarts).toBe(1);
    expect(await cluster.exists(gone)).toBe(false);
  });

  test('a worker is set draining, unless it is another incarnation by now', async () => {
    await using cluster = await startTestCluster(make);
    const { worker, incarnation } = await cluster.join('w');
    const request = cluster.request();
    const drain = { worker, incarnation, change: 'drain' } as const;
    const another = { ...drain, incarnation: 'another' };
    expect(await cluster.apply({ worker: another }, request)).toBe('conflict');
    expect((await cluster.everything()).members.get('w')?.state).toBe('up');
    expect(await cluster.apply({ worker: drain }, request)).toBe('applied');
    expect((await cluster.everything()).members.get('w')?.state).toBe('draining');
  });

  test('hundreds of connectors are created in one request', async () => {
    await using cluster = await startTestCluster(make);
    const names = Array.from({ length: 300 }, (_, number) => `connector-${number}`);
    await cluster.apply({ connectors: names.map((name) => ({ record: connectorRecord(name) })) });
    const { connectors, units } = await cluster.everything();
    expect([...connectors.keys()].toSorted()).toEqual(names.toSorted());
    expect(units.size).toBe(300);
  });
}
