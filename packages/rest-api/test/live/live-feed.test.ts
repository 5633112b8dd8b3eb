import { FakeClock } from '@sluice/kernel/testing';
import { LiveFeed, type LiveFeedOptions } from '@sluice/rest-api';
import { applyChange, type LiveChange, type LiveView } from '@sluice/rest-api/live';
import { expect, test } from 'vitest';

import { liveNames } from '../api-under-test.ts';
import { FakeCluster, workerView } from '../fake-cluster.ts';

interface Message {
  readonly event: string;
  readonly data: LiveView & LiveChange & { reason?: string; now_ms?: number };
}

class Reader {
  takesMore = true;
  readonly messages: Message[] = [];

  send(bytes: Buffer): void {
    const [, event = '', data = ''] = /^event: (\w+)\ndata: (.*)\n\n$/.exec(bytes.toString()) ?? [];
    this.messages.push({ event, data: JSON.parse(data) as Message['data'] });
  }

  get events(): string[] {
    return this.messages.map(({ event }) => event);
  }

  /** Taken out. */
  take(): Message[] {
    return this.messages.splice(0);
  }
}

function feedUnderTest(options: Partial<LiveFeedOptions> = {}) {
  const cluster = new FakeCluster();
  cluster.workers = [workerView('worker-1')];
  cluster.add('orders');
  const looks = { count: 0 };
  const clock = new FakeClock();
  const client = {
    snapshot: () => {
      looks.count++;
      return cluster.snapshot();
    },
    events: (max: number) => cluster.events(max),
  };
  const feed = new LiveFeed({ client, clock, names: liveNames, ...options });
  const join = async (reader = new Reader()): Promise<{ reader: Reader; leave: () => void }> => {
    await feed.ready();
    return { reader, leave: feed.add(reader) };
  };
  return { cluster, looks, clock, feed, join };
}

function numbered(number: number) {
  return { id: `${number}-0`, atMs: number, type: 'test', message: `event ${number}`, facts: {} };
}

test('a client gets the whole view, and then what changes, within a second', async () => {
  const { cluster, clock, join } = feedUnderTest();
  const { reader } = await join();
  const [first] = reader.take();
  expect(first?.event).toBe('view');
  cluster.fail('orders', 0, 'Error: away');
  await clock.advance(900);
  const [change] = reader.take();
  expect(change?.event).toBe('change');
  expect(change?.data.units?.['task/orders/0']).toMatchObject({ state: 'FAILED' });
  if (!first || !change) return;
  expect(applyChange(first.data, change.data).units['task/orders/0']?.error).toBe('Error: away');
});

test('while nothing changes there is a tick within two seconds, with the time of the look', async () => {
  const { clock, cluster, join } = feedUnderTest();
  // Beats always move, and so does a lease.
  cluster.workers = [];
  cluster.hasLeader = false;
  const { reader } = await join();
  reader.take();
  await clock.advance(2_000);
  expect(reader.events).toContain('tick');
  expect(new Set(reader.events)).toEqual(new Set(['tick']));
  const last = reader.messages.at(-1);
  expect(clock.wallMs() - (last?.data.at_ms ?? 0)).toBeLessThan(2_000);
});

test('one look serves all, and nobody looks while nobody listens', async () => {
  const { looks, clock, join } = feedUnderTest();
  const readers = await Promise.all(Array.from({ length: 10 }, () => join()));
  expect(looks.count).toBe(1);
  await clock.advance(4_000);
  const { count } = looks;
  expect(count).toBeLessThanOrEqual(11);
  for (const { leave } of readers) leave();
  await clock.advance(10_000);
  expect(looks.count).toBe(count);
  await join();
  expect(looks.count).toBe(count + 1);
});

test('whoever comes back sees what is then, and not what was', async () => {
  const { cluster, clock, join } = feedUnderTest();
  const { leave } = await join();
  leave();
  await clock.advance(1_000);
  cluster.add('payments');
  const { reader } = await join();
  expect(Object.keys(reader.take()[0]?.data.connectors ?? {})).toEqual(['orders', 'payments']);
});

test('a client that takes nothing is sent nothing, and then the whole view', async () => {
  const { cluster, clock, join } = feedUnderTest();
  const slow = await join();
  const other = await join();
  slow.reader.take();
  other.reader.take();
  slow.reader.takesMore = false;
  cluster.fail('orders', 0, 'Error: one');
  await clock.advance(500);
  cluster.add('payments');
  await clock.advance(500);
  expect(slow.reader.events).toEqual([]);
  expect(other.reader.events).toEqual(['change', 'change']);
  slow.reader.takesMore = true;
  cluster.fail('orders', 0, 'Error: two');
  await clock.advance(500);
  const [view, ...more] = slow.reader.take();
  expect(more).toEqual([]);
  expect(view?.event).toBe('view');
  expect(view?.data.units?.['task/orders/0']?.error).toBe('Error: two');
  expect(Object.keys(view?.data.connectors ?? {})).toContain('payments');
});

test('a store that does not answer is told, with how old the view is, until it does', async () => {
  const { cluster, clock, join } = feedUnderTest();
  const { reader } = await join();
  const seenMs = reader.take()[0]?.data.at_ms;
  cluster.isReachable = false;
  await clock.advance(3_000);
  expect(reader.messages.length).toBeGreaterThanOrEqual(2);
  for (const { event: name, data } of reader.take()) {
    expect(name).toBe('stale');
    expect(data).toEqual({
      at_ms: seenMs,
      now_ms: expect.any(Number) as number,
      reason: 'Redis at 127.0.0.1:1 does not answer',
    });
    expect(data.now_ms).toBeGreaterThan(seenMs ?? 0);
  }
  // Whoever comes meanwhile does not take what is old for what is so.
  const { reader: late } = await join();
  expect(late.events).toEqual(['view', 'stale']);
  cluster.isReachable = true;
  cluster.fail('orders', 0, 'Error: away');
  await clock.advance(1_000);
  expect(reader.events[0]).toBe('change');
});

test('a store that hangs is one that does not answer', async () => {
  const { cluster, clock, join } = feedUnderTest();
  const { reader } = await join();
  reader.take();
  cluster.isHanging = true;
  await clock.advance(2_000);
  expect(reader.events).toEqual([]);
  await clock.advance(1_000);
  expect(reader.take()).toMatchObject([
    { event: 'stale', data: { reason: 'it has not answered for 2 s' } },
  ]);
  await clock.advance(12_000);
  expect(new Set(reader.events)).toEqual(new Set(['stale']));
  expect(reader.messages.length).toBeGreaterThanOrEqual(10);
});

test('without a store nobody is taken for a client', async () => {
  const { cluster, feed, join } = feedUnderTest();
  cluster.isReachable = false;
  await expect(join()).rejects.toMatchObject({ code: 'store.unreachable' });
  expect(feed.clients).toBe(0);
});

test('new events come once, also more than are read at once', async () => {
  const { cluster, clock, join } = feedUnderTest();
  cluster.storedEvents = [numbered(1)];
  const { reader } = await join();
  expect(reader.take()[0]?.data.events.map(({ id }) => id)).toEqual(['1-0']);
  cluster.storedEvents = Array.from({ length: 50 }, (_none, index) => numbered(50 - index));
  await clock.advance(500);
  const [change] = reader.take();
  expect(change?.data.events).toHaveLength(49);
  expect(change?.data.events[0]).toMatchObject({ id: '50-0', at_ms: 50, message: 'event 50' });
  cluster.storedEvents = [numbered(51), ...cluster.storedEvents];
  await clock.advance(500);
  expect(reader.take()[0]?.data.events.map(({ id }) => id)).toEqual(['51-0']);
});

test.each([
  ['and others came by another clock', 1],
  ['and others came since', 12],
])('events that the store has lost are told by a whole view, %s', async (_then, number) => {
  const { cluster, clock, join } = feedUnderTest();
  cluster.storedEvents = [numbered(9), numbered(8)];
  const { reader } = await join();
  reader.take();
  cluster.storedEvents = [numbered(number)];
  await clock.advance(500);
  const [view] = reader.take();
  expect(view?.event).toBe('view');
  expect(view?.data.events.map(({ id }) => id)).toEqual([`${number}-0`]);
});

test('events that others pushed out are no reason for a whole view', async () => {
  const { cluster, clock, join } = feedUnderTest();
  cluster.storedEvents = [numbered(1)];
  const { reader } = await join();
  const first = reader.take()[0]?.data;
  cluster.storedEvents = Array.from({ length: 150 }, (_none, index) => numbered(151 - index));
  await clock.advance(500);
  const [change] = reader.take();
  expect(change?.event).toBe('change');
  if (!first || !change) return;
  const ids = applyChange(first, change.data).events.map(({ id }) => id);
  expect(ids).toEqual(cluster.storedEvents.slice(0, 100).map(({ id }) => id));
});

test('loads are read once a second, and are not needed', async () => {
  let reads = 0;
  const worker = { cpu_cores: 0.5, rss_bytes: 1, executors: [] };
  const clock = new FakeClock();
  const { join } = feedUnderTest({
    clock,
    loads: {
      readAll: async (workers) => {
        reads++;
        if (reads === 3) throw new Error('lost');
        expect(workers).toEqual(['worker-1']);
        const report = { tasks: new Map(), tasks_left_out: 0 };
        const told = { ...worker, at_ms: clock.wallMs(), cpu_cores: reads };
        return new Map([['worker-1', { ...report, worker: told }]]);
      },
    },
  });
  const { reader } = await join();
  expect(reader.take()[0]?.data.workers['worker-1']?.load?.cpu_cores).toBe(1);
  await clock.advance(10_000);
  expect(reads).toBeGreaterThanOrEqual(8);
  expect(reads).toBeLessThanOrEqual(13);
  const cores = reader.messages.map(({ data }) => data.workers?.['worker-1']?.load?.cpu_cores);
  expect(cores).toContain(reads);
});

test('what is left of a lease counts from when it was read, however long the rest takes', async () => {
  const clock = new FakeClock();
  let holdUpMs = 0;
  const { reader } = await feedUnderTest({
    clock,
    loads: {
      readAll: async () => {
        if (holdUpMs > 0) await clock.sleep(holdUpMs);
        return new Map();
      },
    },
  }).join();
  const leaseEndsAt = (): number | undefined =>
    reader.messages.findLast(({ data }) => data.leader)?.data.leader?.lease_ends_at_ms;
  const first = leaseEndsAt() ?? 0;
  holdUpMs = 5_000;
  await clock.advance(6_500);
  const { at_ms: atMs } = reader.messages.at(-1)?.data ?? {};
  expect(leaseEndsAt()).toBeGreaterThan(first);
  expect(leaseEndsAt()).toBeLessThan((atMs ?? 0) - 5_000 + 3_401);
});

test('more clients than there may be are told what to do', async () => {
  const { feed, join } = feedUnderTest({ clientsMax: 2 });
  await join();
  const second = await join();
  const refusal = { status: 503, message: expect.stringContaining('close some') as string };
  await expect(join()).rejects.toMatchObject(refusal);
  second.leave();
  await join();
  expect(feed.clients).toBe(2);
});

test('one caller takes not all places, and others still have theirs', async () => {
  const { feed } = feedUnderTest({ clientsMax: 5, clientsOfOneMax: 2 });
  await feed.ready('ann');
  const leave = feed.add(new Reader(), 'ann');
  feed.add(new Reader(), 'ann');
  const refusal = {
    status: 503,
    message: expect.stringContaining('ann has 2 dashboards open') as string,
  };
  await expect(feed.ready('ann')).rejects.toMatchObject(refusal);
  expect(() => feed.add(new Reader(), 'ann')).toThrow('ann has 2 dashboards open');
  feed.add(new Reader(), 'bob');
  // Where nobody says who they are, all places are for all.
  for (let more = 0; more < 2; more++) feed.add(new Reader());
  expect(feed.clients).toBe(5);
  leave();
  feed.add(new Reader(), 'ann');
});

test('whoever joins during a long look begins no second one beside it', async () => {
  const { cluster, clock, looks, join } = feedUnderTest();
  await join();
  cluster.isHanging = true;
  await clock.advance(500);
  expect(looks.count).toBe(2);
  await join();
  await clock.advance(3_000);
  expect(looks.count).toBe(2);
});

test('a feed that was stopped takes nobody, and looks no more', async () => {
  const { feed, looks, clock, join } = feedUnderTest();
  await join();
  feed.stop();
  await clock.advance(5_000);
  expect(looks.count).toBe(1);
  await expect(join()).rejects.toMatchObject({ status: 503 });
});
