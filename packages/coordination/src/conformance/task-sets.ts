import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import type { PublishTasks } from '../store.ts';
import {
  type MakeStore,
  startTestCluster,
  type TestCluster,
  type TestMember,
  taskConfigs,
} from './test-cluster.ts';

const connector = connectorUnit('orders');

export function testTaskSets(make: MakeStore): void {
  test('a published set makes units, in the order of the tasks', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('other');
    const record = await cluster.run('orders', member, 12);
    expect(record).toMatchObject({ taskEpoch: 1, taskCount: 12, taskVersion: 1 });
    expect(await cluster.store.taskConfigs('orders')).toEqual(taskConfigs(12));
    const { units } = await cluster.everything();
    const tasks = [...units.values()]
      .flatMap((unit) => (unit?.kind === 'task' ? [unit] : []))
      .toSorted((a, b) => a.ordinal - b.ordinal);
    expect(tasks.map(({ task }) => task)).toEqual(Array.from({ length: 12 }, (_, task) => task));
    expect(tasks[11]).toEqual({
      unit: 'task/orders/11',
      kind: 'task',
      connector: 'orders',
      task: 11,
      uid: record.uid,
      epoch: 1,
      ordinal: (tasks[0]?.ordinal ?? 0) + 11,
      retired: false,
      state: 'free',
      fence: 0,
      restarts: 0,
    });
    expect(new Set([...units.values()].map((unit) => unit?.ordinal)).size).toBe(units.size);
  });

  test('a connector may have a slash in its name, and look like another’s task', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders/0', member, 2);
    await cluster.run('orders', member, 1);
    expect(await cluster.unit(taskUnit('orders/0', 1))).toMatchObject({
      connector: 'orders/0',
      task: 1,
    });
    expect(await cluster.store.taskConfigs('orders')).toEqual(taskConfigs(1));
    const fence = await cluster.own(taskUnit('orders/0', 1), member);
    expect(await cluster.release(member, taskUnit('orders/0', 1), fence)).toBe(true);
  });

  test('the same set for the same definition is unchanged, whatever the order of its keys', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const { revision } = await cluster.everything();
    const configs = taskConfigs(2).map(({ 'task.id': id = '', of = '' }) => ({
      of,
      'task.id': id,
    }));
    const request = await requestOf(cluster, member, { configs });
    expect(await cluster.store.publishTasks(request)).toEqual({ kind: 'unchanged', epoch: 1 });
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('another configuration, another number of tasks or another definition is a new epoch', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const publish = async (changes: Partial<PublishTasks>): Promise<unknown> =>
      cluster.store.publishTasks(await requestOf(cluster, member, changes));
    const configs = [{ 'task.id': '0', of: '2' }, { 'task.id': 'changed' }];
    expect(await publish({ configs })).toEqual({ kind: 'published', epoch: 2 });
    expect(await publish({ configs: taskConfigs(3) })).toEqual({ kind: 'published', epoch: 3 });
    await cluster.alter('orders', { version: 2 });
    expect(await publish({ configs: taskConfigs(3), definitionVersion: 2 })).toEqual({
      kind: 'published',
      epoch: 4,
    });
    expect(await cluster.connector('orders')).toMatchObject({ taskEpoch: 4, taskVersion: 2 });
  });

  test('a new set takes over the units: owned ones stay owned in their old epoch', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 4);
    const before = (await cluster.everything()).units;
    for (const number of [0, 3]) await cluster.own(taskUnit('orders', number), member);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', member, 2);

    expect(await cluster.unit(taskUnit('orders', 0))).toMatchObject({
      state: 'claimed',
      epoch: 2,
      heldEpoch: 1,
      retired: false,
      ordinal: before.get(taskUnit('orders', 0))?.ordinal,
    });
    expect(await cluster.unit(taskUnit('orders', 1))).toMatchObject({ state: 'free', epoch: 2 });
    expect(await cluster.exists(taskUnit('orders', 2))).toBe(false);
    expect(await cluster.unit(taskUnit('orders', 3))).toMatchObject({
      state: 'claimed',
      heldEpoch: 1,
      retired: true,
    });
    expect(await cluster.store.taskConfigs('orders')).toEqual(taskConfigs(2));
  });

  test('a removed task that is wanted again is not retired any more', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', member, 0);
    expect(await cluster.unit(unit)).toMatchObject({ retired: true, epoch: 1 });
    await cluster.publish('orders', member, 1);
    expect(await cluster.unit(unit)).toMatchObject({ retired: false, epoch: 3, heldEpoch: 1 });
    await cluster.release(member, unit, fence);
    expect(await cluster.unit(unit)).toMatchObject({ state: 'free', epoch: 3 });
  });

  test('an empty set is a set', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 0);
    expect(await cluster.connector('orders')).toMatchObject({ taskEpoch: 1, taskCount: 0 });
    const request = await requestOf(cluster, member, { configs: [] });
    expect(await cluster.store.publishTasks(request)).toEqual({ kind: 'unchanged', epoch: 1 });
  });

  test('a connector that was stopped and started publishes its set anew', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    await cluster.stop('orders');
    expect(await cluster.connector('orders')).toMatchObject({ taskCount: 0, taskVersion: 0 });
    expect(await cluster.store.taskConfigs('orders')).toEqual([]);
    await cluster.alter('orders', { targetState: 'STARTED' });
    expect(await cluster.publish('orders', member, 2)).toBe(2);
  });

  test.each<[string, Partial<PublishTasks>]>([
    ['by another incarnation', { incarnation: 'another' }],
    ['under another name', { worker: 'another' }],
    ['under another fence', { fence: 1 }],
    ['for another uid', { uid: 'another' }],
    ['for an older definition', { definitionVersion: 0 }],
    ['for a newer definition', { definitionVersion: 2 }],
  ])('a set published %s is stale', async (_how, changes) => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    await cluster.own(connector, member);
    await expectStale(cluster, await requestOf(cluster, member, changes));
  });

  test('a set published before the claim, or while its owner is to let go, is stale', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.grant(connector, member);
    await expectStale(cluster, await requestOf(cluster, member));
    await cluster.claim(member, connector, fence);
    await cluster.revoke({ unit: connector, fence });
    await expectStale(cluster, await requestOf(cluster, member));
  });

  test('a set published by another member, under the owner’s fence, is stale', async () => {
    await using cluster = await startTestCluster(make);
    const [owner, other] = [await cluster.join('w'), await cluster.join('other')];
    await cluster.define('orders');
    await cluster.own(connector, owner);
    await expectStale(cluster, await requestOf(cluster, other));
  });

  test('a set published by the dead is stale', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    await cluster.own(connector, member);
    await cluster.kill(member);
    await expectStale(cluster, await requestOf(cluster, member));
  });

  test('a set of a connector that is stopped or being deleted is stale', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders', { targetState: 'STOPPED' });
    await cluster.own(connector, member);
    await expectStale(cluster, await requestOf(cluster, member));
    await cluster.alter('orders', { targetState: 'STARTED' });
    await cluster.delete('orders');
    await expectStale(cluster, await requestOf(cluster, member));
  });

  test('a set of a paused connector is published', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders', { targetState: 'PAUSED' });
    await cluster.own(connector, member);
    expect(await cluster.publish('orders', member, 1)).toBe(1);
  });

  test('the owner of a deleted connector cannot publish for its namesake', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    await cluster.own(connector, member);
    const { uid } = await cluster.connector('orders');
    await cluster.delete('orders');
    await recreate(cluster);
    await expectStale(cluster, await requestOf(cluster, member));
    await expectStale(cluster, await requestOf(cluster, member, { uid }));
  });
}

export async function recreate(
  cluster: TestCluster,
  changes: { taskEpoch?: number } = {},
): Promise<void> {
  const former = await cluster.connector('orders');
  const uid = cluster.newId('uid');
  const record = { ...former, uid, version: 1, lifecycle: 'live' as const, ...changes };
  await cluster.apply({ connectors: [{ record, expected: former }] });
}

async function requestOf(
  cluster: TestCluster,
  { worker, incarnation }: TestMember,
  changes: Partial<PublishTasks> = {},
): Promise<PublishTasks> {
  const { uid, version } = await cluster.connector('orders');
  const { fence } = await cluster.unit(connector);
  return {
    connector: 'orders',
    uid,
    worker,
    incarnation,
    fence,
    definitionVersion: version,
    configs: taskConfigs(1),
    ...changes,
  };
}

async function expectStale(cluster: TestCluster, request: PublishTasks): Promise<void> {
  const before = await cluster.everything();
  expect(await cluster.store.publishTasks(request)).toEqual({ kind: 'stale' });
  expect(await cluster.everything()).toEqual(before);
}
