/** What a worker owns, kept equal to what the store says, in whatever order things happen. */
import { describe, expect, test } from 'vitest';

import { a, actor, World } from './owned-units-world.ts';

describe('starting', () => {
  test('a job claims, and runs what was claimed with what the claim said', async () => {
    const world = new World();
    world.store.grant(a, 7, { epoch: 3 });
    world.store.config = { topic: 'orders' };
    const answer = world.units.start(world.job(a, 7));
    await world.clock.advance(10);
    expect(await answer).toBe('claimed');
    expect(world.runner.running.get(a)).toEqual({
      unit: a,
      kind: 'task',
      connector: 'orders',
      task: 0,
      fence: 7,
      config: { topic: 'orders' },
      connectorType: 'source',
      targetState: 'STARTED',
      definitionVersion: 1,
      taskCount: 1,
    });
    expect(world.units.holding()).toEqual([{ unit: a, uid: 'uid', epoch: 3, fence: 7 }]);
    expect(world.units.size).toBe(1);
  });

  test('a burst of jobs is one claim', async () => {
    const world = new World();
    const units = Array.from({ length: 20 }, (_, number) => `task/orders/${number}`);
    for (const unit of units) world.store.grant(unit, 1);
    const answers = units.map((unit) => world.units.start(world.job(unit, 1)));
    await world.clock.advance(10);
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['claimed']));
    expect(world.store.callsOf('claim')).toHaveLength(1);
  });

  test('a job that is doubled runs the unit once', async () => {
    const world = new World();
    world.store.grant(a, 7);
    const answers = [world.units.start(world.job(a, 7)), world.units.start(world.job(a, 7))];
    await world.clock.advance(10);
    expect(await Promise.all([...answers, world.units.start(world.job(a, 7))])).toEqual([
      'claimed',
      'claimed',
      'claimed',
    ]);
    expect(world.log).toEqual(['run task/orders/0 7']);
  });

  test.each([
    ['of a former incarnation', (world: World) => world.job(a, 7, 'w1#0')],
    ['with an old fence', (world: World) => world.job(a, 6)],
    ['of a unit that is another’s', (world: World) => world.job('task/orders/9', 7)],
  ])('a job %s is stale', async (_what, job) => {
    const world = new World();
    world.store.grant(a, 7);
    const answer = world.units.start(job(world));
    await world.clock.advance(10);
    expect(await answer).toBe('stale');
    expect(world.log).toEqual([]);
  });

  test('without any job the assignments are enough', async () => {
    const world = new World();
    await world.owns(a, 'task/orders/1');
    expect(world.log).toEqual(['run task/orders/0 1', 'run task/orders/1 1']);
    // Nothing new: nothing is read.
    await world.beat();
    expect(world.store.callsOf('assignments')).toHaveLength(1);
  });

  test('a claim that gets no answer is made again with the next beat', async () => {
    const world = new World();
    world.store.grant(a, 1);
    world.store.loseAnswers('claim');
    await world.beat();
    expect(world.log).toEqual([]);
    await world.beat();
    expect(world.log).toEqual(['run task/orders/0 1']);
  });

  test('assignments that cannot be read are read with the next beat', async () => {
    const world = new World();
    world.store.grant(a, 1);
    world.store.fail('assignments');
    await world.beat();
    await world.beat();
    expect(world.log).toEqual(['run task/orders/0 1']);
  });
});

describe('stopping', () => {
  test('what is revoked stops, then is released, then the leader is woken', async () => {
    const world = new World();
    await world.owns(a);
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    world.store.revoke(a);
    await world.beat();
    expect(world.log).toEqual(['run task/orders/0 1', 'stop task/orders/0 1']);
    expect(world.store.callsOf('release')).toEqual([]);
    resolve();
    await world.clock.advance(50);
    expect(world.store.units.size).toBe(0);
    expect(world.units.size).toBe(0);
    expect(world.wakeUps).toEqual(['w1 released task/orders/0']);
    expect(world.store.callsOf('assignments')).toHaveLength(2);
  });

  test('what is gone from the assignments stops', async () => {
    const world = new World();
    await world.owns(a);
    world.store.units.delete(a);
    world.store.revision++;
    await world.beat();
    expect(world.runner.running.size).toBe(0);
    expect(world.units.size).toBe(0);
  });

  test.each([
    { what: 'another data set', state: { dataset: 'another' } },
    { what: 'a quarantine', state: { quarantined: true } },
  ])(
    'assignments of $what do not count: nothing stops, and they are read again',
    async ({ state }) => {
      const world = new World();
      await world.owns(a);
      Object.assign(world.store, state);
      world.store.units.delete(a);
      world.store.revision++;
      await world.beat();
      expect([...world.runner.running.keys()]).toEqual([a]);
      await expect(world.units.confirm()).rejects.toMatchObject({ code: 'store.data_lost' });
      world.store.grant(a, 1, { state: 'claimed' });
      Object.assign(world.store, { dataset: 'data', quarantined: false });
      await world.beat();
      await world.units.confirm();
      expect(world.log).toEqual(['run task/orders/0 1']);
    },
  );

  test('what is another connector’s by now stops, and runs as that one’s', async () => {
    const world = new World();
    await world.owns(a);
    world.store.grant(a, 1, { uid: 'another', state: 'claimed' });
    await world.beat();
    expect(world.log).toContain('stop task/orders/0 1');
    world.store.grant(a, 2, { uid: 'another' });
    await world.beat();
    expect(world.units.holding()).toMatchObject([{ unit: a, uid: 'another', fence: 2 }]);
  });

  test('what is revoked before it ever ran here is only released', async () => {
    const world = new World();
    world.store.grant(a, 1, { state: 'revoking' });
    await world.beat();
    expect(world.log).toEqual([]);
    expect(world.store.units.size).toBe(0);
    expect(world.wakeUps).toEqual(['w1 looks']);
  });

  test('… and when that release gets lost it is made again', async () => {
    const world = new World();
    world.store.grant(a, 1, { state: 'revoking' });
    world.store.fail('release');
    await world.beat();
    expect(world.store.units.size).toBe(1);
    await world.beat();
    expect(world.store.units.size).toBe(0);
  });

  test('a release that gets lost is made again; the unit stays ours, and stopped, until then', async () => {
    const world = new World();
    await world.owns(a);
    world.store.fail('release', 3);
    world.store.revoke(a);
    await world.beat();
    expect(world.units.size).toBe(1);
    expect(world.runner.running.size).toBe(0);
    await world.clock.advance(1_000);
    expect(world.units.size).toBe(0);
    expect(world.store.units.size).toBe(0);
    expect(world.runner.countOf('stop')).toBe(1);
  });

  test('a unit that is given back to us while its release gets no answer runs again', async () => {
    const world = new World();
    await world.owns(a);
    world.store.loseAnswers('release');
    world.store.revoke(a);
    await world.beat();
    // Released, though we do not know; granted to us anew, and the beat and the job say so too early.
    world.store.grant(a, 2);
    await world.beat();
    expect(await world.units.start(world.job(a, 2))).toBe('stale');
    await world.clock.advance(1_000);
    expect(world.log).toEqual([
      'run task/orders/0 1',
      'stop task/orders/0 1',
      'run task/orders/0 2',
    ]);
  });
});

describe('answers that come late', () => {
  test('a unit that is given back to us before we hear that it is released runs again', async () => {
    const world = new World();
    await world.owns(a);
    const tell = world.store.hold('release');
    world.store.revoke(a);
    await world.beat();
    world.store.grant(a, 2);
    await world.beat();
    tell();
    await world.clock.advance(50);
    expect(world.runner.running.get(a)?.fence).toBe(2);
  });

  test('a unit that a job claimed after the question is not stopped by the older answer', async () => {
    const world = new World();
    const tell = world.store.hold('assignments');
    world.units.beatAcknowledged(2, 'up');
    await world.clock.advance(10);
    world.store.grant(a, 7);
    const answer = world.units.start(world.job(a, 7));
    await world.clock.advance(10);
    expect(await answer).toBe('claimed');
    tell();
    await world.clock.advance(50);
    expect(world.log).toEqual(['run task/orders/0 7']);
  });

  test('a unit that got another fence after the question is not stopped by the older answer', async () => {
    const world = new World();
    await world.owns(a);
    const tell = world.store.hold('assignments');
    world.store.revision++;
    world.units.beatAcknowledged(world.store.revision, 'up');
    await world.clock.advance(10);
    expect(await world.units.refence([{ unit: a, fence: 1 }])).toEqual(new Map([[a, 1_001]]));
    tell();
    await world.clock.advance(50);
    expect(world.log).toEqual(['run task/orders/0 1']);
    expect(world.units.holding()).toMatchObject([{ fence: 1_001 }]);
  });

  test('a claim that is answered after the worker was fenced runs nothing', async () => {
    const world = new World();
    world.store.grant(a, 7);
    const tell = world.store.hold('claim');
    const answer = world.units.start(world.job(a, 7));
    await world.clock.advance(10);
    // The executors take their time to end, and the incarnation is still the old one.
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.abandoning = promise;
    const abandoned = world.units.abandon();
    tell();
    await world.clock.advance(10);
    expect(await answer).toBe('stale');
    resolve();
    await abandoned;
    expect(world.log).toEqual(['abandon']);
    expect(world.units.size).toBe(0);
  });

  test('assignments that are answered after the worker was fenced start nothing', async () => {
    const world = new World();
    world.store.grant(a, 7);
    const tell = world.store.hold('assignments');
    world.units.beatAcknowledged(2, 'up');
    await world.clock.advance(10);
    await world.units.abandon();
    world.incarnation = 'w1#2';
    world.store.units.clear();
    tell();
    await world.clock.advance(50);
    expect(world.log).toEqual(['abandon']);
    expect(world.store.callsOf('claim')).toEqual([]);
  });

  test('a wake-up that comes during a reconciliation makes another follow', async () => {
    const world = new World();
    const tell = world.store.hold('assignments');
    world.units.beatAcknowledged(2, 'up');
    await world.clock.advance(10);
    world.store.grant(a, 7);
    await world.units.refresh({ worker: 'w1', incarnation: 'w1#1', reason: 'any' });
    await world.units.refresh({ worker: 'w1', incarnation: 'w1#0', reason: 'of another life' });
    tell();
    await world.clock.advance(50);
    expect(world.log).toEqual(['run task/orders/0 7']);
    expect(world.store.callsOf('assignments')).toHaveLength(2);
  });
});

describe('new fences', () => {
  test('what changes while a fence is being replaced is done afterwards', async () => {
    const world = new World();
    await world.owns(a);
    const tell = world.store.hold('refence');
    const refencing = world.units.refence([{ unit: a, fence: 1 }]);
    world.store.change({ targetState: 'PAUSED' });
    await world.beat();
    expect(world.runner.countOf('update')).toBe(0);
    tell();
    await refencing;
    await world.clock.advance(50);
    expect(world.log).toEqual(['run task/orders/0 1', 'update task/orders/0 PAUSED v1']);
    expect(world.runner.running.get(a)?.fence).toBe(1_001);
  });

  test('when the answer gets lost, the unit is claimed under its new fence and started anew', async () => {
    const world = new World();
    await world.owns(a);
    world.store.loseAnswers('refence');
    await expect(world.units.refence([{ unit: a, fence: 1 }])).rejects.toThrow('does not answer');
    await world.beat();
    expect(world.units.holding()).toMatchObject([{ unit: a, fence: 1_001 }]);
    expect(world.log).toEqual([
      'run task/orders/0 1',
      'stop task/orders/0 1',
      'run task/orders/0 1001',
    ]);
  });

  test('… also when the repeated call is refused before any beat', async () => {
    const world = new World();
    await world.owns(a);
    world.store.loseAnswers('refence');
    const asked = [{ unit: a, fence: 1 }];
    await expect(world.units.refence(asked)).rejects.toThrow('does not answer');
    expect(await world.units.refence(asked)).toEqual(new Map());
    // The runner was told that it is not ours, and has dropped it.
    world.runner.running.delete(a);
    await world.clock.advance(50);
    expect(world.runner.running.get(a)?.fence).toBe(1_001);
  });

  test('what is not ours, stops, or has another fence is not asked for', async () => {
    const world = new World();
    await world.owns(a, 'task/orders/1');
    world.runner.stopping = new Promise(() => {});
    world.store.revoke(a);
    await world.beat();
    const fences = await world.units.refence([
      { unit: a, fence: 1 },
      { unit: 'task/orders/1', fence: 2 },
      { unit: 'task/orders/2', fence: 1 },
    ]);
    expect(fences).toEqual(new Map());
    expect(world.store.callsOf('refence')).toEqual([]);
  });

  test('a drain that begins meanwhile releases under the fence that it has in the end', async () => {
    const world = new World();
    await world.owns(a);
    const tell = world.store.hold('refence');
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    const refencing = world.units.refence([{ unit: a, fence: 1 }]);
    world.units.drain();
    tell();
    await refencing;
    resolve();
    await world.clock.advance(50);
    expect(world.store.units.size).toBe(0);
    expect(world.units.size).toBe(0);
  });
});

describe('what its connector wants', () => {
  test('a pause and a resume reach the runner, once each', async () => {
    const world = new World();
    await world.owns(a);
    world.store.change({ targetState: 'PAUSED' });
    await world.beat();
    await world.beat();
    world.store.change({ targetState: 'STARTED' });
    await world.beat();
    expect(world.log.slice(1)).toEqual([
      'update task/orders/0 PAUSED v1',
      'update task/orders/0 STARTED v1',
    ]);
  });

  test('a new definition reaches a connector, with its configuration; a task waits for its own', async () => {
    const world = new World();
    await world.owns(actor, a);
    world.store.change({ definitionVersion: 2, config: { everyMs: '5' } });
    await world.beat();
    expect(world.log.slice(2)).toEqual(['update connector/orders STARTED v2']);
    expect(world.runner.running.get(actor)?.config).toEqual({ everyMs: '5' });
  });

  test('a restart that is asked for is done once; counting again from less is no restart', async () => {
    const world = new World();
    await world.owns(a);
    const restarts = async (count: number): Promise<void> => {
      world.store.grant(a, 1, { state: 'claimed', restarts: count });
      await world.beat();
    };
    await restarts(1);
    await restarts(1);
    expect(world.runner.countOf('restart')).toBe(1);
    await restarts(0);
    expect(world.runner.countOf('restart')).toBe(1);
    await restarts(1);
    expect(world.runner.countOf('restart')).toBe(2);
  });

  test('what was asked for before it was claimed is no restart', async () => {
    const world = new World();
    world.store.grant(a, 1, { restarts: 4 });
    await world.beat();
    await world.beat();
    expect(world.runner.countOf('restart')).toBe(0);
  });
});

describe('draining', () => {
  test('everything stops at once and is given back; nothing more is taken', async () => {
    const world = new World();
    await world.owns(a, 'task/orders/1');
    await world.beat('draining');
    expect(world.store.units.size).toBe(0);
    expect(await world.units.start(world.job(a, 2))).toBe('draining');
    world.store.grant(a, 2);
    await world.beat('draining');
    expect(world.runner.countOf('run')).toBe(2);
    expect(world.units.isDraining).toBe(true);
  });

  test('what was claimed without our knowing is taken, stopped and given back', async () => {
    const world = new World();
    world.store.grant(a, 1, { state: 'claimed' });
    await world.beat('draining');
    expect(world.log).toEqual(['run task/orders/0 1', 'stop task/orders/0 1']);
    expect(world.store.units.size).toBe(0);
  });

  test('it has drained once nothing is owned, or when it is given up', async () => {
    const world = new World();
    await world.owns(a);
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    world.units.drain();
    const giveUp = new AbortController();
    let given = '';
    void world.units.drained(giveUp.signal).then(() => (given += 'given up'));
    await world.clock.advance(1_000);
    expect(given).toBe('');
    giveUp.abort();
    await world.clock.advance(0);
    expect(given).toBe('given up');
    resolve();
    await world.clock.advance(50);
    await world.units.drained(new AbortController().signal);
    expect(world.units.size).toBe(0);
  });
});

describe('reports', () => {
  const running = { state: 'RUNNING', attempts: 1 } as const;

  test('statuses of the same time go together, the last of each unit only', async () => {
    const world = new World();
    await world.owns(a, 'task/orders/1');
    world.units.reported(a, 1, running);
    world.units.reported('task/orders/1', 1, running);
    world.units.reported(a, 1, { state: 'FAILED', attempts: 1, trace: 'it broke' });
    await world.clock.advance(10);
    expect(world.store.callsOf('report')).toHaveLength(1);
    expect([...world.store.statuses]).toEqual([
      [a, 'FAILED'],
      ['task/orders/1', 'RUNNING'],
    ]);
  });

  test('those that get lost are told with the next beat, or what is newer by then', async () => {
    const world = new World();
    await world.owns(a);
    world.store.fail('report');
    world.units.reported(a, 1, running);
    await world.clock.advance(10);
    expect(world.store.statuses.size).toBe(0);
    world.store.fail('report');
    world.units.reported(a, 1, { state: 'RESTARTING', attempts: 2 });
    await world.clock.advance(10);
    await world.beat();
    expect(world.store.statuses.get(a)).toBe('RESTARTING');
    const calls = world.store.callsOf('report').length;
    await world.beat();
    expect(world.store.callsOf('report')).toHaveLength(calls);
  });

  test('one under an old fence is refused and dropped', async () => {
    const world = new World();
    await world.owns(a);
    world.units.reported(a, 0, running);
    await world.clock.advance(10);
    await world.beat();
    expect(world.store.statuses.size).toBe(0);
    expect(world.store.callsOf('report')).toHaveLength(1);
  });
});

describe('publications', () => {
  const configs = [{ number: '0' }];

  test('they carry the connector’s fence of now', async () => {
    const world = new World();
    await world.owns(actor);
    await world.units.refence([{ unit: actor, fence: 1 }]);
    world.units.taskConfigs('orders', 1, 3, configs);
    await world.clock.advance(10);
    expect(world.store.published).toEqual([
      {
        connector: 'orders',
        uid: 'uid',
        worker: 'w1',
        incarnation: 'w1#1',
        fence: 1_001,
        definitionVersion: 3,
        configs,
      },
    ]);
    expect(world.wakeUps).toEqual(['w1 published tasks of orders']);
  });

  test('one that gets lost is kept until it is known to be stored', async () => {
    const world = new World();
    await world.owns(actor);
    world.store.fail('publishTasks', 2);
    world.units.taskConfigs('orders', 1, 1, configs);
    await world.clock.advance(10);
    await world.beat();
    expect(world.store.published).toEqual([]);
    await world.beat();
    expect(world.store.published).toHaveLength(1);
    await world.beat();
    expect(world.store.published).toHaveLength(1);
  });

  test('one that gets lost does not come back over a newer one', async () => {
    const world = new World();
    await world.owns(actor);
    world.store.loseAnswers('publishTasks');
    const tell = world.store.hold('publishTasks');
    world.units.taskConfigs('orders', 1, 1, configs);
    world.units.taskConfigs('orders', 1, 1, [...configs, { number: '1' }]);
    await world.clock.advance(10);
    expect(world.store.published).toHaveLength(2);
    tell();
    await world.beat();
    await world.beat();
    expect(world.store.published.map((each) => each.configs.length)).toEqual([1, 2]);
  });

  test('one that gets lost is not told of another connector of that name', async () => {
    const world = new World();
    await world.owns(actor);
    world.store.loseAnswers('publishTasks');
    const tell = world.store.hold('publishTasks');
    world.units.taskConfigs('orders', 1, 1, configs);
    await world.clock.advance(10);
    // Deleted, and created anew.
    world.store.revoke(actor);
    await world.beat();
    world.store.grant(actor, 2);
    await world.beat();
    tell();
    await world.beat();
    await world.beat();
    expect(world.units.holding()).toMatchObject([{ unit: actor, fence: 2 }]);
    expect(world.store.published.map(({ fence }) => fence)).toEqual([1]);
  });

  test('of a connector that is not ours, or stops, nothing is published', async () => {
    const world = new World();
    world.units.taskConfigs('logs', 1, 1, configs);
    await world.owns(actor);
    world.runner.stopping = new Promise(() => {});
    world.store.revoke(actor);
    await world.beat();
    world.units.taskConfigs('orders', 1, 1, configs);
    await world.beat();
    expect(world.store.published).toEqual([]);
  });

  test('one that is outdated is not tried again, and wakes nobody', async () => {
    const world = new World();
    await world.owns(actor);
    world.store.publishAnswer = 'stale';
    world.units.taskConfigs('orders', 1, 1, configs);
    await world.beat();
    await world.beat();
    expect(world.store.published).toHaveLength(1);
    expect(world.wakeUps).toEqual([]);
  });
});

describe('after the store lost us', () => {
  test('what is not ours any more has stopped before it is confirmed; the rest goes on', async () => {
    const world = new World();
    await world.owns(a, 'task/orders/1');
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    world.store.units.delete(a);
    let isConfirmed = false;
    void world.units.confirm().then(() => (isConfirmed = true));
    await world.clock.advance(100);
    expect(isConfirmed).toBe(false);
    resolve();
    await world.clock.advance(50);
    expect(isConfirmed).toBe(true);
    expect([...world.runner.running.keys()]).toEqual(['task/orders/1']);
    expect(world.runner.countOf('run')).toBe(2);
  });

  test('a unit under a lower fence than ours stops, too: the store has gone back', async () => {
    const world = new World();
    world.store.grant(a, 9);
    await world.beat();
    world.store.grant(a, 5, { state: 'revoking' });
    const confirming = world.units.confirm();
    await world.clock.advance(50);
    await confirming;
    expect(world.runner.running.size).toBe(0);
    await world.clock.advance(50);
    // Nobody waits for it any more.
    expect(world.store.units.size).toBe(0);
  });

  test('it says again how its units are, and what tasks its connectors want', async () => {
    const world = new World();
    await world.owns(actor, a);
    world.units.reported(a, 1, { state: 'RUNNING', attempts: 1 });
    world.units.taskConfigs('orders', 1, 1, [{ number: '0' }]);
    await world.clock.advance(10);
    world.store.statuses.clear();
    world.store.published.length = 0;
    const confirming = world.units.confirm();
    await world.clock.advance(50);
    await confirming;
    await world.beat();
    expect([...world.store.statuses]).toEqual([[a, 'RUNNING']]);
    expect(world.store.published).toMatchObject([{ configs: [{ number: '0' }] }]);
  });

  test('without an answer nothing is confirmed', async () => {
    const world = new World();
    await world.owns(a);
    world.store.fail('assignments');
    await expect(world.units.confirm()).rejects.toThrow('does not answer');
    expect(world.runner.running.size).toBe(1);
  });

  test('abandoned, it holds nothing and owes nothing', async () => {
    const world = new World();
    await world.owns(actor, a);
    world.store.fail('report');
    world.store.fail('publishTasks');
    world.units.reported(a, 1, { state: 'RUNNING', attempts: 1 });
    world.units.taskConfigs('orders', 1, 1, []);
    await world.clock.advance(10);
    await world.units.abandon();
    world.incarnation = 'w1#2';
    world.store.units.clear();
    await world.beat();
    expect(world.units.holding()).toEqual([]);
    expect(world.store.callsOf('report')).toHaveLength(1);
    expect(world.store.callsOf('release')).toEqual([]);
    expect(world.store.published).toEqual([]);
  });

  test('a unit that was being stopped when all was taken is not released', async () => {
    const world = new World();
    await world.owns(a);
    const { promise, resolve } = Promise.withResolvers<void>();
    world.runner.stopping = promise;
    world.store.revoke(a);
    await world.beat();
    await world.units.abandon();
    resolve();
    await world.clock.advance(1_000);
    expect(world.store.callsOf('release')).toEqual([]);
  });
});

test('the leader is woken once for what happens at about the same time', async () => {
  const world = new World();
  await world.owns(a, 'task/orders/1', 'task/orders/2');
  await world.beat('draining');
  expect(world.wakeUps).toEqual(['w1 released task/orders/0 and 2 more']);
});
