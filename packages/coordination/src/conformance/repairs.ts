import { expect, test } from 'vitest';

import { connectorUnit, taskUnit } from '../model.ts';
import { type MakeStore, startTestCluster } from './test-cluster.ts';

export function testRepairs(make: MakeStore): void {
  test('a connector’s unit that exists is not created again', async () => {
    await using cluster = await startTestCluster(make);
    const { uid } = await cluster.define('orders');
    const before = await cluster.everything();
    await cluster.store.createConnectorUnit(cluster.term, 'orders', uid);
    expect(await cluster.everything()).toEqual(before);
  });

  test('no unit is created for a connector that is gone, another, or being deleted', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    const { uid } = await cluster.define('orders');
    await cluster.own(connectorUnit('orders'), member);
    const before = await cluster.everything();
    await cluster.store.createConnectorUnit(cluster.term, 'other', 'uid');
    await cluster.store.createConnectorUnit(cluster.term, 'orders', 'another');
    expect(await cluster.everything()).toEqual(before);
    await cluster.runTask('logs', member);
    const { fence } = await cluster.unit(connectorUnit('logs'));
    const logs = await cluster.connector('logs');
    await cluster.delete('logs');
    await cluster.release(member, connectorUnit('logs'), fence);
    await cluster.store.createConnectorUnit(cluster.term, 'logs', logs.uid);
    expect(await cluster.exists(connectorUnit('logs'))).toBe(false);
    expect((await cluster.connector('orders')).uid).toBe(uid);
  });

  test('sweeping keeps what is owned or wanted', async () => {
    await using cluster = await startTestCluster(make);
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    await cluster.own(taskUnit('orders', 0), member);
    await cluster.run('logs', member, 1);
    await cluster.own(taskUnit('logs', 0), member);
    await cluster.stop('logs');
    await cluster.delete('orders');
    const before = await cluster.everything();
    await cluster.define('wanted');
    const all = await cluster.everything();
    await cluster.store.sweep(cluster.term, [...all.units.keys()], [...all.connectors.keys()]);
    expect(await cluster.everything()).toEqual(all);
    expect(before.units.size).toBeLessThan(all.units.size);
  });
}
