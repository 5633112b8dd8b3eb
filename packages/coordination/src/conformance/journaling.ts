import { expect, test } from 'vitest';

import type { JournaledConnector } from '../journal/definition-journal.ts';
import { connectorUnit, taskUnit } from '../model.ts';
import type { RequestResult } from '../requests.ts';
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
const done: RequestResult = { kind: 'done', connectors: [] };
const connector = connectorUnit('orders');

export function testJournalMarks(make: MakeStore): void {
  test('there is no mark before the first, and none after a loss', async () => {
    await using cluster = await startTestCluster(make);
    expect(await cluster.store.journalMark()).toBeUndefined();
    const mark = { journal: 'a|b', position: 7 };
    await cluster.store.markJournaled(cluster.term, [], mark);
    expect(await cluster.store.journalMark()).toEqual(mark);
    await cluster.under.loseData();
    expect(await cluster.store.journalMark()).toBeUndefined();
  });

  test('a mark goes forward only, unless it is of another journal', async () => {
    await using cluster = await startTestCluster(make);
    const mark = async (journal: string, position: number): Promise<unknown> => {
      await cluster.store.markJournaled(cluster.term, [], { journal, position });
      return cluster.store.journalMark();
    };
    await mark('a', 7);
    expect(await mark('a', 6)).toEqual({ journal: 'a', position: 7 });
    expect(await mark('a', 10)).toEqual({ journal: 'a', position: 10 });
    expect(await mark('b', 2)).toEqual({ journal: 'b', position: 2 });
  });

  test('a request advances it in the same step', async () => {
    await using cluster = await startTestCluster(make);
    const record = connectorRecord('orders');
    const mutation = { connectors: [{ record }], restart: [] };
    const apply = async (position: number): Promise<string> =>
      cluster.store.applyRequest(cluster.term, cluster.request(), mutation, done, [], {
        journal: 'a',
        position,
      });
    expect(await apply(3)).toBe('applied');
    expect(await apply(4)).toBe('conflict');
    expect(await cluster.store.journalMark()).toEqual({ journal: 'a', position: 3 });
  });

  test('a task set is marked for its connector and epoch, which readers see', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 2);
    expect((await cluster.connector('orders')).journaledEpoch).toBeUndefined();
    const { revision, dataset } = await cluster.everything();
    const mark = { journal: 'a', position: 1 };
    const sets = [
      { connector: 'orders', uid, epoch: 1 },
      { connector: 'gone', uid, epoch: 1 },
    ];
    await cluster.store.markJournaled(cluster.term, sets, mark);
    const { connectors } = await cluster.store.changes(revision, dataset);
    expect(connectors.get('orders')?.journaledEpoch).toBe(1);
    expect([...connectors.keys()]).toEqual(['orders']);
    const others = [
      { connector: 'orders', uid: 'another', epoch: 5 },
      { connector: 'orders', uid, epoch: 0 },
    ];
    await cluster.store.markJournaled(cluster.term, others, mark);
    expect((await cluster.connector('orders')).journaledEpoch).toBe(1);
  });

  test('an epoch that is raised ends the term, and the next one is above it', async () => {
    await using cluster = await startTestCluster(make);
    const epoch = cluster.term.epoch + 1_000_000_000_000;
    await cluster.store.raiseEpoch(cluster.term, epoch);
    await expect(cluster.store.appendEvents(cluster.term, [])).rejects.toMatchObject({
      code: 'coordination.not_leader',
    });
    const reply = await cluster.store.lead(leadRequest('another', 1_000));
    expect(reply.kind === 'leading' && reply.term.epoch).toBeGreaterThan(epoch);
  });
}

export function testTaskSetReading(make: MakeStore): void {
  test('sets are read as they were published, in the order asked for', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 12);
    await cluster.define('empty', { uid: 'uid-empty' });
    expect(await cluster.store.taskSets(['empty', 'gone', 'orders'])).toEqual([
      { uid: 'uid-empty', epoch: 0, version: 0, configs: [] },
      undefined,
      { uid, epoch: 1, version: 1, configs: taskConfigs(12) },
    ]);
    expect(await cluster.store.taskSets([])).toEqual([]);
  });
}

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
