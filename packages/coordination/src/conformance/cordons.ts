import { expect, test } from 'vitest';

import { connectorUnit } from '../model.ts';
import {
  type MakeStore,
  startTestCluster,
  type TestCluster,
  type TestMember,
} from './test-cluster.ts';

const connector = connectorUnit('orders');

export function testCordons(make: MakeStore): void {
  test('a cordoned worker stays as it is, and is granted nothing, until it is uncordoned', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await cluster.define('orders');
    const before = await cluster.everything();
    await change(cluster, a, 'cordon');
    const changes = await cluster.store.changes(before.revision, before.dataset);
    expect([...changes.members]).toEqual([['a', { ...before.members.get('a'), cordoned: true }]]);
    expect(await cluster.grantRefusal(connector, a)).toBe('worker-cordoned');
    await change(cluster, a, 'uncordon');
    expect((await cluster.everything()).members.get('a')).toEqual(before.members.get('a'));
    await change(cluster, b, 'cordon');
    await cluster.grant(connector, a);
  });

  test('it keeps what it was granted before: it claims, reports and releases that', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.define('orders');
    const fence = await cluster.grant(connector, member);
    await change(cluster, member, 'cordon');
    expect((await cluster.claim(member, connector, fence)).kind).toBe('claimed');
    expect(await cluster.release(member, connector, fence)).toBe(true);
    expect(await cluster.grantRefusal(connector, member)).toBe('worker-cordoned');
  });

  test('asked for twice it is the same, and of another incarnation nothing is changed', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    for (const op of ['cordon', 'cordon', 'uncordon', 'uncordon'] as const) {
      await change(cluster, member, op);
      expect(await isCordoned(cluster, 'w')).toBe(op === 'cordon');
    }
    const another = { worker: 'w', incarnation: 'another', change: 'cordon' } as const;
    expect(await cluster.apply({ worker: another })).toBe('conflict');
    expect(await isCordoned(cluster, 'w')).toBe(false);
  });

  test.each(['left', 'died', 'died and was forgotten'])(
    'who comes after one that %s under its name is cordoned, others are not',
    async (how) => {
      await using cluster = await startTestCluster(make);
      const [a, b] = [await cluster.join('a'), await cluster.join('b')];
      await cluster.define('orders');
      await change(cluster, a, 'cordon');
      for (const member of [a, b]) {
        if (how === 'left') await cluster.store.leave(member.worker, member.incarnation);
        else await cluster.kill(member);
        if (how !== 'died and was forgotten') continue;
        await cluster.store.forget(cluster.term, member.worker, member.incarnation);
      }
      const next = await cluster.join('a');
      await cluster.join('b');
      expect(await isCordoned(cluster, 'a')).toBe(true);
      expect(await isCordoned(cluster, 'b')).toBe(false);
      expect(await cluster.grantRefusal(connector, next)).toBe('worker-cordoned');
      await change(cluster, next, 'uncordon');
      await cluster.grant(connector, next);
    },
  );

  test('one that drains may be cordoned, and one that is cordoned be drained; joining again changes neither', async () => {
    await using cluster = await startTestCluster(make);
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    await change(cluster, a, 'drain');
    await change(cluster, a, 'cordon');
    await change(cluster, b, 'cordon');
    await change(cluster, b, 'drain');
    for (const { worker, incarnation } of [a, b]) {
      await cluster.join(worker, { incarnation });
      const member = (await cluster.everything()).members.get(worker);
      expect(member).toMatchObject({ state: 'draining', cordoned: true });
    }
  });
}

async function change(
  cluster: TestCluster,
  { worker, incarnation }: TestMember,
  op: 'drain' | 'cordon' | 'uncordon',
): Promise<void> {
  expect(await cluster.apply({ worker: { worker, incarnation, change: op } })).toBe('applied');
}

async function isCordoned(cluster: TestCluster, worker: string): Promise<boolean> {
  return (await cluster.everything()).members.get(worker)?.cordoned === true;
}
