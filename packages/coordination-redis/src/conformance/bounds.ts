import { connectorUnit, type NewEvent } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { type MakeStoredRedis, startStoredCluster } from './stored-redis.ts';

const weekMs = 7 * 24 * 3_600_000;

/** What is kept for how long, and how much of it. */
export function testBounds(make: MakeStoredRedis): void {
  test('who was buried long ago is forgotten, unless it still owns units', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const dead = keys.of('dead');
    const recentMs = (await stored.nowMs()) - weekMs + 60_000;
    await stored.command('ZADD', dead, 1, 'old', 1, 'owner', recentMs, 'recent');
    await stored.command('SADD', keys.record('a', 'owner'), 'task/orders/0');
    const member = await cluster.join('w');
    await cluster.kill(member);
    expect((await stored.list('ZRANGE', dead, 0, -1)).toSorted()).toEqual(
      ['owner', 'recent', member.incarnation].toSorted(),
    );
  });

  test('slots of those who left are remembered up to a bound', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const past = keys.of('past-slots');
    const names = Array.from({ length: 1_000 }, (_, number) => [`gone-${number}`, number]);
    await stored.command('HSET', past, ...names.flat());
    const member = await cluster.join('w');
    await cluster.store.leave('w', member.incarnation);
    expect(await stored.command('HLEN', past)).toBe(1_000);
    expect(await stored.command('HGET', past, 'w')).toBe('0');
  });

  test('that a name is cordoned is kept for a week without a worker of that name, and as long as there is one', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const cordons = keys.of('cordons');
    const isCordoned = async (worker: string): Promise<boolean> => {
      const { incarnation } = await cluster.join(worker);
      const { members } = await cluster.everything();
      await cluster.store.leave(worker, incarnation);
      return members.get(worker)?.cordoned === true;
    };
    const nowMs = await stored.nowMs();
    const longAgoMs = nowMs - weekMs - 60_000;
    await stored.command('ZADD', cordons, nowMs - weekMs + 60_000, 'recent', longAgoMs, 'old');
    expect(await isCordoned('recent')).toBe(true);
    expect(await isCordoned('old')).toBe(false);
    await stored.command('ZADD', cordons, longAgoMs, 'older', 0, 'here');
    expect(await isCordoned('recent')).toBe(true);
    expect((await stored.list('ZRANGE', cordons, 0, -1)).toSorted()).toEqual(['here', 'recent']);
  });

  test('of a thousand names that are gone and cordoned the one that is gone longest is forgotten', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const cordons = keys.of('cordons');
    const nowMs = await stored.nowMs();
    const gone = Array.from({ length: 1_000 }, (_, number) => [nowMs - number, `gone-${number}`]);
    await stored.command('ZADD', cordons, ...gone.flat(), 0, 'here', 0, 'w');
    const { incarnation } = await cluster.join('w');
    await cluster.store.leave('w', incarnation);
    expect(await stored.command('ZCARD', cordons)).toBe(1_001);
    const left = await stored.list('ZRANGE', cordons, 0, -1);
    expect(left).toContain('here');
    expect(left).toContain('w');
    expect(left).not.toContain('gone-999');
  });

  test('results are kept for a week', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    await cluster.apply({}, cluster.request('a'));
    const ttlMs = await stored.command('PTTL', keys.record('result', 'a'));
    expect(ttlMs).toBeGreaterThan(weekMs - 60_000);
    expect(ttlMs).toBeLessThanOrEqual(weekMs);
  });

  test('a coordinator that has not been seen for a minute is not waited for, and forgotten', async () => {
    await using stored = await startStoredCluster(make, { protocol: { min: 1, max: 2 } });
    const { cluster, keys } = stored;
    const raise = async (): Promise<unknown> => cluster.store.raiseProtocol(cluster.term, 2);
    const seen = async (ageMs: number): Promise<unknown> =>
      stored.command('HSET', keys.of('coordinators'), 'old', `1|${(await stored.nowMs()) - ageMs}`);
    await seen(50_000);
    expect(await raise()).toEqual({ kind: 'refused', by: 'old' });
    await seen(61_000);
    expect(await raise()).toEqual({ kind: 'raised' });
    expect(await stored.command('HLEN', keys.of('coordinators'))).toBe(1);
  });

  test('the last ten thousand events are kept', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const events = Array.from({ length: 3_000 }, (_, number): NewEvent => {
      return { type: 'test', message: `event ${number}`, facts: {} };
    });
    for (let round = 0; round < 4; round++) await cluster.store.appendEvents(cluster.term, events);
    const kept = await stored.command('XLEN', keys.of('events'));
    expect(kept).toBeGreaterThanOrEqual(10_000);
    expect(kept).toBeLessThan(10_500);
    expect((await cluster.store.events(1))[0]?.message).toBe('event 2999');
  });

  test('when too many requests wait, another one is refused with the remedy', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const requests = keys.of('requests');
    const add = (_: unknown, number: number): Promise<unknown> =>
      stored.command('XADD', requests, '*', 'id', number, 'body', '{}');
    await Promise.all(Array.from({ length: 10_000 }, add));
    const submitted = cluster.store.submit('one-more', { op: 'drain', worker: 'w' });
    await expect(submitted).rejects.toMatchObject({ code: 'requests.full', retriable: true });
    expect(await stored.command('XLEN', requests)).toBe(10_000);
  });

  test('when too many loggers have a level, another one is refused with the remedy', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const levels = Array.from({ length: 1_000 }, (_, number) => [`logger-${number}`, 'DEBUG|1']);
    await stored.command('HSET', keys.of('loggers'), ...levels.flat());
    await expect(cluster.store.setLoggerLevel('one-more', 'DEBUG')).rejects.toMatchObject({
      code: 'loggers.full',
    });
    await cluster.store.setLoggerLevel('logger-7', 'WARN');
    expect((await cluster.store.loggerLevels()).get('logger-7')?.level).toBe('WARN');
    expect(await stored.command('HLEN', keys.of('loggers'))).toBe(1_000);
  });

  test('ten thousand topics of a connector are noted, and no more', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    const { unit, fence } = await cluster.runTask('orders', member);
    const topics = Array.from({ length: 9_999 }, (_, number) => [`topic-${number}`, 1]);
    await stored.command('HSET', keys.record('topics', 'orders'), ...topics.flat());
    const used = [{ unit, fence, topics: ['last', 'one-too-many'] }];
    expect(await cluster.store.noteTopics('w', member.incarnation, used)).toEqual([true]);
    const noted = await cluster.store.topics('orders');
    expect(noted).toHaveLength(10_000);
    expect(noted).toContain('last');
  });

  test('deleted records are remembered up to a bound; a reader behind it reads everything', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const member = await cluster.join('w');
    const first = await cluster.everything();
    await cluster.run('orders', member, 2_500);
    const second = await cluster.everything();
    const gone = Array.from({ length: 9_000 }, (_, number) => [
      second.revision,
      `u:task/gone/${number}`,
    ]);
    for (const key of ['gone', 'changes'] as const) {
      await stored.command('ZADD', keys.of(key), ...gone.flat());
    }
    const delta = await cluster.store.changes(first.revision, first.dataset);
    expect([delta.kind, delta.units.size]).toEqual(['delta', 9_000 + 2_501]);

    await cluster.publish('orders', member, 0);
    expect(await stored.command('ZCARD', keys.of('gone'))).toBe(10_000);
    // And what lives: a member, a connector and its unit.
    expect(await stored.command('ZCARD', keys.of('changes'))).toBe(10_000 + 3);
    expect((await cluster.store.changes(first.revision, first.dataset)).kind).toBe('full');
    const last = await cluster.store.changes(second.revision, second.dataset);
    expect([last.kind, last.units.size]).toEqual(['delta', 2_500]);
  });

  test('what was created anew is not forgotten with the tombstones', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const first = await cluster.join('w');
    await cluster.define('orders');
    await cluster.delete('orders');
    await cluster.store.leave('w', first.incarnation);
    await cluster.join('w');
    await cluster.define('orders');
    const fill = Array.from({ length: 10_000 }, (_, number) => [1_000, `u:task/gone/${number}`]);
    await stored.command('ZADD', keys.of('gone'), ...fill.flat());
    await cluster.define('logs');
    await cluster.delete('logs');
    const { connectors, units, members } = await cluster.everything();
    expect([...connectors.keys()]).toEqual(['orders']);
    expect([...units.keys()]).toEqual(['connector/orders']);
    expect([...members.keys()]).toEqual(['w']);
  });

  test('the id of a request is forgotten with its result', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    await cluster.store.submit('a', { op: 'drain', worker: 'w' });
    for (const request of await cluster.store.pendingRequests(1)) await cluster.apply({}, request);
    expect(await stored.command('EXISTS', keys.of('request-ids'), keys.of('requests'))).toBe(1);
    await stored.command('DEL', keys.record('result', 'a'));
    await cluster.store.submit('a', { op: 'drain', worker: 'w' });
    expect(await cluster.store.pendingRequests(10)).toHaveLength(1);
  });

  test('no trace of members and connectors is left when they are gone', async () => {
    await using stored = await startStoredCluster(make);
    const { cluster, keys } = stored;
    const empty = new Set(await stored.list('KEYS', `${keys.tag}:*`));
    const [a, b] = [await cluster.join('a'), await cluster.join('b')];
    const { unit, fence } = await cluster.runTask('orders', a);
    await cluster.release(a, unit, fence);
    await cluster.apply({ restart: [unit] });
    await cluster.alter('orders', { targetState: 'PAUSED' });
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
      'last-event',
      'ordinal',
      'fence-floor',
    ] as const;
    const allowed = new Set([...empty, ...counters.map((name) => keys.of(name))]);
    const left = (await stored.list('KEYS', `${keys.tag}:*`)).filter((key) => !allowed.has(key));
    expect(left.filter((key) => !key.includes(':result:'))).toEqual([]);
    expect(await stored.list('HGETALL', keys.of('assigned'))).toEqual([
      '*',
      expect.any(String) as string,
    ]);
  });
}
