import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import { type MakeStore, startTestCluster } from './test-cluster.ts';

const connector = connectorUnit('orders');
const task = taskUnit('orders', 0);

export function testClaiming(make: MakeStore): void {
  test('a claimed connector comes with its definition', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const config = { name: 'orders', 'connector.class': 'Clock', password: 'seçret "1"' };
    const { uid } = await cluster.define('orders', { config, type: 'sink', targetState: 'PAUSED' });
    const fence = await cluster.grant(connector, member);
    expect(await cluster.claim(member, connector, fence)).toEqual({
      kind: 'claimed',
      uid,
      epoch: 0,
      restarts: 0,
      targetState: 'PAUSED',
      definitionVersion: 1,
      config,
      connectorType: 'sink',
      taskCount: 0,
    });
    expect((await cluster.unit(connector)).state).toBe('claimed');
  });

  test('a claimed task comes with its own configuration', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.run('orders', member, 12);
    const unit = taskUnit('orders', 11);
    const fence = await cluster.grant(unit, member);
    expect(await cluster.claim(member, unit, fence)).toMatchObject({
      kind: 'claimed',
      uid,
      epoch: 1,
      config: { 'task.id': '11', of: '12' },
      connectorType: 'source',
      taskCount: 12,
    });
  });

  test('a claim may be repeated: the answer may have been lost', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    const fence = await cluster.grant(task, member);
    const first = await cluster.claim(member, task, fence);
    const { revision } = await cluster.everything();
    expect(await cluster.claim(member, task, fence)).toEqual(first);
    expect((await cluster.everything()).revision).toBe(revision);
  });

  test('answers come in the order of the claims', async () => {
    await using cluster = await startTestCluster(make);
    const { worker, incarnation, ...rest } = await cluster.join('w');
    const member = { worker, incarnation, ...rest };
    await cluster.run('orders', member, 2);
    const unit = taskUnit('orders', 1);
    const fence = await cluster.grant(unit, member);
    const claims = [
      { unit: task, fence: 1 },
      { unit, fence },
      { unit: taskUnit('orders', 9), fence: 1 },
    ];
    const results = await cluster.store.claim(worker, incarnation, claims);
    expect(results.map(({ kind }) => kind)).toEqual(['stale', 'claimed', 'stale']);
  });

  test('a claim by another incarnation, or under another fence, is stale', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.define('orders');
    const fence = await cluster.grant(connector, a);
    const stale = { kind: 'stale' };
    expect(await cluster.claim(b, connector, fence)).toEqual(stale);
    expect(await cluster.claim(a, connector, fence - 1)).toEqual(stale);
    expect(await cluster.claim(a, connector, fence + 1)).toEqual(stale);
    expect((await cluster.unit(connector)).state).toBe('granted');
  });

  test('the dead claim nothing', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.grant(connector, member);
    await cluster.kill(member);
    expect(await cluster.claim(member, connector, fence)).toEqual({ kind: 'stale' });
    expect((await cluster.unit(connector)).state).toBe('granted');
  });

  test('what is being revoked is not claimed again', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.own(connector, member);
    await cluster.revoke({ unit: connector, fence });
    expect(await cluster.claim(member, connector, fence)).toEqual({ kind: 'stale' });
    expect((await cluster.unit(connector)).state).toBe('revoking');
  });

  test('a task that was granted from an older set is stale: its configuration is gone', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    const fence = await cluster.grant(task, member);
    await cluster.alter('orders', { version: 2 });
    await cluster.publish('orders', member, 1);
    expect(await cluster.claim(member, task, fence)).toEqual({ kind: 'stale' });
  });

  test('a task that is not wanted any more is stale', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.grant(connector, member);
    await cluster.delete('orders');
    expect(await cluster.claim(member, connector, fence)).toEqual({ kind: 'stale' });
    expect((await cluster.unit(connector)).state).toBe('granted');
  });
}

export function testAssignments(make: MakeStore): void {
  test('an owner reads all that it owns, as it should run it', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const { uid } = await cluster.run('orders', a, 3);
    const granted = await cluster.grant(taskUnit('orders', 0), a);
    const revoked = await cluster.own(taskUnit('orders', 1), a);
    await cluster.own(taskUnit('orders', 2), b);
    await cluster.revoke({ unit: taskUnit('orders', 1), fence: revoked });
    const common = { uid, restarts: 0, targetState: 'STARTED', definitionVersion: 1 };
    const { fence } = await cluster.unit(connector);
    expect(await cluster.assigned(a)).toEqual([
      { ...common, unit: connector, epoch: 0, fence, order: 'run', claimed: true },
      { ...common, unit: task, epoch: 1, fence: granted, order: 'run', claimed: false },
      {
        ...common,
        unit: taskUnit('orders', 1),
        epoch: 1,
        fence: revoked,
        order: 'stop',
        claimed: true,
      },
    ]);
  });

  test('it reads the epoch that it holds, and what its connector wants now', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit } = await cluster.runTask('orders', member);
    await cluster.alter('orders', { version: 2, targetState: 'PAUSED' });
    await cluster.publish('orders', member, 1);
    await cluster.apply({ restart: [unit] });
    expect((await cluster.assigned(member)).find((each) => each.unit === unit)).toMatchObject({
      epoch: 1,
      restarts: 1,
      targetState: 'PAUSED',
      definitionVersion: 2,
    });
  });

  test('nothing is assigned to the dead, or to another incarnation of the name', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.runTask('orders', member);
    expect(await cluster.assigned({ ...member, incarnation: 'another' })).toEqual([]);
    await cluster.kill(member);
    expect(await cluster.assigned(member)).toEqual([]);
  });

  test('the revision of the assignments is the one that the next beat tells', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.runTask('orders', member);
    const { revision } = await cluster.store.assignments(member.worker, member.incarnation);
    expect(await cluster.assignmentRevision(member)).toBe(revision);
  });

  test('the revision grows with all that the assignments depend on', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    await cluster.define('logs');
    const logs = connectorUnit('logs');
    let unclaimed = 0;
    const steps: Record<string, () => Promise<unknown>> = {
      'a grant': async () => (unclaimed = await cluster.grant(logs, member)),
      'a revocation before the claim': () => cluster.revoke({ unit: logs, fence: unclaimed }),
      'a restart': () => cluster.apply({ restart: [unit] }),
      'another target state': () => cluster.alter('orders', { targetState: 'PAUSED' }),
      'another definition': () => cluster.alter('orders', { version: 2 }),
      'a revocation': () => cluster.revoke({ unit, fence }),
    };
    const grown: string[] = [];
    for (const [name, step] of Object.entries(steps)) {
      const before = await cluster.assignmentRevision(member);
      await step();
      if ((await cluster.assignmentRevision(member)) > before) grown.push(name);
    }
    expect(grown).toEqual(Object.keys(steps));
  });

  test('the revision stays as it is for whoever owns nothing of a connector that changes', async () => {
    await using cluster = await startTestCluster(make);
    const [owner, other] = [await cluster.join('owner'), await cluster.join('other')];
    await cluster.runTask('orders', owner);
    await cluster.runTask('logs', other);
    const before = await cluster.assignmentRevision(other);
    await cluster.alter('orders', { targetState: 'PAUSED' });
    await cluster.define('new');
    await cluster.delete('orders');
    expect(await cluster.assignmentRevision(other)).toBe(before);
  });
}
