/** Coordinators with a journal of definitions, on a real Redis: what is lost there comes back from it. */
import { parseUnit, type RequestBody, type UnitRecord } from '@sluice/coordination';
import { MemoryJournal, MemoryJournalStore } from '@sluice/coordination/conformance';
import { newId, systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';
import { afterAll, test as base, beforeAll, describe, expect } from 'vitest';

import { BrainCluster, settling, type TestCoordinator } from './brain-cluster.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

class JournaledCluster extends BrainCluster {
  readonly journal = new MemoryJournalStore();

  async leader(): Promise<TestCoordinator> {
    return this.coordinator({ journal: new MemoryJournal(this.journal) });
  }

  /** All that the journal holds of these is what Redis does. */
  async agrees(...names: string[]): Promise<void> {
    await waitFor(
      async () => {
        const { connectors, units } = await this.records();
        return names.every((name) => {
          const stored = connectors.get(name);
          const entry = this.journal.connectors.get(name)?.value;
          const own = units.find(({ unit }) => unit === `connector/${name}`);
          return (
            stored?.version === entry?.version &&
            stored?.targetState === entry?.targetState &&
            stored?.taskEpoch === entry?.taskEpoch &&
            stored?.taskCount === entry?.tasks.length &&
            (stored?.journaledEpoch ?? 0) === stored?.taskEpoch &&
            own?.ordinal === entry?.unit?.ordinal
          );
        });
      },
      { what: `${names.join(', ')} to be in the journal as in Redis` },
    );
  }

  /** Everything that is remembered of units, whoever owns them. */
  async ordinals(): Promise<Record<string, string>> {
    const { units } = await this.records();
    return Object.fromEntries(
      units.map(({ unit, ordinal, epoch, uid }) => [unit, `${ordinal} ${epoch} ${uid}`]),
    );
  }

  async afterLoss(): Promise<void> {
    await waitFor(async () => (await this.eventMessages('journal.restored')).length > 0, {
      what: 'the definitions to be restored',
      timeoutMs: 30_000,
    });
    await waitFor(async () => !(await this.isQuarantined()), { what: 'the end of the quarantine' });
  }

  taskStarts(): number {
    return [...this.workers.values()]
      .flatMap(({ runner }) => runner.starts)
      .filter(({ unit }) => parseUnit(unit).kind === 'task').length;
  }

  async target(connector: string, state: 'STARTED' | 'PAUSED' | 'STOPPED'): Promise<void> {
    expect(await this.ask({ op: 'target', connector, state })).toMatchObject({ kind: 'done' });
  }
}

const test = base.extend<{ cluster: JournaledCluster }>({
  cluster: async ({ task }, use) => {
    const cluster = new JournaledCluster(under);
    await use(cluster);
    await cluster[Symbol.asyncDispose]();
    expect(cluster.watch.violations, task.name).toEqual([]);
    expect(cluster.watch.epochViolations, task.name).toEqual([]);
  },
});

describe.concurrent('a Redis that was emptied', () => {
  test('has everything again, and nothing moves', async ({ cluster }) => {
    await cluster.leader();
    await cluster.joinAll(3);
    await cluster.apply('orders', 6);
    await cluster.apply('prices', 3);
    await cluster.apply('stopped', 2);
    await cluster.running(11);
    await cluster.apply('orders', 7, { marker: 'second' });
    await cluster.target('prices', 'PAUSED');
    await cluster.target('stopped', 'STOPPED');
    await cluster.apply('gone', 1);
    await cluster.ask({ op: 'delete', connector: 'gone' });
    await waitFor(async () => !(await cluster.records()).connectors.has('gone'), {
      what: 'a deleted connector to be gone',
    });
    await waitFor(
      async () => (await cluster.tasks()).filter(({ state }) => state === 'claimed').length === 10,
      { what: 'ten tasks to be owned' },
    );
    await systemClock.sleep(2 * settling.quietMs);
    await cluster.agrees('orders', 'prices', 'stopped');
    const before = {
      holdings: await cluster.holdings(),
      ordinals: await cluster.ordinals(),
      connectors: (await cluster.records()).connectors,
      starts: cluster.taskStarts(),
    };

    await cluster.loseData();
    await cluster.afterLoss();
    await waitFor(
      async () => (await cluster.tasks()).filter(({ state }) => state === 'claimed').length === 10,
      { what: 'ten tasks to be owned again' },
    );

    expect(await cluster.holdings()).toEqual(before.holdings);
    expect(await cluster.ordinals()).toEqual(before.ordinals);
    expect(cluster.taskStarts()).toBe(before.starts);
    const { connectors } = await cluster.records();
    expect(connectors).toEqual(before.connectors);
    expect(connectors.get('prices')?.targetState).toBe('PAUSED');
    expect(connectors.get('stopped')?.targetState).toBe('STOPPED');

    // What is asked for afterwards goes on from there.
    await cluster.apply('orders', 5, { marker: 'third' });
    await cluster.apply('later', 1);
    await waitFor(async () => (await cluster.tasks('orders')).length === 5, {
      what: 'five tasks of orders',
    });
    const after = await cluster.records();
    expect(after.connectors.get('orders')).toMatchObject({ version: 3, taskEpoch: 3 });
    const highest = Math.max(
      ...Object.values(before.ordinals).map((each) => Number.parseInt(each)),
    );
    const later = after.units.find(({ unit }) => unit === 'connector/later');
    expect(later?.ordinal).toBeGreaterThan(highest);
  });

  test('several times over, and with all coordinators dead meanwhile', async ({ cluster }) => {
    const first = await cluster.leader();
    await cluster.joinAll(2);
    await cluster.apply('orders', 4);
    await cluster.running(4);
    await cluster.agrees('orders');
    const before = await cluster.ordinals();
    await cluster.loseData();
    await cluster.afterLoss();
    await cluster.running(4);
    await first.kill();
    await cluster.loseData();
    await cluster.leader();
    await cluster.afterLoss();
    await cluster.running(4);
    expect(await cluster.ordinals()).toEqual(before);
  });

  test('what was being deleted is not there again, its namesake is', async ({ cluster }) => {
    await cluster.leader();
    const [worker] = await cluster.joinAll(1);
    await cluster.apply('orders', 2);
    await cluster.apply('prices', 2);
    await cluster.running(4);
    // It never lets go, so both stay `deleting`.
    if (worker) worker.link = 'lost';
    await cluster.ask({ op: 'delete', connector: 'orders' });
    await cluster.ask({ op: 'delete', connector: 'prices' });
    await cluster.apply('prices', 1);
    const uid = (await cluster.records()).connectors.get('prices')?.uid;
    expect((await cluster.records()).connectors.get('orders')?.lifecycle).toBe('deleting');
    await cluster.loseData();
    if (worker) worker.link = 'open';
    await cluster.afterLoss();
    await cluster.running(1);
    const { connectors, units } = await cluster.records();
    expect([...connectors.keys()]).toEqual(['prices']);
    expect(connectors.get('prices')?.uid).toBe(uid);
    expect(units.map(({ unit }) => unit)).toEqual(['connector/prices', 'task/prices/0']);
    await waitFor(() => !cluster.journal.connectors.has('orders'), {
      what: 'the journal to forget it',
    });
  });

  test('a worker that is new gets nothing that one who was not heard may still do', async ({
    cluster,
  }) => {
    const before = await cluster.leader();
    const [old] = await cluster.joinAll(1);
    await cluster.apply('orders', 3);
    await cluster.running(3);
    await cluster.agrees('orders');
    await before.kill();
    if (old) old.heartbeatLink = 'lost';
    await cluster.loseData();
    await cluster.worker('new');
    // It never saw the data that is lost: that there was any, it knows from the journal.
    await cluster.leader();
    await waitFor(async () => await cluster.isQuarantined(), { what: 'a quarantine' });
    await cluster.running(3, (owners) => owners.every((owner) => owner === 'new'));
  });

  test('while the journal cannot be read: once it can', async ({ cluster }) => {
    await cluster.leader();
    await cluster.joinAll(2);
    await cluster.apply('orders', 4);
    await cluster.running(4);
    await cluster.agrees('orders');
    const before = await cluster.holdings();
    cluster.journal.isAway = true;
    await cluster.loseData();
    // Sent before the loss: whoever reads its assignments now finds none.
    const jobs = [...cluster.workers.values()].map(({ agent }) =>
      agent.jobs.refresh({ worker: '', incarnation: agent.incarnation, reason: 'test' }),
    );
    await Promise.all(jobs);
    await waitFor(async () => (await cluster.eventMessages('journal.away')).length > 0, {
      what: 'the outage to be told',
    });
    await systemClock.sleep(3_000);
    expect((await cluster.records()).connectors.size).toBe(0);
    cluster.journal.isAway = false;
    await cluster.afterLoss();
    await cluster.running(4);
    // They were quiet all the time, and go on in place.
    expect(await cluster.holdings()).toEqual(before);
  });
});

describe.concurrent('an older state of Redis that comes back', () => {
  test('is brought up to date: changes, deletions and task sets since', async ({ cluster }) => {
    await cluster.leader();
    await cluster.joinAll(3);
    await cluster.apply('orders', 6);
    await cluster.apply('deleted', 1);
    await cluster.apply('paused', 1);
    await cluster.running(8);
    await cluster.agrees('orders', 'deleted', 'paused');
    const restore = await cluster.saveData();
    await cluster.apply('orders', 9);
    await cluster.ask({ op: 'delete', connector: 'deleted' });
    await cluster.target('paused', 'PAUSED');
    await cluster.apply('created', 2);
    await waitFor(async () => (await cluster.tasks()).length === 12, { what: 'twelve tasks' });
    await waitFor(async () => (await cluster.tasks()).every(({ state }) => state === 'claimed'), {
      what: 'all tasks to be owned',
    });
    await systemClock.sleep(2 * settling.quietMs);
    await cluster.agrees('orders', 'paused', 'created');
    const before = { ordinals: await cluster.ordinals(), holdings: await cluster.holdings() };
    await restore();
    await cluster.afterLoss();
    await waitFor(
      async () => {
        const tasks = await cluster.tasks();
        return tasks.length === 12 && tasks.every(({ state }) => state === 'claimed');
      },
      { what: 'twelve tasks again' },
    );
    const { connectors } = await cluster.records();
    expect([...connectors.keys()].toSorted()).toEqual(['created', 'orders', 'paused']);
    expect(connectors.get('orders')).toMatchObject({ version: 2, taskEpoch: 2, taskCount: 9 });
    expect(connectors.get('paused')?.targetState).toBe('PAUSED');
    expect(await cluster.ordinals()).toEqual(before.ordinals);
    expect(await cluster.holdings()).toEqual(before.holdings);
  });
});

interface Step {
  readonly op: string;
  readonly ask: RequestBody;
  readonly becomes: (connectors: Awaited<ReturnType<BrainCluster['records']>>) => boolean;
}

const define = (tasks: number): RequestBody => ({
  op: 'apply',
  mode: 'upsert',
  definitions: [
    { name: 'orders', config: { 'connector.class': 'Clock', 'tasks.max': `${tasks}` } },
  ],
});

const steps: readonly Step[] = [
  {
    op: 'create',
    ask: { ...define(2), mode: 'create' } as RequestBody,
    becomes: (now) => tasksOf(now).length === 2,
  },
  { op: 'change', ask: define(3), becomes: (now) => tasksOf(now).length === 3 },
  {
    op: 'stop',
    ask: { op: 'target', connector: 'orders', state: 'STOPPED' },
    becomes: (now) => tasksOf(now).length === 0,
  },
  {
    op: 'start',
    ask: { op: 'target', connector: 'orders', state: 'STARTED' },
    becomes: (now) => tasksOf(now).length === 3,
  },
  {
    op: 'delete',
    ask: { op: 'delete', connector: 'orders' },
    becomes: (now) => !now.connectors.has('orders'),
  },
];

function tasksOf({ units }: { units: readonly UnitRecord[] }): UnitRecord[] {
  return units.filter(({ kind, state }) => kind === 'task' && state === 'claimed');
}

describe.concurrent('a leader that dies', () => {
  /** Where it dies, in the course of each step of a connector's life. */
  const deaths: Record<string, (cluster: JournaledCluster, leader: TestCoordinator) => void> = {
    'before it writes to the journal': ({ journal }, leader) => {
      journal.beforeWrite = () => {
        leader.link = 'lost';
        throw new Error('killed');
      };
    },
    'between journal and Redis': ({ journal }, leader) => {
      journal.beforeWrite = () => {
        leader.link = 'lost';
      };
    },
    'right after Redis, before it knows': ({ journal }, leader) => {
      journal.beforeWrite = () => {
        leader.link = 'unanswered';
      };
    },
  };

  test.for(Object.keys(deaths))(
    '%s, at each step of a connector: everything is done once, and answered',
    { timeout: 120_000 },
    async (death, { cluster }) => {
      await cluster.joinAll(2);
      let leader = await cluster.leader();
      for (const [index, { op, ask, becomes }] of steps.entries()) {
        await waitFor(() => leader.loop.leads, { what: `a leader to ${op}` });
        const requestId = newId();
        deaths[death]?.(cluster, leader);
        const asked = cluster.client.submit(ask, { timeoutMs: 30_000, requestId });
        await waitFor(() => leader.link !== 'open', { what: `the leader to die at ${op}` });
        await systemClock.sleep(50);
        cluster.journal.beforeWrite = undefined;
        await leader.kill();
        leader = await cluster.leader();
        // As it was decided first: created once, not refused as one that exists.
        expect(await asked, op).toMatchObject({ kind: 'done' });
        await waitFor(async () => await cluster.records(), {
          what: `${op} to take effect`,
          until: becomes,
          timeoutMs: 30_000,
        });
        const version = Math.min(index + 1, 2);
        const record = (await cluster.records()).connectors.get('orders');
        if (record) expect(record.version, op).toBe(version);
      }
      await waitFor(() => !cluster.journal.connectors.has('orders'), {
        what: 'the journal to forget it',
      });
    },
  );

  test('between journal and Redis, which then loses everything: the change is there, and answered', async ({
    cluster,
  }) => {
    await cluster.joinAll(1);
    const leader = await cluster.leader();
    await cluster.apply('orders', 1);
    await cluster.running(1);
    await cluster.agrees('orders');
    cluster.journal.beforeWrite = () => {
      leader.link = 'lost';
    };
    const asked = cluster.client.submit(define(3), { timeoutMs: 30_000 });
    await waitFor(() => leader.link === 'lost', { what: 'the leader to die' });
    await systemClock.sleep(50);
    cluster.journal.beforeWrite = undefined;
    await leader.kill();
    await cluster.loseData();
    await cluster.leader();
    expect(await asked).toMatchObject({
      kind: 'done',
      connectors: [{ name: 'orders', outcome: 'updated' }],
    });
    await cluster.running(3);
  });

  test('an older one that is still writing when the next has taken over is refused', async ({
    cluster,
  }) => {
    await cluster.joinAll(1);
    const older = await cluster.leader();
    await cluster.apply('orders', 1);
    await cluster.running(1);
    await cluster.agrees('orders');
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    cluster.journal.beforeWrite = () => held;
    const asked = cluster.client.submit(define(2), { timeoutMs: 30_000 });
    await waitFor(async () => (await cluster.store().pendingRequests(1)).length === 1, {
      what: 'the request to wait',
    });
    await systemClock.sleep(100);
    older.link = 'lost';
    await cluster.leader();
    await waitFor(() => cluster.coordinators.at(-1)?.loop.leads === true, {
      what: 'the next to lead',
      timeoutMs: 30_000,
    });
    await waitFor(() => cluster.coordinators.at(-1)?.loop.journalInStep === true, {
      what: 'it to have taken over the journal',
    });
    const { length } = cluster.journal.writes;
    release();
    cluster.journal.beforeWrite = undefined;
    expect(await asked).toMatchObject({ kind: 'done' });
    await cluster.running(2);
    const requests = cluster.journal.writes.slice(length).filter(({ request }) => request);
    expect(requests).toHaveLength(1);
    expect((await cluster.records()).connectors.get('orders')?.version).toBe(2);
  });
});

describe.concurrent('a journal that cannot be written', () => {
  test('requests wait, with the reason; failover does not; then they are applied in order', async ({
    cluster,
  }) => {
    await cluster.leader();
    await cluster.joinAll(3);
    await cluster.apply('orders', 6);
    await cluster.running(6);
    await cluster.agrees('orders');
    cluster.journal.isAway = true;
    expect(await cluster.ask(define(2), 2_000)).toMatchObject({
      kind: 'pending',
      reason: 'changes wait for the journal memory-configs: the log does not answer',
    });
    const second = cluster.ask({ op: 'target', connector: 'orders', state: 'PAUSED' }, 30_000);
    cluster.workers.get('w2')?.kill();
    await cluster.running(6, (owners) => !owners.includes('w2'));
    cluster.journal.isAway = false;
    expect(await second).toMatchObject({ kind: 'done' });
    await waitFor(async () => (await cluster.tasks('orders')).length === 2, { what: 'two tasks' });
    expect((await cluster.records()).connectors.get('orders')).toMatchObject({
      version: 2,
      targetState: 'PAUSED',
    });
    expect(await cluster.eventMessages('journal.back')).toHaveLength(1);
  });

  test('a leader that never could read it still moves what it finds in Redis', async ({
    cluster,
  }) => {
    const first = await cluster.leader();
    await cluster.joinAll(2);
    await cluster.apply('orders', 4);
    await cluster.running(4);
    await cluster.agrees('orders');
    cluster.journal.isAway = true;
    await first.kill();
    await cluster.leader();
    await waitFor(() => cluster.coordinators.at(-1)?.loop.leads === true, {
      what: 'the next to lead',
      timeoutMs: 30_000,
    });
    cluster.workers.get('w1')?.kill();
    await cluster.running(4, (owners) => owners.every((owner) => owner === 'w2'));
    expect(await cluster.ask({ op: 'delete', connector: 'orders' }, 300)).toMatchObject({
      kind: 'pending',
    });
    cluster.journal.isAway = false;
    await waitFor(async () => !(await cluster.records()).connectors.has('orders'), {
      what: 'the deletion to be applied',
      timeoutMs: 30_000,
    });
  });

  test('no task of a new set is granted before the set is in it', async ({ cluster }) => {
    await cluster.leader();
    const [worker] = await cluster.joinAll(1);
    if (worker) worker.runner.publishes = false;
    await cluster.apply('orders', 2);
    await waitFor(async () => (await cluster.records()).units[0]?.state === 'claimed', {
      what: 'the connector to run',
    });
    cluster.journal.isAway = true;
    worker?.runner.publishNow();
    await waitFor(async () => (await cluster.tasks()).length === 2, { what: 'the set' });
    await systemClock.sleep(500);
    expect((await cluster.tasks()).map(({ state }) => state)).toEqual(['free', 'free']);
    cluster.journal.isAway = false;
    await cluster.running(2);
    expect(cluster.journal.connectors.get('orders')?.value).toMatchObject({ taskEpoch: 1 });
  });

  test('a write whose answer was lost is found again, not made twice', async ({ cluster }) => {
    await cluster.leader();
    await cluster.joinAll(1);
    await cluster.apply('orders', 1);
    await cluster.running(1);
    await cluster.agrees('orders');
    cluster.journal.losesNextAnswer = true;
    expect(await cluster.ask(define(2), 30_000)).toMatchObject({
      kind: 'done',
      connectors: [{ outcome: 'updated' }],
    });
    await cluster.running(2);
    expect(cluster.journal.writes.filter(({ request }) => request)).toHaveLength(2);
    expect((await cluster.records()).connectors.get('orders')?.version).toBe(2);
  });

  test('a definition that it cannot hold is refused; others go on', async ({ cluster }) => {
    await cluster.leader();
    await cluster.joinAll(1);
    const config = { 'connector.class': 'Clock', secret: 'x'.repeat(200_000) };
    const definitions = [{ name: 'huge', config }];
    expect(await cluster.ask({ op: 'apply', mode: 'upsert', definitions })).toMatchObject({
      kind: 'refused',
      status: 400,
      code: 'connector.too_large',
    });
    await cluster.apply('orders', 1);
    await cluster.running(1);
    expect(JSON.stringify(await cluster.client.events(100))).not.toContain('xxx');
  });
});

describe.concurrent('a journal that is new to a cluster', () => {
  test('learns what there is, so that it can be restored', async ({ cluster }) => {
    const without = await cluster.coordinator();
    await cluster.joinAll(2);
    await cluster.apply('orders', 4);
    await cluster.running(4);
    await cluster.target('orders', 'PAUSED');
    await without.stop();
    await cluster.leader();
    await cluster.agrees('orders');
    const before = await cluster.ordinals();
    await cluster.loseData();
    await cluster.afterLoss();
    expect(await cluster.ordinals()).toEqual(before);
    expect((await cluster.records()).connectors.get('orders')?.targetState).toBe('PAUSED');
  });

  test('one that was deleted and made anew is filled again', async ({ cluster }) => {
    await cluster.leader();
    await cluster.joinAll(1);
    await cluster.apply('orders', 2);
    await cluster.apply('prices', 1);
    await cluster.running(3);
    await cluster.agrees('orders', 'prices');
    cluster.journal.replace();
    await cluster.apply('orders', 3);
    await cluster.running(4);
    await cluster.agrees('orders', 'prices');
  });

  test('written by a leader whose epoch is higher: the next term is above it', async ({
    cluster,
  }) => {
    // Redis lost its epoch, and its clock is behind.
    const ahead = (Date.now() + 3_600_000) * 1_000;
    cluster.journal.epoch = ahead;
    await cluster.leader();
    await cluster.joinAll(1);
    await cluster.apply('orders', 1);
    await cluster.running(1);
    expect(cluster.coordinators[0]?.loop.term?.epoch).toBeGreaterThan(ahead);
  });
});
