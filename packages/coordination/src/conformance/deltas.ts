import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import { recreate } from './task-sets.ts';
import {
  connectorRecord,
  type MakeStore,
  startTestCluster,
  type TestCluster,
} from './test-cluster.ts';

const own = connectorUnit('orders');
const task = taskUnit('orders', 0);

/** Readers follow by delta, so a transition that forgets to note what it altered is never seen. */
export function testDeltas(make: MakeStore): void {
  test('what happens to members is in the delta', async () => {
    await using cluster = await startTestCluster(make);
    const { store, term } = cluster;
    const a = await cluster.join('a');
    const b = await cluster.join('b');
    const { incarnation } = b;
    const drain = { worker: 'a', incarnation: a.incarnation, change: 'drain' } as const;
    const cordon = { ...drain, change: 'cordon' } as const;
    await expectDelta(cluster, () => cluster.join('c'), ['c']);
    await expectDelta(cluster, () => cluster.join('a', { incarnation: a.incarnation }), ['a']);
    await expectDelta(cluster, () => cluster.apply({ worker: cordon }), ['a']);
    await expectDelta(cluster, () => cluster.apply({ worker: drain }), ['a']);
    await expectDelta(cluster, () => store.drain('b', incarnation, { returns: false }), ['b']);
    await expectDelta(cluster, () => cluster.kill(b), ['b']);
    await expectDelta(cluster, () => store.forget(term, 'b', incarnation), ['b']);
    await expectDelta(cluster, () => store.leave('a', a.incarnation), ['a']);
    await expectDelta(cluster, () => cluster.beat(b), []);
  });

  test('what happens to the ownership of a unit is in the delta', async () => {
    await using cluster = await startTestCluster(make);
    const { store, term } = cluster;
    const member = await cluster.join('w');
    const { worker, incarnation } = member;
    const { uid } = await cluster.run('orders', member, 1);
    let fence = 0;
    const grant = async (): Promise<void> => {
      fence = await cluster.grant(task, member);
    };
    const adopt = (): Promise<unknown> =>
      store.adopt(term, worker, incarnation, [{ unit: task, uid, epoch: 1, fence }]);
    await expectDelta(cluster, grant, [task]);
    await expectDelta(cluster, () => cluster.revoke({ unit: task, fence }), [task]);
    await grant();
    await expectDelta(cluster, () => cluster.claim(member, task, fence), [task]);
    const status = { state: 'RUNNING', attempts: 1 } as const;
    const report = [{ unit: task, fence, status }];
    await expectDelta(cluster, () => store.report(worker, incarnation, report), [task]);
    const refence = (): Promise<unknown> =>
      store.refence(worker, incarnation, [{ unit: task, fence }]);
    await expectDelta(cluster, refence, [task]);
    ({ fence } = await cluster.unit(task));
    await expectDelta(cluster, () => cluster.revoke({ unit: task, fence }), [task]);
    await expectDelta(cluster, () => cluster.release(member, task, fence), [task]);
    await grant();
    await expectDelta(cluster, adopt, [task]);
    fence += 1;
    await expectDelta(cluster, adopt, [task]);
    await cluster.kill(member);
    await expectDelta(cluster, () => store.orphan(term, worker, incarnation, 10), [own, task]);
  });

  test('what happens to connectors and their task sets is in the delta', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const [second, third] = [taskUnit('orders', 1), taskUnit('orders', 2)];
    const connectors = [{ record: connectorRecord('orders') }];
    await expectDelta(cluster, () => cluster.apply({ connectors }), ['orders', own]);
    const fence = await cluster.own(own, member);
    const publish = (tasks: number) => (): Promise<unknown> =>
      cluster.publish('orders', member, tasks);
    await expectDelta(cluster, publish(2), ['orders', task, second]);
    const held = await cluster.own(task, member);
    await expectDelta(cluster, publish(3), ['orders', task, second, third]);
    await expectDelta(cluster, publish(0), ['orders', task, second, third]);
    await expectDelta(cluster, publish(1), ['orders', task]);
    await expectDelta(cluster, () => cluster.apply({ restart: [task, own] }), [task, own]);
    await expectDelta(cluster, () => cluster.alter('orders', { version: 2 }), ['orders']);
    await expectDelta(cluster, () => cluster.stop('orders'), ['orders', task]);
    await expectDelta(cluster, () => cluster.delete('orders'), ['orders', own]);
    await expectDelta(cluster, () => recreate(cluster), ['orders', own]);
    await cluster.delete('orders');
    await expectDelta(cluster, () => cluster.release(member, own, fence), [own]);
    await expectDelta(cluster, () => cluster.release(member, task, held), ['orders', task]);
  });
}

async function expectDelta(
  cluster: TestCluster,
  step: () => Promise<unknown>,
  altered: readonly string[],
): Promise<void> {
  const { revision, dataset } = await cluster.everything();
  await step();
  const delta = await cluster.store.changes(revision, dataset);
  expect(delta.kind).toBe('delta');
  const maps = [delta.connectors, delta.units, delta.members];
  const names = maps.flatMap((map) => [...map.keys()]);
  expect(names.toSorted()).toEqual(altered.toSorted());
}
