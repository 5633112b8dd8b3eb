import { expect, test } from 'vitest';

import type { JournaledConnector } from '../journal/definition-journal.ts';
import { connectorUnit, taskUnit } from '../model.ts';
import { recreate } from './task-sets.ts';
import {
  connectorRecord,
  joinRequest,
  leadRequest,
  type MakeStore,
  startTestCluster,
  TestCluster,
  taskConfigs,
} from './test-cluster.ts';

const none = { ordinal: 0, fence: 0 };
const connector = connectorUnit('orders');

export function testRestoring(make: MakeStore): void {
  test('an empty store has all of it again', async () => {
    await using cluster = await startTestCluster(make);
    const paused = journaled({ name: 'paused', targetState: 'PAUSED', uid: 'uid-2', ...setOf(0) });
    const high = { ordinal: 70, fence: Number.MAX_SAFE_INTEGER - 1_000 };
    await cluster.store.restore(cluster.term, [journaled(), paused], high);
    expect(await cluster.connector('orders')).toEqual({
      ...connectorRecord('orders', { uid: 'uid-1', version: 3, createdAtMs: 1_000 }),
      taskEpoch: 4,
      taskCount: 2,
      taskVersion: 3,
      journaledEpoch: 4,
    });
    expect(await cluster.connector('paused')).toMatchObject({ targetState: 'PAUSED' });
    expect(await cluster.unit(connector)).toMatchObject({
      state: 'free',
      uid: 'uid-1',
      epoch: 2,
      ordinal: 11,
    });
    expect(await cluster.unit(taskUnit('orders', 1))).toMatchObject({
      state: 'free',
      uid: 'uid-1',
      epoch: 4,
      ordinal: 21,
    });
    expect(await cluster.store.taskConfigs('orders')).toEqual(taskConfigs(2));
    // What comes after goes on above what there was.
    const member = await cluster.join('w');
    await cluster.define('later');
    expect((await cluster.unit(connectorUnit('later'))).ordinal).toBe(71);
    expect(await cluster.grant(connectorUnit('later'), member)).toBeGreaterThan(high.fence);
  });

  test('where nothing is to be restored, ordinals go on, and nobody has to look at what it has', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const revision = await cluster.assignmentRevision(member);
    const { ordinal } = await cluster
      .define('before')
      .then(() => cluster.unit(connectorUnit('before')));
    await cluster.store.restore(cluster.term, [], none);
    expect(await cluster.assignmentRevision(member)).toBe(revision);
    await cluster.define('later');
    expect((await cluster.unit(connectorUnit('later'))).ordinal).toBeGreaterThan(ordinal);
  });

  test('a connector’s own unit is wanted in the epoch of the journal, unless it is in a later one', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.define('orders');
    await cluster.own(connector, member);
    const { revision, dataset } = await cluster.everything();
    await cluster.store.restore(cluster.term, [journaled({ uid })], none);
    const delta = await cluster.store.changes(revision, dataset);
    expect(delta.units.get(connector)).toMatchObject({ epoch: 2, heldEpoch: 0, state: 'claimed' });
    const older = journaled({ uid, unit: { ordinal: 11, epoch: 1 } });
    await cluster.store.restore(cluster.term, [older], none);
    expect((await cluster.unit(connector)).epoch).toBe(2);
  });

  test('of whose own unit the journal knows nothing, that is created as for a new connector', async () => {
    await using cluster = await startTestCluster(make);
    const { unit: _unit, ...unknown } = journaled();
    await cluster.store.restore(cluster.term, [unknown], { ordinal: 70, fence: 0 });
    expect(await cluster.unit(connector)).toMatchObject({ epoch: 0, ordinal: 71, state: 'free' });
  });

  test('doing it again changes nothing', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.restore(cluster.term, [journaled()], none);
    const before = await cluster.everything();
    await cluster.store.restore(cluster.term, [journaled()], none);
    const { connectors, units } = await cluster.everything();
    expect({ connectors, units }).toEqual({ connectors: before.connectors, units: before.units });
  });

  test('what was held is adopted in place, and publishing the same set is no change', async () => {
    await using before = await startTestCluster(make);
    const member = await before.join('w');
    await before.under.loseData();
    const lead = await before.store.lead(leadRequest('c2', 3_600_000));
    const cluster = new TestCluster(
      before.under,
      lead.kind === 'leading' ? lead.term : before.term,
    );
    await cluster.store.startQuarantine(cluster.term);
    await cluster.store.restore(cluster.term, [journaled()], none);
    const held = [
      { unit: connector, uid: 'uid-1', epoch: 2, fence: 500 },
      { unit: taskUnit('orders', 0), uid: 'uid-1', epoch: 4, fence: 501 },
    ];
    const { worker, incarnation, dataset } = member;
    await cluster.store.join(
      joinRequest(worker, incarnation, { knownDataset: dataset, holding: held }),
    );
    expect(await cluster.store.adopt(cluster.term, worker, incarnation, held)).toEqual([
      true,
      true,
    ]);
    await cluster.store.endQuarantine(cluster.term, (await cluster.store.quarantine()) ?? '');
    expect(await cluster.unit(taskUnit('orders', 0))).toMatchObject({
      state: 'claimed',
      heldEpoch: 4,
      fence: 501,
      ordinal: 20,
    });
    const published = {
      connector: 'orders',
      uid: 'uid-1',
      worker,
      incarnation,
      fence: 500,
      definitionVersion: 3,
      configs: taskConfigs(2).map((config) =>
        Object.fromEntries(Object.entries(config).toReversed()),
      ),
    };
    expect(await cluster.store.publishTasks(published)).toEqual({ kind: 'unchanged', epoch: 4 });
    const changed = { ...published, configs: taskConfigs(3) };
    expect(await cluster.store.publishTasks(changed)).toEqual({ kind: 'published', epoch: 5 });
  });

  test('a set is restored over an older one, whose tasks stay owned in their epoch', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 3);
    const unit = taskUnit('orders', 0);
    await cluster.own(unit, member);
    await cluster.own(taskUnit('orders', 2), member);
    await cluster.store.restore(cluster.term, [journaled({ uid })], none);
    expect(await cluster.unit(unit)).toMatchObject({ state: 'claimed', heldEpoch: 1, epoch: 4 });
    expect(await cluster.unit(taskUnit('orders', 2))).toMatchObject({ retired: true });
    expect(await cluster.store.taskConfigs('orders')).toEqual(taskConfigs(2));
    expect(await cluster.grantRefusal(taskUnit('orders', 1), member)).toBe('older-epoch-held');
  });

  test('a set is not restored over a newer one', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 3);
    const older = journaled({ uid, ...setOf(1), taskEpoch: 1, version: 9 });
    await cluster.store.restore(cluster.term, [older], none);
    expect(await cluster.connector('orders')).toMatchObject({
      version: 9,
      taskEpoch: 1,
      taskCount: 3,
    });
    expect(await cluster.store.taskConfigs('orders')).toEqual(taskConfigs(3));
  });

  test('a stopped connector has no tasks, and keeps its task epoch', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 2);
    const stopped = journaled({ uid, targetState: 'STOPPED', ...setOf(0), taskEpoch: 1 });
    await cluster.store.restore(cluster.term, [stopped], none);
    expect(await cluster.connector('orders')).toMatchObject({ taskCount: 0, taskEpoch: 1 });
    expect(await cluster.exists(taskUnit('orders', 0))).toBe(false);
    const elsewhere = journaled({ name: 'b', targetState: 'STOPPED', ...setOf(0), taskEpoch: 6 });
    await cluster.store.restore(cluster.term, [elsewhere], none);
    expect(await cluster.connector('b')).toMatchObject({ taskCount: 0, taskEpoch: 6 });
  });

  test('one that is being deleted ends here, too, once its units are free', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 1);
    const deleting = journaled({ uid, lifecycle: 'deleting', ...setOf(0), taskEpoch: 1 });
    await cluster.store.restore(cluster.term, [deleting], none);
    expect(await cluster.connector('orders')).toMatchObject({ lifecycle: 'deleting' });
    expect(await cluster.unit(connector)).toMatchObject({ state: 'claimed', retired: true });
    expect(await cluster.exists(taskUnit('orders', 0))).toBe(false);
    const { fence } = await cluster.unit(connector);
    await cluster.release(member, connector, fence);
    expect((await cluster.everything()).connectors.has('orders')).toBe(false);
    // And it does not come back.
    await cluster.store.restore(cluster.term, [deleting], none);
    expect((await cluster.everything()).connectors.has('orders')).toBe(false);
    expect(await cluster.exists(connector)).toBe(false);
  });

  test('… and at once, where none of them is held', async () => {
    await using cluster = await startTestCluster(make);
    const { uid } = await cluster.define('orders');
    await cluster.store.restore(cluster.term, [journaled({ uid, lifecycle: 'deleting' })], none);
    const { connectors, units } = await cluster.everything();
    expect([...connectors.keys(), ...units.keys()]).toEqual([]);
  });

  test('… without anything of its units that have ended already', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 1);
    const { fence } = await cluster.unit(connector);
    await cluster.own(taskUnit('orders', 0), member);
    const deleting = journaled({ uid, lifecycle: 'deleting', ...setOf(0) });
    await cluster.store.restore(cluster.term, [deleting], none);
    await cluster.release(member, connector, fence);
    await cluster.store.restore(cluster.term, [deleting], none);
    expect(await cluster.exists(connector)).toBe(false);
    expect([...(await cluster.everything()).units.keys()]).toEqual([taskUnit('orders', 0)]);
  });

  test('a namesake that is another connector takes over the units that are held', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    await cluster.own(taskUnit('orders', 0), member);
    await cluster.store.restore(cluster.term, [journaled()], none);
    expect(await cluster.unit(connector)).toMatchObject({ uid: 'uid-1', epoch: 2, heldEpoch: 0 });
    expect(await cluster.unit(taskUnit('orders', 0))).toMatchObject({
      uid: 'uid-1',
      epoch: 4,
      heldEpoch: 1,
      retired: false,
    });
  });

  test('… and ends its tasks if it has none itself', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    await cluster.own(taskUnit('orders', 0), member);
    await cluster.store.restore(cluster.term, [journaled({ ...setOf(0), taskEpoch: 0 })], none);
    expect(await cluster.connector('orders')).toMatchObject({ uid: 'uid-1', taskCount: 0 });
    expect(await cluster.unit(taskUnit('orders', 0))).toMatchObject({ retired: true });
    expect(await cluster.exists(taskUnit('orders', 1))).toBe(false);
    expect(await cluster.store.taskConfigs('orders')).toEqual([]);
  });

  test('one that is being deleted gets no tasks, whatever set the journal has', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 1);
    await cluster.store.restore(cluster.term, [journaled({ uid, lifecycle: 'deleting' })], none);
    expect(await cluster.unit(connector)).toMatchObject({ retired: true });
    expect(await cluster.exists(taskUnit('orders', 1))).toBe(false);
    // The epoch of its last set is known again, so that nothing is left to be restored.
    expect(await cluster.connector('orders')).toMatchObject({ taskCount: 0, taskEpoch: 4 });
    const older = journaled({ uid, lifecycle: 'deleting', taskEpoch: 2 });
    await cluster.store.restore(cluster.term, [older], none);
    expect((await cluster.connector('orders')).taskEpoch).toBe(4);
  });

  test('topics stay with a connector that comes back, and are not those of another one of its name', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const { uid } = await cluster.connector('orders');
    const used = [{ unit, fence, topics: ['lines'] }];
    await cluster.store.noteTopics('w', member.incarnation, used);
    await cluster.store.restore(cluster.term, [journaled({ uid })], none);
    expect(await cluster.store.topics('orders')).toEqual(['lines']);
    await cluster.store.restore(cluster.term, [journaled()], none);
    expect(await cluster.store.topics('orders')).toEqual([]);
  });

  test('… nor are those of one that the journal deletes', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const { uid } = await cluster.connector('orders');
    const used = [{ unit, fence, topics: ['lines'] }];
    await cluster.store.noteTopics('w', member.incarnation, used);
    const deleting = journaled({ uid, lifecycle: 'deleting', ...setOf(0), taskEpoch: 1 });
    await cluster.store.restore(cluster.term, [deleting], none);
    await recreate(cluster);
    expect(await cluster.store.topics('orders')).toEqual([]);
  });

  test('a thousand tasks and more come back', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.store.restore(cluster.term, [journaled(setOf(1_201))], none);
    expect(await cluster.connector('orders')).toMatchObject({ taskCount: 1_201, taskEpoch: 4 });
    const { units } = await cluster.everything();
    expect(units.size).toBe(1_202);
    expect(units.get(taskUnit('orders', 1_200))).toMatchObject({ ordinal: 1_220, epoch: 4 });
    expect(await cluster.store.taskConfigs('orders')).toHaveLength(1_201);
  });
}

function journaled(changes: Partial<JournaledConnector> = {}): JournaledConnector {
  const { config, type } = connectorRecord('orders');
  return {
    name: 'orders',
    uid: 'uid-1',
    version: 3,
    config,
    type,
    targetState: 'STARTED',
    lifecycle: 'live',
    createdAtMs: 1_000,
    unit: { ordinal: 11, epoch: 2 },
    ...setOf(2),
    ...changes,
  };
}

function setOf(count: number): Pick<JournaledConnector, 'taskEpoch' | 'taskVersion' | 'tasks'> {
  const tasks = taskConfigs(count).map((config, number) => ({ ordinal: 20 + number, config }));
  return { taskEpoch: 4, taskVersion: count === 0 ? 0 : 3, tasks };
}
