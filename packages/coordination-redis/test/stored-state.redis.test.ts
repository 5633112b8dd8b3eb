/** States that only time, volume or a hand in Redis brings about. */

import { connectorUnit, type NewEvent } from '@sluice/coordination';
import { joinRequest, startTestCluster, type TestCluster } from '@sluice/coordination/conformance';
import { newShortId } from '@sluice/kernel';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { Keys } from '../src/keys.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;
let cluster: TestCluster;
let keys: Keys;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

beforeEach(async () => {
  const name = newShortId();
  keys = new Keys(name);
  cluster = await startTestCluster(async () => under.makeStore(name));
});

const weekMs = 7 * 24 * 3_600_000;

test('a dead member is fenced even if its burial is forgotten', async () => {
  const member = await cluster.join('w');
  await cluster.kill(member);
  await under.redis.del(keys.of('dead'));
  expect(await cluster.beat(member)).toEqual({ kind: 'fenced' });
  expect(await cluster.store.join(joinRequest('w', member.incarnation))).toEqual({
    kind: 'fenced',
  });
});

test('who was buried long ago is forgotten, unless it still owns units', async () => {
  const dead = keys.of('dead');
  await under.redis.zadd(dead, 1, 'old', 1, 'owner', Date.now() - weekMs + 60_000, 'recent');
  await under.redis.sadd(keys.record('a', 'owner'), 'task/orders/0');
  const member = await cluster.join('w');
  await cluster.kill(member);
  expect((await under.redis.zrange(dead, '0', '-1')).toSorted()).toEqual(
    ['owner', 'recent', member.incarnation].toSorted(),
  );
});

test('slots of those who left are remembered up to a bound', async () => {
  const past = keys.of('past-slots');
  const names = Array.from({ length: 1_000 }, (_, number) => [`gone-${number}`, number]);
  await under.redis.hset(past, ...names.flat());
  const member = await cluster.join('w');
  await cluster.store.leave('w', member.incarnation);
  expect(await under.redis.hlen(past)).toBe(1_000);
  expect(await under.redis.hget(past, 'w')).toBe('0');
});

test('results are kept for a week', async () => {
  await cluster.apply({}, cluster.request('a'));
  const ttlMs = await under.redis.pttl(keys.record('result', 'a'));
  expect(ttlMs).toBeGreaterThan(weekMs - 60_000);
  expect(ttlMs).toBeLessThanOrEqual(weekMs);
});

test('the last ten thousand events are kept', async () => {
  const events = Array.from({ length: 3_000 }, (_, number): NewEvent => {
    return { type: 'test', message: `event ${number}`, facts: {} };
  });
  for (let round = 0; round < 4; round++) await cluster.store.appendEvents(cluster.term, events);
  const kept = await under.redis.xlen(keys.of('events'));
  expect(kept).toBeGreaterThanOrEqual(10_000);
  expect(kept).toBeLessThan(10_500);
  expect((await cluster.store.events(1))[0]?.message).toBe('event 2999');
});

test('when too many requests wait, another one is refused with the remedy', async () => {
  const fill = "for i = 1, 10000 do redis.call('XADD', KEYS[1], '*', 'id', i, 'body', '{}') end";
  await under.redis.eval(fill, 1, keys.of('requests'));
  const submitted = cluster.store.submit('one-more', { op: 'drain', worker: 'w' });
  await expect(submitted).rejects.toMatchObject({ code: 'requests.full', retriable: true });
  expect(await under.redis.xlen(keys.of('requests'))).toBe(10_000);
});

test('deleted records are remembered up to a bound; a reader behind it reads everything', async () => {
  const member = await cluster.join('w');
  const first = await cluster.run('orders', member, 6_000).then(() => cluster.everything());
  await cluster.publish('orders', member, 0);
  const delta = await cluster.store.changes(first.revision, first.dataset);
  expect([delta.kind, delta.units.size]).toEqual(['delta', 6_000]);

  const second = await cluster.run('logs', member, 6_000).then(() => cluster.everything());
  await cluster.publish('logs', member, 0);
  expect(await under.redis.zcard(keys.of('gone'))).toBe(10_000);
  // And what lives: a member, two connectors and their units.
  expect(await under.redis.zcard(keys.of('changes'))).toBe(10_000 + 5);
  expect((await cluster.store.changes(first.revision, first.dataset)).kind).toBe('full');
  const last = await cluster.store.changes(second.revision, second.dataset);
  expect([last.kind, last.units.size]).toEqual(['delta', 6_000]);
});

test('what was created anew is not forgotten with the tombstones', async () => {
  const first = await cluster.join('w');
  await cluster.define('orders');
  await cluster.delete('orders');
  await cluster.store.leave('w', first.incarnation);
  await cluster.join('w');
  await cluster.define('orders');
  const fill = "for i = 1, 10000 do redis.call('ZADD', KEYS[1], 1000, 'u:task/gone/' .. i) end";
  await under.redis.eval(fill, 1, keys.of('gone'));
  await cluster.define('logs');
  await cluster.delete('logs');
  const { connectors, units, members } = await cluster.everything();
  expect([...connectors.keys()]).toEqual(['orders']);
  expect([...units.keys()]).toEqual(['connector/orders']);
  expect([...members.keys()]).toEqual(['w']);
});

test('the id of a request is forgotten with its result', async () => {
  await cluster.store.submit('a', { op: 'drain', worker: 'w' });
  for (const request of await cluster.store.pendingRequests(1)) await cluster.apply({}, request);
  expect(await under.redis.exists(keys.of('request-ids'), keys.of('requests'))).toBe(1);
  await under.redis.del(keys.record('result', 'a'));
  await cluster.store.submit('a', { op: 'drain', worker: 'w' });
  expect(await cluster.store.pendingRequests(10)).toHaveLength(1);
});

test('sweeping deletes what was left over', async () => {
  const member = await cluster.join('w');
  await cluster.run('orders', member, 2);
  const { fence } = await cluster.unit(connectorUnit('orders'));
  await cluster.release(member, connectorUnit('orders'), fence);
  const units = [...(await cluster.everything()).units.keys()];
  for (const unit of units) await under.redis.hset(keys.record('u', unit), 'retired', '1');
  await under.redis.hset(keys.record('c', 'orders'), 'lifecycle', 'deleting');
  await cluster.define('empty');
  await under.redis.hset(keys.record('c', 'empty'), 'lifecycle', 'deleting');
  await under.redis.del(keys.record('u', connectorUnit('empty')), keys.record('units-of', 'empty'));
  const { revision, dataset } = await cluster.everything();
  await cluster.store.sweep(cluster.term, units, ['empty']);
  expect((await cluster.everything()).connectors.size).toBe(0);
  const delta = await cluster.store.changes(revision, dataset);
  expect([...delta.connectors.keys()].toSorted()).toEqual(['empty', 'orders']);
  expect([...delta.units.keys()].toSorted()).toEqual(units.toSorted());
  expect(await under.redis.exists(keys.record('tc', 'orders'))).toBe(0);
});

test('sweeping keeps a live connector, whatever became of its units', async () => {
  await cluster.define('orders');
  await under.redis.del(
    keys.record('u', connectorUnit('orders')),
    keys.record('units-of', 'orders'),
  );
  await cluster.store.sweep(cluster.term, [], ['orders']);
  expect((await cluster.connector('orders')).lifecycle).toBe('live');
});

test('deleting a connector whose unit is missing leaves no ghost of the unit', async () => {
  await cluster.define('orders');
  await under.redis.del(
    keys.record('u', connectorUnit('orders')),
    keys.record('units-of', 'orders'),
  );
  await cluster.delete('orders');
  expect((await cluster.everything()).units.size).toBe(0);
  await cluster.store.sweep(cluster.term, [], ['orders']);
  expect((await cluster.everything()).connectors.size).toBe(0);
});

test('a member whose slot was lost can leave', async () => {
  const member = await cluster.join('w');
  await under.redis.del(keys.of('slots'));
  expect(await cluster.store.leave('w', member.incarnation)).toBe(true);
});

test('a connector’s unit that is missing is created, and readers learn of it', async () => {
  const { uid } = await cluster.define('orders');
  const unit = connectorUnit('orders');
  await under.redis.del(keys.record('u', unit));
  await cluster.store.createConnectorUnit(cluster.term, 'orders', 'another');
  const { units, revision, dataset } = await cluster.everything();
  expect(units.has(unit)).toBe(false);
  await cluster.store.createConnectorUnit(cluster.term, 'orders', uid);
  const delta = await cluster.store.changes(revision, dataset);
  expect(delta.units.get(unit)).toMatchObject({ uid, state: 'free' });
});

test('a retired unit that was left over is not granted', async () => {
  const member = await cluster.join('w');
  await cluster.define('orders');
  const unit = connectorUnit('orders');
  await under.redis.hset(keys.record('u', unit), 'retired', '1');
  expect(await cluster.grantRefusal(unit, member)).toBe('retired');
});

test('a task whose configuration is missing is not claimed', async () => {
  const member = await cluster.join('w');
  await cluster.run('orders', member, 1);
  const fence = await cluster.grant('task/orders/0', member);
  await under.redis.del(keys.record('tc', 'orders'));
  expect(await cluster.claim(member, 'task/orders/0', fence)).toEqual({ kind: 'stale' });
});

test('a record that was spoilt by hand is named', async () => {
  await cluster.define('orders');
  await under.redis.hset(keys.record('c', 'orders'), 'version', 'many');
  await expect(cluster.everything()).rejects.toMatchObject({
    code: 'store.malformed_record',
    message: expect.stringContaining('c:orders') as string,
  });
});

test('a key of another type is an error that names the script', async () => {
  const member = await cluster.join('w');
  await under.redis.del(keys.of('beats'));
  await under.redis.set(keys.of('beats'), 'text');
  await expect(cluster.beat(member)).rejects.toMatchObject({
    code: 'store.failed',
    message: expect.stringContaining('failed in beat') as string,
  });
});

test('no trace of members and connectors is left when they are gone', async () => {
  const empty = new Set(await under.redis.keys(`${keys.tag}:*`));
  const members = [await cluster.join('a'), await cluster.join('b')];
  const [a, b] = members;
  if (!a || !b) throw new Error('two joined');
  const { unit, fence } = await cluster.runTask('orders', a);
  await cluster.release(a, unit, fence);
  await cluster.own(unit, b);
  await cluster.delete('orders');
  const own = await cluster.unit(connectorUnit('orders'));
  await cluster.release(a, own.unit, own.fence);
  await cluster.store.leave('a', a.incarnation);
  await cluster.kill(b);
  await cluster.store.orphan(cluster.term, 'b', b.incarnation, 10);
  await cluster.store.forget(cluster.term, 'b', b.incarnation);

  const counters = [
    'beat',
    'revision',
    'changes',
    'gone',
    'dead',
    'past-slots',
    'ordinal',
  ] as const;
  const allowed = new Set([...empty, ...counters.map((name) => keys.of(name))]);
  allowed.add(keys.of('fence-floor'));
  const left = (await under.redis.keys(`${keys.tag}:*`)).filter((key) => !allowed.has(key));
  expect(left.filter((key) => !key.includes(':result:'))).toEqual([]);
  expect(Object.keys(await under.redis.hgetall(keys.of('assigned')))).toEqual(['*']);
});
