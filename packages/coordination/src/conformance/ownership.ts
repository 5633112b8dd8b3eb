import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import { type MakeStore, startTestCluster, type TestMember } from './test-cluster.ts';

const connector = connectorUnit('orders');
const task = taskUnit('orders', 0);

export function testGranting(make: MakeStore): void {
  test('a granted unit is owned by that incarnation under the fence of the answer', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    const fence = await cluster.grant(task, member);
    expect(await cluster.unit(task)).toMatchObject({
      state: 'granted',
      worker: 'w',
      incarnation: member.incarnation,
      heldEpoch: 1,
      fence,
    });
  });

  test('each grant has a higher fence, whoever gets it', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.define('orders');
    const fences = [];
    for (const member of [a, b, a, b]) {
      const fence = await cluster.own(connector, member);
      fences.push(fence);
      await cluster.release(member, connector, fence);
    }
    expect(fences).toEqual([...new Set(fences)].toSorted((x, y) => x - y));
  });

  test('a unit that was deleted and created anew goes on with higher fences', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    await cluster.stop('orders');
    await cluster.release(member, task, fence);
    expect(await cluster.exists(task)).toBe(false);
    await cluster.alter('orders', { targetState: 'STARTED' });
    await cluster.publish('orders', member, 1);
    expect(await cluster.grant(task, member)).toBeGreaterThan(fence);
  });

  test('answers come in the order of the grants, and one refusal does not spoil the others', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 3);
    const { worker, incarnation } = member;
    const grants = [0, 99, 2].map((number) => {
      return { unit: taskUnit('orders', number), uid, epoch: 1, worker, incarnation };
    });
    const results = await cluster.store.grant(cluster.term, grants);
    expect(results.map(({ kind }) => kind)).toEqual(['granted', 'refused', 'granted']);
    expect((await cluster.unit(taskUnit('orders', 2))).state).toBe('granted');
    expect((await cluster.unit(taskUnit('orders', 1))).state).toBe('free');
  });

  test.each(['granted', 'claimed', 'revoking'])(
    'a unit that is %s is not granted to anybody else',
    async (state) => {
      await using cluster = await startTestCluster(make);
      const [a, b] = [await cluster.join('a'), await cluster.join('b')];
      await cluster.define('orders');
      const fence = await cluster.grant(connector, a);
      if (state !== 'granted') await cluster.claim(a, connector, fence);
      if (state === 'revoking') await cluster.revoke({ unit: connector, fence });
      expect(await cluster.grantRefusal(connector, b)).toBe('owned');
      expect(await cluster.unit(connector)).toMatchObject({ state, worker: 'a', fence });
    },
  );

  test('a unit of a dead worker is not granted before it was orphaned', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.define('orders');
    await cluster.own(connector, a);
    await cluster.kill(a);
    expect(await cluster.grantRefusal(connector, b)).toBe('owned');
  });

  test('only a worker that is up is granted anything', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const other = { ...member, incarnation: 'another' };
    expect(await cluster.grantRefusal(connector, other)).toBe('worker-not-up');
    await cluster.store.drain('w', member.incarnation, { returns: false });
    expect(await cluster.grantRefusal(connector, member)).toBe('worker-not-up');
    await cluster.kill(member);
    expect(await cluster.grantRefusal(connector, member)).toBe('worker-not-up');
    expect((await cluster.unit(connector)).state).toBe('free');
  });

  test('a grant names the uid and the epoch that it was decided for', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    expect(await cluster.grantRefusal(task, member, { uid: 'another' })).toBe('uid');
    expect(await cluster.grantRefusal(task, member, { epoch: 0 })).toBe('epoch');
    expect(await cluster.grantRefusal(task, member, { epoch: 2 })).toBe('epoch');
    expect(await cluster.grantRefusal(taskUnit('orders', 1), member)).toBe('gone');
  });

  test('no task of a newer set is granted while one of an older set is held, also a removed one', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.run('orders', a, 3);
    const fences = [];
    for (const number of [0, 1, 2]) fences.push(await cluster.own(taskUnit('orders', number), b));
    const [first = 0, second = 0, third = 0] = fences;
    await cluster.release(b, task, first);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', a, 2);

    expect(await cluster.grantRefusal(task, a)).toBe('older-epoch-held');
    await cluster.release(b, taskUnit('orders', 1), second);
    expect(await cluster.grantRefusal(task, a)).toBe('older-epoch-held');
    await cluster.release(b, taskUnit('orders', 2), third);
    expect(await cluster.grantRefusal(task, a)).toBeUndefined();
    expect(await cluster.grantRefusal(taskUnit('orders', 1), a)).toBeUndefined();
  });

  test('a connector itself is granted while its tasks of an older set are held', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.runTask('orders', a);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', a, 1);
    const { fence } = await cluster.unit(connector);
    await cluster.release(a, connector, fence);
    expect(await cluster.grantRefusal(connector, b)).toBeUndefined();
  });

  test('a stopped connector is granted, so that it can be started again', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders', { targetState: 'STOPPED' });
    expect(await cluster.grantRefusal(connector, member)).toBeUndefined();
  });
}

export function testRevoking(make: MakeStore): void {
  test('what was granted but not claimed is free at once, and a later claim is stale', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.grant(connector, member);
    expect(await cluster.revoke({ unit: connector, fence })).toEqual(['free']);
    expect(await cluster.claim(member, connector, fence)).toEqual({ kind: 'stale' });
    expect(await cluster.unit(connector)).toMatchObject({ state: 'free', fence, lastWorker: 'w' });
    expect(await cluster.assigned(member)).toEqual([]);
  });

  test('what was claimed is its owner’s until it releases it', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.own(connector, member);
    expect(await cluster.revoke({ unit: connector, fence })).toEqual(['revoking']);
    expect(await cluster.revoke({ unit: connector, fence })).toEqual(['revoking']);
    expect(await cluster.unit(connector)).toMatchObject({ state: 'revoking', worker: 'w', fence });
  });

  test('what was released meanwhile stays free', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.own(connector, member);
    await cluster.release(member, connector, fence);
    expect(await cluster.revoke({ unit: connector, fence })).toEqual(['free']);
    expect((await cluster.unit(connector)).state).toBe('free');
  });

  test('a revocation under a fence that is not the current one changes nothing', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const granted = await cluster.grant(connector, member);
    expect(await cluster.revoke({ unit: connector, fence: granted - 1 })).toEqual(['granted']);
    await cluster.claim(member, connector, granted);
    expect(await cluster.revoke({ unit: connector, fence: granted - 1 })).toEqual(['claimed']);
    expect((await cluster.unit(connector)).state).toBe('claimed');
  });

  test('a unit that does not exist has no state, nor has a retired one that became free', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    const fence = await cluster.grant(task, member);
    await cluster.stop('orders');
    const gone = taskUnit('orders', 9);
    const states = await cluster.revoke({ unit: gone, fence: 0 }, { unit: task, fence });
    expect(states).toEqual([undefined, undefined]);
    expect(await cluster.exists(task)).toBe(false);
  });
}

export function testReleasing(make: MakeStore): void {
  test.each(['claimed', 'revoking'])(
    'a unit that is %s is free when it is released',
    async (state) => {
      await using cluster = await startTestCluster(make);
      const member = await cluster.join('w');
      const { unit, fence } = await cluster.runTask('orders', member);
      await report(cluster.store, member, fence);
      if (state === 'revoking') await cluster.revoke({ unit, fence });
      expect(await cluster.release(member, unit, fence)).toBe(true);
      const record = await cluster.unit(unit);
      expect(record).toMatchObject({ state: 'free', fence, lastWorker: 'w', restarts: 0 });
      expect(record).not.toHaveProperty('worker');
      expect(record).not.toHaveProperty('incarnation');
      expect(record).not.toHaveProperty('heldEpoch');
      expect(record).not.toHaveProperty('status');
      expect((await cluster.assigned(member)).map((each) => each.unit)).toEqual([connector]);
    },
  );

  test('a release may be repeated', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    await cluster.release(member, unit, fence);
    const { revision } = await cluster.everything();
    expect(await cluster.release(member, unit, fence)).toBe(true);
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('only the owner releases, only under its fence, and only what it claimed', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.run('orders', a, 1);
    const fence = await cluster.grant(task, a);
    expect(await cluster.release(a, task, fence)).toBe(false);
    await cluster.claim(a, task, fence);
    expect(await cluster.release(b, task, fence)).toBe(false);
    expect(await cluster.release(a, task, fence - 1)).toBe(false);
    expect(await cluster.unit(task)).toMatchObject({ state: 'claimed', worker: 'a', fence });
  });

  test('a release that comes after the unit was given to another changes nothing', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const { unit, fence } = await cluster.runTask('orders', a);
    await cluster.release(a, unit, fence);
    const next = await cluster.own(unit, b);
    expect(await cluster.release(a, unit, fence)).toBe(false);
    expect(await cluster.unit(unit)).toMatchObject({ state: 'claimed', worker: 'b', fence: next });
  });

  test('who was declared dead may still say that it has stopped', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    await cluster.kill(member);
    expect(await cluster.release(member, unit, fence)).toBe(true);
    expect((await cluster.unit(unit)).state).toBe('free');
  });

  test('a retired unit is deleted when it is released', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    await cluster.stop('orders');
    expect(await cluster.unit(unit)).toMatchObject({ retired: true, state: 'claimed' });
    expect(await cluster.release(member, unit, fence)).toBe(true);
    expect(await cluster.exists(unit)).toBe(false);
  });
}

export function testRefencing(make: MakeStore): void {
  test.each(['claimed', 'revoking'])(
    'an owner gets a new fence for a unit that is %s, and its old one is refused',
    async (state) => {
      await using cluster = await startTestCluster(make);
      const member = await cluster.join('w');
      const { unit, fence } = await cluster.runTask('orders', member);
      if (state === 'revoking') await cluster.revoke({ unit, fence });
      const { worker, incarnation } = member;
      const [next] = await cluster.store.refence(worker, incarnation, [{ unit, fence }]);
      expect(next).toBeGreaterThan(fence);
      expect(await cluster.unit(unit)).toMatchObject({ state, fence: next });
      expect(await cluster.release(member, unit, fence)).toBe(false);
      expect(await report(cluster.store, member, next ?? 0)).toBe(true);
    },
  );

  test('nobody else gets one, nor the dead, nor for another fence or what was not claimed', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.run('orders', a, 1);
    const refence = async (member: TestMember, fence: number): Promise<unknown> =>
      cluster.store.refence(member.worker, member.incarnation, [{ unit: task, fence }]);
    const fence = await cluster.grant(task, a);
    expect(await refence(a, fence)).toEqual([undefined]);
    await cluster.claim(a, task, fence);
    expect(await refence(b, fence)).toEqual([undefined]);
    expect(await refence(a, fence - 1)).toEqual([undefined]);
    await cluster.kill(a);
    expect(await refence(a, fence)).toEqual([undefined]);
    expect((await cluster.unit(task)).fence).toBe(fence);
  });
}

export function testReporting(make: MakeStore): void {
  test('a report is stored with the time of the change of state', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const status = { attempts: 2, executor: 'shared-0' };
    expect(await report(cluster.store, member, fence, { state: 'RUNNING', ...status })).toBe(true);
    const first = (await cluster.unit(unit)).status;
    expect(first).toEqual({ state: 'RUNNING', sinceMs: expect.any(Number) as number, ...status });

    await cluster.under.elapse(20);
    await report(cluster.store, member, fence, { state: 'RUNNING', ...status, stalled: true });
    expect((await cluster.unit(unit)).status).toEqual({ ...first, stalled: true });

    await report(cluster.store, member, fence, { state: 'PAUSED', ...status, stalled: true });
    expect((await cluster.unit(unit)).status).toMatchObject({ state: 'PAUSED', stalled: true });

    await report(cluster.store, member, fence, { state: 'FAILED', attempts: 2, trace: 'Error: x' });
    const failed = (await cluster.unit(unit)).status;
    expect(failed).toMatchObject({ state: 'FAILED', trace: 'Error: x' });
    expect(failed).not.toHaveProperty('executor');
    expect(failed?.sinceMs).toBeGreaterThan(first?.sinceMs ?? 0);
  });

  test('a report that says nothing new is accepted and is not a change', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    await report(cluster.store, member, fence);
    const { revision } = await cluster.everything();
    expect(await report(cluster.store, member, fence)).toBe(true);
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('only the owner reports, only under its fence, and only on what it claimed', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.run('orders', a, 1);
    const fence = await cluster.grant(task, a);
    expect(await report(cluster.store, a, fence)).toBe(false);
    await cluster.claim(a, task, fence);
    expect(await report(cluster.store, b, fence)).toBe(false);
    expect(await report(cluster.store, a, fence - 1)).toBe(false);
    expect(await cluster.unit(task)).not.toHaveProperty('status');
    await cluster.revoke({ unit: task, fence });
    expect(await report(cluster.store, a, fence)).toBe(true);
  });
}

type Store = Awaited<ReturnType<typeof startTestCluster>>['store'];

async function report(
  store: Store,
  { worker, incarnation }: TestMember,
  fence: number,
  status: Parameters<Store['report']>[2][number]['status'] = { state: 'RUNNING', attempts: 1 },
): Promise<boolean> {
  const [stored] = await store.report(worker, incarnation, [{ unit: task, fence, status }]);
  return stored === true;
}
