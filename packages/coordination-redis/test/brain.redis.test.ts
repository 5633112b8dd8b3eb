/** Coordinators and workers together on a real Redis: what becomes of the units. */
import { parseUnit, type RequestBody, workerRequest } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import { afterAll, test as base, beforeAll, describe, expect } from 'vitest';

import { BrainCluster, ownerOf, settling } from './brain-cluster.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

// The tests mostly wait: several at a time.
const test = base.extend<{ cluster: BrainCluster }>({
  cluster: async ({ task }, use) => {
    const cluster = new BrainCluster(under);
    await use(cluster);
    await cluster[Symbol.asyncDispose]();
    // Whatever happened: nobody acted for what another might act for.
    expect(cluster.watch.violations, task.name).toEqual([]);
  },
});

/** One coordinator, workers w1 …, one connector with that many tasks, all running and balanced. */
async function startRunning(cluster: BrainCluster, workers: number, tasks: number): Promise<void> {
  await cluster.coordinator();
  await cluster.joinAll(workers);
  await cluster.apply('orders', tasks);
  await cluster.balanced(tasks, workers);
}

function formula(tasks: number, workers: readonly string[]): string[] {
  return Array.from({ length: tasks }, (_, j) => workers[j % workers.length] ?? '');
}

function taskStarts(cluster: BrainCluster): number {
  return [...cluster.workers.values()]
    .flatMap(({ runner }) => runner.starts)
    .filter(({ unit }) => parseUnit(unit).kind === 'task').length;
}

describe.concurrent('assignment', () => {
  test('a cold start is the formula: task j on worker j mod N', async ({ cluster }) => {
    await startRunning(cluster, 3, 10);
    expect(await cluster.running(10)).toEqual(formula(10, ['w1', 'w2', 'w3']));
    expect(taskStarts(cluster)).toBe(10);
  });

  test('tasks that come before any worker wait for one', async ({ cluster }) => {
    await cluster.coordinator();
    const first = await cluster.worker('w1');
    await cluster.apply('orders', 4);
    await cluster.running(4);
    first.kill();
    await cluster.apply('orders', 4, { marker: 'changed' });
    await waitFor(async () => await cluster.tasks(), {
      what: 'the dead worker’s tasks to be free',
      until: (tasks) => tasks.every(({ state }) => state === 'free'),
    });
    await cluster.worker('w2');
    expect(await cluster.running(4)).toEqual(formula(4, ['w2']));
  });

  test('a worker that joins gets its share, and only the surplus moves', async ({ cluster }) => {
    await startRunning(cluster, 2, 20);
    const before = await cluster.holdings();
    await cluster.worker('w3');
    await cluster.balanced(20, 3);
    const after = await cluster.holdings();
    const moved = Object.keys(before).filter((unit) => before[unit] !== after[unit]);
    expect(moved.filter((unit) => unit.startsWith('task/'))).toHaveLength(6);
    expect(moved.every((unit) => after[unit]?.startsWith('w3 '))).toBe(true);
    expect(await cluster.eventMessages('assignment.rerun')).toContain(
      'modulo rerun: balance, N 3, 0 orphaned, 6 moved',
    );
  });

  test('a worker is only given what it has the plugin for', async ({ cluster }) => {
    await cluster.coordinator();
    await cluster.joinAll(2);
    await cluster.worker('w3', { plugins: [] });
    await cluster.apply('orders', 6);
    expect(await cluster.balanced(6, 2)).not.toContain('w3');
  });

  test('without any job from a queue the beats start, move and stop everything', async ({
    cluster,
  }) => {
    cluster.lostJobs = 1;
    await startRunning(cluster, 2, 20);
    await cluster.worker('w3');
    await cluster.balanced(20, 3);
    await cluster.ask({ op: 'drain', worker: 'w1' });
    await cluster.balanced(20, 2);
    await cluster.ask({ op: 'delete', connector: 'orders' });
    await waitFor(async () => (await cluster.records()).units.length === 0, {
      what: 'all to be gone',
    });
  });
});

describe.concurrent('workers that end', () => {
  test('a worker that stops beating loses its units, each once, and nobody else’s move', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 30);
    const before = await cluster.tasks();
    cluster.workers.get('w2')?.kill();
    await cluster.running(30, (owners) => !owners.includes('w2'));
    await cluster.balanced(30, 2);
    for (const [index, unit] of (await cluster.tasks()).entries()) {
      const previous = before[index];
      if (previous?.worker !== 'w2') expect(unit).toEqual(previous);
      else expect(unit).toMatchObject({ lastWorker: 'w2', unit: previous.unit });
    }
    expect(taskStarts(cluster)).toBe(40);
    expect(await cluster.eventMessages('assignment.rerun')).toContain(
      'modulo rerun: lease of w2 expired, N 3→2, 10 orphaned, 10 moved',
    );
    expect(await cluster.eventMessages('worker.dead')).toHaveLength(1);
    const { members } = await cluster.store().changes(0, undefined);
    expect([...members.keys()]).toEqual(['w1', 'w3']);
  });

  test('a worker that is stopped hands over, leaves, and gets its share when it is back', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 30);
    await cluster.workers.get('w2')?.stop();
    expect([...(await cluster.store().changes(0, undefined)).members.keys()]).toEqual(['w1', 'w3']);
    await cluster.balanced(30, 2);
    await cluster.worker('w2');
    await cluster.balanced(30, 3);
    expect(await cluster.eventMessages('worker.dead')).toEqual([]);
  });

  test('what is granted to a worker while it stops does not keep it from leaving', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 2);
    const w2 = cluster.workers.get('w2');
    // It never hears of these grants before it drains.
    cluster.lostJobs = 1;
    await cluster.apply('logs', 20);
    await waitFor(async () => await cluster.tasks('logs'), {
      what: 'tasks granted to w2',
      until: (tasks) => tasks.some((task) => task.state !== 'free' && ownerOf(task) === 'w2'),
      intervalMs: 1,
    });
    await w2?.stop();
    await cluster.running(22, (owners) => !owners.includes('w2'));
    expect(await cluster.eventMessages('worker.dead')).toEqual([]);
  });

  test('a drained worker is given nothing, also after it was fenced and came back', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 10);
    await cluster.ask({ op: 'drain', worker: 'w1' });
    await cluster.balanced(10, 1);
    const w1 = cluster.workers.get('w1');
    const former = w1?.agent.incarnation ?? '';
    const job = { unit: 'task/any/0', fence: 1, worker: 'w1', incarnation: former, reason: '' };
    await waitFor(async () => (await w1?.agent.jobs.start(job)) === 'draining', {
      what: 'w1 to know that it drains',
    });
    if (w1) w1.heartbeatLink = 'lost';
    await waitFor(async () => (await cluster.eventMessages('worker.dead')).length === 1, {
      what: 'w1 to be declared dead',
    });
    if (w1) w1.heartbeatLink = 'open';
    await waitFor(async () => (await cluster.store().changes(0, undefined)).members.get('w1'), {
      what: 'w1 to be back, and draining',
      until: (member) => member?.incarnation !== former && member?.state === 'draining',
    });
    await cluster.apply('logs', 10);
    expect(await cluster.running(20)).toEqual(formula(20, ['w2']));
  });

  test('a leader and a worker that die together: the next leader moves what was lost', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 12);
    await cluster.coordinator();
    cluster.workers.get('w3')?.kill();
    await cluster.coordinators[0]?.kill();
    await cluster.running(12, (owners) => !owners.includes('w3'));
    expect(cluster.coordinators[1]?.loop.leads).toBe(true);
  });
});

describe.concurrent('a cordoned worker', () => {
  test('keeps what it runs and is given nothing, until it is uncordoned', async ({ cluster }) => {
    await cluster.coordinator({ protocolQuietMs: 0 });
    await cluster.joinAll(3);
    await cluster.apply('orders', 9);
    await cluster.balanced(9, 3);
    await waitFor(async () => (await cluster.client.snapshot()).protocol === 2, {
      what: 'a protocol that knows cordoned workers',
    });
    const before = await cluster.holdings();
    expect(await cluster.ask(workerRequest('cordon', 'w1'))).toMatchObject({ kind: 'done' });
    await cluster.apply('logs', 6);
    const grown = await cluster.running(15);
    expect(await cluster.holdings()).toMatchObject(before);
    expect(grown.filter((owner) => owner === 'w1')).toHaveLength(3);
    // Nor what another one had.
    cluster.workers.get('w3')?.kill();
    const left = await cluster.running(15, (owners) => !owners.includes('w3'));
    expect(left.filter((owner) => owner === 'w1')).toHaveLength(3);
    await cluster.ask(workerRequest('uncordon', 'w1'));
    await cluster.balanced(15, 2);
    expect(await cluster.eventMessages('assignment.rerun')).toEqual(
      expect.arrayContaining([
        'modulo rerun: w1 was cordoned, N 3→2, 0 orphaned, 0 moved',
        'modulo rerun: w1 was uncordoned, N 1→2, 0 orphaned, 0 moved',
        'modulo rerun: balance, N 2, 0 orphaned, 4 moved',
      ]),
    );
  });
});

describe.concurrent('workers that do not hear', () => {
  test('a silence shorter than the lease moves nothing', async ({ cluster }) => {
    await startRunning(cluster, 3, 12);
    const before = await cluster.holdings();
    for (const worker of cluster.workers.values()) worker.heartbeatLink = 'lost';
    await systemClock.sleep(cluster.profile.deadAfterMs / 2);
    for (const worker of cluster.workers.values()) worker.heartbeatLink = 'open';
    await waitFor(
      () => [...cluster.workers.values()].every(({ agent }) => (agent.leaseAgeMs ?? 0) < 200),
      {
        what: 'all to have a lease again',
      },
    );
    expect(await cluster.holdings()).toEqual(before);
  });

  test('Redis away for everybody, however long: nobody dies, nothing moves', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 12);
    const before = await cluster.holdings();
    const [leader] = cluster.coordinators;
    const everybody = [...cluster.workers.values()];
    if (leader) leader.link = 'lost';
    for (const worker of everybody) worker.link = worker.heartbeatLink = 'lost';
    await systemClock.sleep(2 * cluster.profile.deadAfterMs);
    if (leader) leader.link = 'open';
    for (const worker of everybody) worker.link = worker.heartbeatLink = 'open';
    await waitFor(() => everybody.every(({ agent }) => (agent.leaseAgeMs ?? 0) < 200), {
      what: 'all to have a lease again',
    });
    await waitFor(() => leader?.loop.leads, { what: 'a leader' });
    await systemClock.sleep(1.2 * cluster.profile.deadAfterMs);
    expect(await cluster.holdings()).toEqual(before);
    expect(await cluster.eventMessages('worker.dead')).toEqual([]);
  });

  test('a worker that answers do not reach is buried, and comes back as another incarnation', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 8);
    const w1 = cluster.workers.get('w1');
    const former = w1?.agent.incarnation;
    if (w1) w1.heartbeatLink = 'unanswered';
    await cluster.running(8, (owners) => !owners.includes('w1'));
    if (w1) w1.heartbeatLink = 'open';
    await cluster.balanced(8, 2);
    expect(w1?.agent.incarnation).not.toBe(former);
  });

  test('a fenced worker that cannot join at once quarantines nobody', async ({ cluster }) => {
    await startRunning(cluster, 2, 8);
    const w1 = cluster.workers.get('w1');
    if (w1) w1.heartbeatLink = 'lost';
    await cluster.running(8, (owners) => !owners.includes('w1'));
    if (w1) w1.failing.add('join');
    if (w1) w1.heartbeatLink = 'open';
    await waitFor(() => w1?.failing.size === 0, { what: 'a join that failed' });
    await cluster.balanced(8, 2);
    expect(await cluster.eventMessages('store.data_lost')).toEqual([]);
    expect(await cluster.isQuarantined()).toBe(false);
  });

  test('a worker whose name was taken while it was fenced waits, and harms nobody', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 8);
    const former = cluster.workers.get('w1');
    if (former) former.heartbeatLink = 'lost';
    await cluster.running(8, (owners) => !owners.includes('w1'));
    const taker = await cluster.worker('w1');
    await cluster.balanced(8, 2);
    const before = await cluster.holdings();
    if (former) former.heartbeatLink = 'open';
    await waitFor(() => former?.joinsRefused, { what: 'the former w1 to ask for its name' });
    await systemClock.sleep(cluster.profile.deadAfterMs);
    expect(await cluster.holdings()).toEqual(before);
    expect(await cluster.isQuarantined()).toBe(false);
    expect(taker.agent.unitCount).toBeGreaterThan(0);
    former?.kill();
  });
});

describe.concurrent('coordinators', () => {
  test('of two one leads; the other takes over when it is killed, and no task is disturbed', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 12);
    const second = await cluster.coordinator();
    const before = await cluster.holdings();
    expect(cluster.coordinators.map(({ loop }) => loop.leads)).toEqual([true, false]);
    await cluster.coordinators[0]?.kill();
    await waitFor(() => second.loop.leads, { what: 'the second to lead' });
    expect(await cluster.ask({ op: 'target', connector: 'orders', state: 'PAUSED' })).toMatchObject(
      {
        kind: 'done',
      },
    );
    expect(await cluster.holdings()).toEqual(before);
  });

  test('one that is stopped resigns: the other leads at once', async ({ cluster }) => {
    const profile = { ...cluster.profile, leaderLeaseMs: 20_000 };
    await cluster.coordinator({ profile });
    const second = await cluster.coordinator({ profile });
    await cluster.coordinators[0]?.stop();
    const resignedMs = systemClock.monotonicMs();
    await waitFor(() => second.loop.leads, { what: 'the second to lead', intervalMs: 5 });
    expect(systemClock.monotonicMs() - resignedMs).toBeLessThan(profile.leaderLeaseMs / 2);
  });

  test('a leader whose writes do not get through does all of it again', async ({ cluster }) => {
    await startRunning(cluster, 2, 4);
    const [leader] = cluster.coordinators;
    const fail = (...methods: string[]): void =>
      methods.forEach((each) => leader?.failing.add(each));
    fail('applyRequest', 'appendEvents', 'grant');
    await cluster.apply('logs', 6);
    await cluster.balanced(10, 2);
    // Fewer tasks: two are revoked for good.
    fail('revoke', 'grant', 'changes');
    await cluster.apply('logs', 4);
    await cluster.running(8);
    fail('declareDead', 'orphan', 'forget', 'appendEvents', 'grant', 'beats');
    cluster.workers.get('w2')?.kill();
    await cluster.running(8, (owners) => !owners.includes('w2'));
    fail('revoke', 'grant', 'quarantine');
    await cluster.worker('w3');
    await cluster.balanced(8, 2);
    expect([...(leader?.failing ?? [])]).toEqual([]);
  });

  test('requests that come while there is none are applied by the next, in their order', async ({
    cluster,
  }) => {
    await cluster.joinAll(1);
    const definition = { name: 'orders', config: { 'connector.class': 'Clock', 'tasks.max': '2' } };
    const outcome = await cluster.ask(
      { op: 'apply', mode: 'create', definitions: [definition] },
      50,
    );
    expect(outcome).toMatchObject({ kind: 'pending', reason: 'no coordinator is up' });
    await cluster.ask({ op: 'target', connector: 'orders', state: 'PAUSED' }, 50);
    await cluster.coordinator();
    const paused = await waitFor(async () => await cluster.tasks(), {
      what: 'two paused tasks',
      until: (tasks) =>
        tasks.length === 2 && tasks.every(({ status }) => status?.state === 'PAUSED'),
    });
    expect(paused).toHaveLength(2);
    const result =
      outcome.kind === 'pending' ? await cluster.store().result(outcome.requestId) : undefined;
    expect(result).toMatchObject({ kind: 'done' });
  });

  test('requests that nobody can understand are refused, and everything else goes on', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 4);
    const store = cluster.store();
    const unknown = { op: 'teleport', worker: 'w1' } as unknown as Parameters<
      typeof store.submit
    >[1];
    const broken = { op: 'apply', mode: 'upsert' } as unknown as typeof unknown;
    await store.submit('unknown', unknown);
    await store.submit('broken', broken);
    const requests = `{sluice:${cluster.name}}:requests`;
    const odd = {
      'no-json': '{',
      nothing: 'null',
      list: '[]',
      name: '{"op":"delete","connector":{"toString":1}}',
    };
    for (const [id, body] of Object.entries(odd))
      await under.redis.xadd(requests, '*', 'id', id, 'body', body);
    await cluster.apply('logs', 2);
    await cluster.running(6);
    expect(await store.result('unknown')).toMatchObject({
      kind: 'refused',
      code: 'request.unknown',
      message: expect.stringContaining('"teleport"'),
    });
    expect(await store.result('broken')).toMatchObject({
      kind: 'refused',
      code: 'request.malformed',
    });
    for (const id of ['no-json', 'nothing', 'list'])
      expect(await store.result(id)).toMatchObject({ kind: 'refused', code: 'request.unknown' });
    expect(await store.result('name')).toMatchObject({
      kind: 'refused',
      code: 'request.malformed',
    });
    expect(await cluster.eventMessages('request.refused')).toHaveLength(6);
  });
});

describe.concurrent('task sets', () => {
  test('3 → 5 → 2 tasks: no task of a newer set starts before all of the older ones have stopped', async ({
    cluster,
  }) => {
    await cluster.coordinator();
    await cluster.worker('w1', { stopMs: 100 });
    await cluster.worker('w2', { stopMs: 30 });
    await cluster.apply('orders', 3);
    for (const count of [3, 5, 2]) {
      await cluster.apply('orders', count);
      await cluster.running(count, (owners) => owners.length === count);
    }
    const { connectors, units } = await cluster.records();
    expect(connectors.get('orders')).toMatchObject({ taskEpoch: 3, taskCount: 2, version: 3 });
    expect(units.map(({ unit, heldEpoch }) => [unit, heldEpoch])).toEqual([
      ['connector/orders', 0],
      ['task/orders/0', 3],
      ['task/orders/1', 3],
    ]);
    expect(cluster.watch.epochViolations).toEqual([]);
  });

  test('a stopped connector has no tasks; started again it has them anew', async ({ cluster }) => {
    await startRunning(cluster, 2, 4);
    await cluster.ask({ op: 'target', connector: 'orders', state: 'STOPPED' });
    await waitFor(async () => (await cluster.tasks()).length === 0, { what: 'no tasks' });
    await cluster.ask({ op: 'target', connector: 'orders', state: 'STARTED' });
    await cluster.running(4);
    expect((await cluster.records()).connectors.get('orders')?.taskEpoch).toBe(2);
  });

  test('deleted and created anew at once, it is another connector, and its tasks come after the old ones', async ({
    cluster,
  }) => {
    await cluster.coordinator();
    await cluster.worker('w1', { stopMs: 200 });
    await cluster.apply('orders', 3);
    await cluster.running(3);
    const before = await cluster.records();
    await cluster.ask({ op: 'delete', connector: 'orders' });
    await cluster.apply('orders', 2);
    await cluster.running(2);
    const after = await cluster.records();
    const uids = [before, after].map(({ connectors }) => connectors.get('orders')?.uid);
    expect(uids[0]).not.toBe(uids[1]);
    expect(new Set(after.units.map(({ uid }) => uid))).toEqual(new Set([uids[1]]));
    expect(cluster.watch.epochViolations).toEqual([]);
  });

  test('a restart that was asked for reaches the runner once', async ({ cluster }) => {
    await startRunning(cluster, 1, 2);
    const { restarts } = cluster.workers.get('w1')?.runner ?? { restarts: [] };
    await cluster.ask({ op: 'restart', connector: 'orders', task: 1 });
    await waitFor(() => restarts.length > 0, { what: 'the restart' });
    await cluster.ask({ op: 'target', connector: 'orders', state: 'PAUSED' });
    await waitFor(async () => await cluster.tasks(), {
      what: 'paused tasks',
      until: (tasks) => tasks.every(({ status }) => status?.state === 'PAUSED'),
    });
    expect(restarts).toEqual(['task/orders/1']);
  });
});

describe.concurrent('movement literal', () => {
  const literal = { movement: 'literal', seatHoldMs: 1_500 } as const;

  test('after each change the tasks are where the formula says', async ({ cluster }) => {
    await cluster.coordinator(literal);
    await cluster.joinAll(2);
    await cluster.apply('orders', 9);
    await cluster.running(9, (owners) => sameOwners(owners, formula(9, ['w1', 'w2'])));
    await cluster.worker('w3');
    await cluster.running(9, (owners) => sameOwners(owners, formula(9, ['w1', 'w2', 'w3'])));
    cluster.workers.get('w1')?.kill();
    await cluster.running(9, (owners) => sameOwners(owners, formula(9, ['w2', 'w3'])));
    await cluster.ask({ op: 'drain', worker: 'w2' });
    await cluster.running(9, (owners) => sameOwners(owners, formula(9, ['w3'])));
  });

  test('a worker that announced its return keeps its place: only its own tasks move, and come back', async ({
    cluster,
  }) => {
    await cluster.coordinator(literal);
    await cluster.joinAll(3);
    await cluster.apply('orders', 9);
    const all = formula(9, ['w1', 'w2', 'w3']);
    await cluster.running(9, (owners) => sameOwners(owners, all));
    // Until membership has settled, nothing moves that has an owner, whatever the formula says.
    await systemClock.sleep(2 * settling.quietMs);
    const before = await cluster.holdings();
    await cluster.workers.get('w2')?.stop();
    await cluster.running(9, (owners) => !owners.includes('w2'));
    await cluster.worker('w2');
    await cluster.running(9, (owners) => sameOwners(owners, all));
    const after = await cluster.holdings();
    const moved = Object.keys(before).filter((unit) => before[unit] !== after[unit]);
    expect(moved.filter((unit) => unit.startsWith('task/'))).toEqual([
      'task/orders/1',
      'task/orders/4',
      'task/orders/7',
    ]);
  });

  test('a place is not kept for ever', async ({ cluster }) => {
    await cluster.coordinator(literal);
    await cluster.joinAll(3);
    await cluster.apply('orders', 9);
    await cluster.running(9, (owners) => sameOwners(owners, formula(9, ['w1', 'w2', 'w3'])));
    await cluster.workers.get('w2')?.stop();
    await cluster.running(9, (owners) => sameOwners(owners, formula(9, ['w1', 'w3'])));
  });
});

describe.concurrent('a store that loses data', () => {
  test('everything: what runs stops, what is defined anew runs under higher fences', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 6);
    const before = await cluster.tasks();
    await cluster.loseData();
    await waitFor(
      async () => [...cluster.workers.values()].every(({ agent }) => agent.unitCount === 0),
      {
        what: 'all workers to have let go',
      },
    );
    await cluster.apply('orders', 6);
    await cluster.running(6);
    const highest = Math.max(...before.map(({ fence }) => fence));
    expect(Math.min(...(await cluster.tasks()).map(({ fence }) => fence))).toBeGreaterThan(highest);
  });

  test('an older definition that comes back is what runs; its connector goes on in place, under its fence', async ({
    cluster,
  }) => {
    await startRunning(cluster, 3, 6);
    const restore = await cluster.saveData();
    // After the copy: three tasks more, and one that is moved.
    await cluster.apply('orders', 9);
    await cluster.balanced(9, 3);
    const before = await cluster.holdings();
    const actor = before['connector/orders'];
    await restore();
    await waitFor(async () => await cluster.isQuarantined(), { what: 'a quarantine' });
    await waitFor(async () => !(await cluster.isQuarantined()), { what: 'its end' });
    // The definition is the older one again; its six tasks run.
    await cluster.balanced(6, 3);
    const after = await cluster.holdings();
    expect(after['connector/orders']).toBe(actor);
    expect((await cluster.records()).connectors.get('orders')).toMatchObject({
      version: 1,
      taskCount: 6,
    });
  });

  test('an older state from before some tasks moved: they stay where they are, and say again how they are', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 6);
    const restore = await cluster.saveData();
    await cluster.worker('w3');
    await cluster.balanced(6, 3);
    const before = await cluster.holdings();
    const starts = taskStarts(cluster);
    await restore();
    await waitFor(async () => await cluster.isQuarantined(), { what: 'a quarantine' });
    await waitFor(async () => !(await cluster.isQuarantined()), { what: 'its end' });
    await cluster.balanced(6, 3);
    expect(await cluster.holdings()).toEqual(before);
    expect(taskStarts(cluster)).toBe(starts);
  });

  test('a set of tasks that was published after the copy is published again', async ({
    cluster,
  }) => {
    await cluster.coordinator();
    await cluster.joinAll(2);
    // Holds the publication back until the definition has been copied.
    for (const { runner } of cluster.workers.values()) runner.publishes = false;
    await cluster.apply('orders', 4);
    await waitFor(async () => (await cluster.records()).units[0]?.state === 'claimed', {
      what: 'the connector to run',
    });
    const restore = await cluster.saveData();
    for (const { runner } of cluster.workers.values()) runner.publishNow();
    await cluster.running(4);
    await restore();
    await waitFor(async () => (await cluster.eventMessages('store.data_lost')).length > 0, {
      what: 'the loss to be noticed',
    });
    await cluster.running(4);
  });

  test('a leader that finds the data gone before any worker does gives nothing away', async ({
    cluster,
  }) => {
    await startRunning(cluster, 2, 4);
    for (const worker of cluster.workers.values()) worker.heartbeatLink = 'lost';
    await cluster.loseData();
    await waitFor(async () => await cluster.isQuarantined(), {
      what: 'the leader to start a quarantine by itself',
    });
    for (const worker of cluster.workers.values()) worker.heartbeatLink = 'open';
    await waitFor(async () => !(await cluster.isQuarantined()), { what: 'its end' });
    await cluster.apply('orders', 4);
    await cluster.running(4);
  });
});

function sameOwners(owners: readonly string[], expected: readonly string[]): boolean {
  return owners.join() === expected.join();
}

describe.concurrent('processes that differ', () => {
  test('a worker with a longer lease than its leader’s is given the whole of it', async ({
    cluster,
  }) => {
    const leaseMs = 2_500;
    await cluster.coordinator();
    await cluster.worker('slow', { profile: { ...cluster.profile, deadAfterMs: leaseMs } });
    await cluster.apply('orders', 2);
    await cluster.running(2);
    await cluster.worker('w2');
    const killedMs = systemClock.monotonicMs();
    cluster.workers.get('slow')?.kill();
    await cluster.running(2, (owners) => !owners.includes('slow'));
    // The last beat is at most one interval older than the kill.
    const tookMs = systemClock.monotonicMs() - killedMs;
    expect(tookMs).toBeGreaterThan(leaseMs - 1.1 * cluster.profile.heartbeatIntervalMs);
  });

  test('a definition waits for the first worker, since nobody knows its plugin before', async ({
    cluster,
  }) => {
    await cluster.coordinator();
    const body: RequestBody = {
      op: 'apply',
      mode: 'create',
      definitions: [{ name: 'orders', config: { 'connector.class': 'Clock', 'tasks.max': '2' } }],
    };
    await waitFor(async () => await cluster.store().leader(), {
      what: 'a leader',
      until: (leader) => leader !== undefined,
    });
    expect(await cluster.ask(body, 500)).toMatchObject({
      kind: 'pending',
      reason: 'no worker is up',
    });
    await cluster.worker('w1');
    await cluster.running(2);
  });
});
