import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import {
  type MakeStore,
  startTestCluster,
  type TestCluster,
  type TestMember,
} from './test-cluster.ts';

const task = taskUnit('orders', 0);

export function testTopics(make: MakeStore): void {
  test('topics that tasks use are noted once, in order, for their connector', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const fences = [
      await cluster.own(task, member),
      await cluster.own(taskUnit('orders', 1), member),
    ];
    const used = [
      { unit: task, fence: fences[0] ?? 0, topics: ['lines', 'a'] },
      { unit: taskUnit('orders', 1), fence: fences[1] ?? 0, topics: ['a'] },
    ];
    expect(await cluster.store.topics('orders')).toEqual([]);
    const noted = await cluster.store.noteTopics('w', member.incarnation, used);
    expect(noted).toEqual([true, true]);
    await cluster.store.noteTopics('w', member.incarnation, used);
    expect(await cluster.store.topics('orders')).toEqual(['a', 'lines']);
    expect(await cluster.store.topics('none')).toEqual([]);
  });

  test('topics are no change that readers of the cluster would read', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    const { revision } = await cluster.everything();
    await note(cluster, member, fence);
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('only the owner notes topics, only under its fence, and only of what it claimed', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.run('orders', a, 1);
    const fence = await cluster.grant(task, a);
    expect(await note(cluster, a, fence)).toBe(false);
    await cluster.claim(a, task, fence);
    expect(await note(cluster, b, fence)).toBe(false);
    expect(await note(cluster, a, fence - 1)).toBe(false);
    expect(await cluster.store.topics('orders')).toEqual([]);
    await cluster.revoke({ unit: task, fence });
    expect(await note(cluster, a, fence)).toBe(true);
  });

  test('forgotten topics are noted again when they are used', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    await note(cluster, member, fence);
    await cluster.store.forgetTopics('orders');
    await cluster.store.forgetTopics('orders');
    expect(await cluster.store.topics('orders')).toEqual([]);
    await note(cluster, member, fence);
    expect(await cluster.store.topics('orders')).toEqual(['lines']);
  });

  test('a change of a connector keeps its topics', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    await note(cluster, member, fence);
    await cluster.alter('orders', { version: 2, targetState: 'PAUSED' });
    expect(await cluster.store.topics('orders')).toEqual(['lines']);
  });

  test('a deleted connector has no topics, and its namesake none of its', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    await note(cluster, member, fence);
    await cluster.delete('orders');
    expect(await cluster.store.topics('orders')).toEqual([]);
    expect(await note(cluster, member, fence)).toBe(false);

    const deleting = await cluster.connector('orders');
    await cluster.alter('orders', { lifecycle: 'live', uid: 'uid of another' });
    expect((await cluster.connector('orders')).uid).not.toBe(deleting.uid);
    // The old task still runs, for the old connector.
    expect(await note(cluster, member, fence)).toBe(false);
    expect(await cluster.store.topics('orders')).toEqual([]);
  });
}

export function testOffsetsFences(make: MakeStore): void {
  test('a stopped connector gets a fence between its former and its later owners', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 5);
    const before = await cluster.own(task, member);
    await cluster.stop('orders');
    await cluster.release(member, task, before);
    const { uid, taskEpoch } = await cluster.connector('orders');

    const first = await cluster.store.fenceOffsets('orders');
    expect(first).toEqual({
      kind: 'fenced',
      uid,
      taskEpoch,
      fence: expect.any(Number) as number,
      tasksMax: 5,
    });
    const second = await cluster.store.fenceOffsets('orders');
    const [low = 0, high = 0] = [first, second].map((each) =>
      each.kind === 'fenced' ? each.fence : 0,
    );
    expect(low).toBeGreaterThan(before);
    expect(high).toBeGreaterThan(low);

    await cluster.alter('orders', { targetState: 'STARTED' });
    await cluster.publish('orders', member, 1);
    expect(await cluster.own(task, member)).toBeGreaterThan(high);
    expect((await cluster.connector('orders')).taskEpoch).toBeGreaterThan(taskEpoch);
  });

  test('the most tasks that a connector ever had are known', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 5);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', member, 2);
    await cluster.stop('orders');
    expect(await cluster.store.fenceOffsets('orders')).toMatchObject({ tasksMax: 5 });

    await cluster.define('fresh', { targetState: 'STOPPED' });
    expect(await cluster.store.fenceOffsets('fresh')).toMatchObject({
      kind: 'fenced',
      tasksMax: 0,
    });
  });

  test('there is none for what is not stopped, has not stopped yet, or does not exist', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { fence } = await cluster.runTask('orders', member);
    expect(await cluster.store.fenceOffsets('orders')).toEqual({ kind: 'not-stopped' });
    await cluster.alter('orders', { targetState: 'PAUSED' });
    expect(await cluster.store.fenceOffsets('orders')).toEqual({ kind: 'not-stopped' });
    await cluster.stop('orders');
    expect(await cluster.store.fenceOffsets('orders')).toEqual({ kind: 'held', tasks: 1 });
    await cluster.release(member, task, fence);
    expect(await cluster.store.fenceOffsets('orders')).toMatchObject({ kind: 'fenced' });
    await cluster.delete('orders');
    expect(await cluster.store.fenceOffsets('orders')).toEqual({ kind: 'unknown' });
    expect(await cluster.store.fenceOffsets('none')).toEqual({ kind: 'unknown' });
  });

  test('a task that was granted and not claimed yet counts as one that runs', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    await cluster.grant(task, member);
    await cluster.stop('orders');
    expect(await cluster.store.fenceOffsets('orders')).toEqual({ kind: 'held', tasks: 1 });
  });

  test('there is none while it is not known who runs what', async () => {
    await using cluster = await startTestCluster(make);
    await cluster.define('orders', { targetState: 'STOPPED' });
    await cluster.store.startQuarantine(cluster.term);
    expect(await cluster.store.fenceOffsets('orders')).toEqual({ kind: 'quarantined' });
  });

  test("a connector's own unit does not count", async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders', { targetState: 'STOPPED' });
    await cluster.own(connectorUnit('orders'), member);
    expect(await cluster.store.fenceOffsets('orders')).toMatchObject({ kind: 'fenced' });
  });
}

export function testLoggerLevels(make: MakeStore): void {
  test('levels of loggers are kept with their times, and those below are forgotten', async () => {
    await using cluster = await startTestCluster(make);
    const { store } = cluster;
    expect(await store.loggerLevels()).toEqual(new Map());
    await store.setLoggerLevel('sluice.worker', 'DEBUG');
    await store.setLoggerLevel('sluices', 'WARN');
    const first = (await store.loggerLevels()).get('sluice.worker');
    expect(first).toEqual({ level: 'DEBUG', atMs: expect.any(Number) as number });
    await cluster.under.elapse(20);
    await store.setLoggerLevel('sluice', 'ERROR');
    const levels = await store.loggerLevels();
    expect([...levels.keys()].toSorted()).toEqual(['sluice', 'sluices']);
    expect(levels.get('sluice')?.atMs).toBeGreaterThan(first?.atMs ?? 0);
    await store.setLoggerLevel('root', 'INFO');
    expect([...(await store.loggerLevels()).keys()]).toEqual(['root']);
  });
}

async function note(cluster: TestCluster, member: TestMember, fence: number): Promise<boolean> {
  const used = [{ unit: task, fence, topics: ['lines'] }];
  const [noted] = await cluster.store.noteTopics(member.worker, member.incarnation, used);
  return noted === true;
}
