import { connectorUnit } from '@sluice/coordination';
import { joinRequest } from '@sluice/coordination/conformance';
import { expect, test } from 'vitest';

import { type MakeStoredRedis, type StoredCluster, startStoredCluster } from './stored-redis.ts';

/** What another version, a crash of Redis or a hand in it may have left behind. */
export function testLeftovers(make: MakeStoredRedis): void {
  test('a dead member is fenced even if its burial is forgotten', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    await cluster.kill(member);
    await stored.command('DEL', keys.of('dead'));
    expect(await cluster.beat(member)).toEqual({ kind: 'fenced' });
    expect(await cluster.store.join(joinRequest('w', member.incarnation))).toEqual({
      kind: 'fenced',
    });
  });

  test('sweeping deletes what was left over', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    await cluster.run('orders', member, 2);
    const { fence } = await cluster.unit(connectorUnit('orders'));
    await cluster.release(member, connectorUnit('orders'), fence);
    const units = [...(await cluster.everything()).units.keys()];
    for (const unit of units) await stored.command('HSET', keys.record('u', unit), 'retired', '1');
    await stored.command('HSET', keys.record('c', 'orders'), 'lifecycle', 'deleting');
    await cluster.define('empty');
    await stored.command('HSET', keys.record('c', 'empty'), 'lifecycle', 'deleting');
    await forgetUnits(stored, 'empty');
    const { revision, dataset } = await cluster.everything();
    await cluster.store.sweep(cluster.term, units, ['empty']);
    expect((await cluster.everything()).connectors.size).toBe(0);
    const delta = await cluster.store.changes(revision, dataset);
    expect([...delta.connectors.keys()].toSorted()).toEqual(['empty', 'orders']);
    expect([...delta.units.keys()].toSorted()).toEqual(units.toSorted());
    expect(await stored.command('EXISTS', keys.record('tc', 'orders'))).toBe(0);
  });

  test('sweeping keeps a live connector, whatever became of its units', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster } = stored;
    await cluster.define('orders');
    await forgetUnits(stored, 'orders');
    await cluster.store.sweep(cluster.term, [], ['orders']);
    expect((await cluster.connector('orders')).lifecycle).toBe('live');
  });

  test('deleting a connector whose unit is missing leaves no ghost of the unit', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster } = stored;
    await cluster.define('orders');
    await forgetUnits(stored, 'orders');
    await cluster.delete('orders');
    expect((await cluster.everything()).units.size).toBe(0);
    await cluster.store.sweep(cluster.term, [], ['orders']);
    expect((await cluster.everything()).connectors.size).toBe(0);
  });

  test('a member whose slot was lost can leave', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    await stored.command('DEL', keys.of('slots'));
    expect(await cluster.store.leave('w', member.incarnation)).toBe(true);
  });

  test('a connector’s unit that is missing is created, and readers learn of it', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const { uid } = await cluster.define('orders');
    const unit = connectorUnit('orders');
    await stored.command('DEL', keys.record('u', unit));
    await cluster.store.createConnectorUnit(cluster.term, 'orders', 'another');
    const { units, revision, dataset } = await cluster.everything();
    expect(units.has(unit)).toBe(false);
    await cluster.store.createConnectorUnit(cluster.term, 'orders', uid);
    const delta = await cluster.store.changes(revision, dataset);
    expect(delta.units.get(unit)).toMatchObject({ uid, state: 'free' });
  });

  test('a retired unit that was left over is not granted', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    await cluster.define('orders');
    const unit = connectorUnit('orders');
    await stored.command('HSET', keys.record('u', unit), 'retired', '1');
    expect(await cluster.grantRefusal(unit, member)).toBe('retired');
  });

  test('a task whose configuration is missing is not claimed', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    await cluster.run('orders', member, 1);
    const fence = await cluster.grant('task/orders/0', member);
    await stored.command('DEL', keys.record('tc', 'orders'));
    expect(await cluster.claim(member, 'task/orders/0', fence)).toEqual({ kind: 'stale' });
    expect((await cluster.unit('task/orders/0')).state).toBe('granted');
  });

  test('a cluster from before versions of the protocol were kept uses the first', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    await stored.command('DEL', keys.of('protocol'));
    const second = joinRequest('w', 'w-1', { protocol: { min: 2, max: 3 } });
    expect(await cluster.store.join(second)).toEqual({
      kind: 'refused',
      disagreement: { about: 'protocol', inUse: 1 },
    });
  });

  test('a cluster from before its log was kept has the log of whoever comes next', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    await cluster.join('a');
    await stored.command('DEL', keys.of('log'));
    await cluster.join('b', { log: 'kafka' });
    const other = await cluster.store.join(joinRequest('c', 'c-1', { log: 'redis' }));
    expect(other).toMatchObject({
      kind: 'refused',
      disagreement: { about: 'log', inUse: 'kafka' },
    });
  });

  test('a slot without a member does not keep the version of the protocol from being raised', async () => {
    await using stored = await startStoredCluster(make, { protocol: { min: 1, max: 2 } });
    const { cluster, keys } = stored;
    await stored.command('ZADD', keys.of('slots'), 0, 'nobody');
    expect(await cluster.store.raiseProtocol(cluster.term, 2)).toEqual({ kind: 'raised' });
  });

  test('a record that was spoilt by hand is named', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    await cluster.define('orders');
    await stored.command('HSET', keys.record('c', 'orders'), 'version', 'many');
    await expect(cluster.everything()).rejects.toMatchObject({
      code: 'store.malformed_record',
      message: expect.stringContaining('c:orders') as string,
    });
  });

  test('a key of another type is an error that names the script', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    await stored.command('DEL', keys.of('beats'));
    await stored.command('SET', keys.of('beats'), 'text');
    await expect(cluster.beat(member)).rejects.toMatchObject({
      code: 'store.failed',
      message: expect.stringContaining('failed in beat') as string,
    });
  });
}

async function forgetUnits({ command, keys }: StoredCluster, connector: string): Promise<void> {
  const own = keys.record('u', connectorUnit(connector));
  await command('DEL', own, keys.record('units-of', connector));
}
