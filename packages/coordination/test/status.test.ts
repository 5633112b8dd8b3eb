import { describe, expect, test } from 'vitest';
import type { Look } from '../src/cluster-looks.ts';
import type { ConnectorRecord, MemberRecord, StatusReport, UnitRecord } from '../src/model.ts';
import { timingProfiles } from '../src/profile.ts';
import type { ClusterSnapshot, UnitView } from '../src/snapshot.ts';
import { deriveConnector, deriveSnapshot } from '../src/status.ts';
import { actor, connector, member, ownedBy, type Records, task, viewOf } from './records.ts';

const profile = timingProfiles.default;
const w1 = member('w1');
const running: StatusReport = {
  state: 'RUNNING',
  sinceMs: 9_000,
  attempts: 1,
  executor: 'shared-0',
};

function lookAt(records: Records, beatAgesMs: Record<string, number> = {}): Look {
  const fresh = Object.fromEntries((records.members ?? []).map(({ worker }) => [worker, 100]));
  return {
    view: viewOf(records),
    beatAgesMs: new Map(Object.entries({ ...fresh, ...beatAgesMs })),
    leader: { coordinator: 'c1', epoch: 7, leaseLeftMs: 3_000 },
    version: 1,
  };
}

/** Of each connector it says what is said of that one alone, too. */
function snapshot(records: Records, beatAgesMs: Record<string, number> = {}): ClusterSnapshot {
  const look = lookAt(records, beatAgesMs);
  const whole = deriveSnapshot(look, profile);
  for (const { name } of records.connectors ?? []) {
    const alone = deriveConnector(name, look, profile);
    const listed = whole.connectors.get(name);
    expect(alone).toEqual(listed && { ...listed, plugins: whole.plugins });
  }
  return whole;
}

/** The only task of the connector `orders`. */
function taskView(
  unit: Partial<UnitRecord>,
  { owner = w1, beatAgeMs = 100 }: { owner?: MemberRecord; beatAgeMs?: number } = {},
): UnitView | undefined {
  const records = {
    members: [owner],
    connectors: [connector('orders')],
    units: [task('orders', 0, unit)],
  };
  return snapshot(records, { [owner.worker]: beatAgeMs }).connectors.get('orders')?.tasks[0];
}

describe('the state of a task', () => {
  test('free: it waits for a worker', () => {
    expect(taskView({})).toStrictEqual({
      unit: 'task/orders/0',
      connector: 'orders',
      task: 0,
      state: 'UNASSIGNED',
      workerId: '',
      fence: 0,
      attempts: 0,
      stalled: false,
      reason: 'waits for a worker that has its plugin',
    });
  });

  test('free while no worker takes any: it says so', () => {
    expect(taskView({}, { owner: { ...w1, state: 'draining' } })).toMatchObject({
      reason: 'waits for a worker: all that are up are being drained',
    });
    expect(taskView({}, { beatAgeMs: 10_000 })).toMatchObject({
      reason: 'waits for a worker: none is up',
    });
  });

  test.each<[string, readonly MemberRecord[], string]>([
    [
      'all are cordoned',
      ['w1', 'w2', 'w3', 'w4'].map((name) => member(name, { cordoned: true })),
      ': every worker that is up is cordoned: sluice uncordon w1 w2 w3 …',
    ],
    [
      'the others are being drained',
      [member('w1', { cordoned: true }), member('w2', { state: 'draining' })],
      ': every worker that is up is cordoned or being drained: sluice uncordon w1',
    ],
    [
      'another one takes work',
      [member('w1', { cordoned: true }), member('w2')],
      ' that has its plugin (cordoned: w1)',
    ],
    [
      'the cordoned one is being drained',
      [member('w1', { cordoned: true, state: 'draining' })],
      ': all that are up are being drained',
    ],
  ])('free, and %s: it says so by name', (_what, members, reason) => {
    const records = { members, connectors: [connector('orders')], units: [task('orders', 0)] };
    const ages = Object.fromEntries(members.map(({ worker }) => [worker, 100]));
    const view = snapshot(records, ages).connectors.get('orders')?.tasks[0];
    expect(view?.reason).toBe(`waits for a worker${reason}`);
  });

  test('free, and not in the journal yet: it says so', () => {
    const reason = (record: Partial<ConnectorRecord>): string | undefined =>
      snapshot({
        members: [w1],
        connectors: [connector('orders', record)],
        units: [task('orders', 0)],
      }).connectors.get('orders')?.tasks[0]?.reason;
    expect(reason({ journaledEpoch: 0 })).toBe(
      'waits for a worker that has its plugin, or for the journal of definitions',
    );
    expect(reason({ journaledEpoch: 1 })).toBe('waits for a worker that has its plugin');
    expect(reason({})).toBe('waits for a worker that has its plugin');
  });

  test('a connector’s own unit never waits for the journal', () => {
    const records = {
      members: [w1],
      connectors: [connector('orders', { journaledEpoch: 0 })],
      units: [actor('orders', { epoch: 1 })],
    };
    expect(snapshot(records).connectors.get('orders')?.connector.reason).toBe(
      'waits for a worker that has its plugin',
    );
  });

  test('free again: its last worker is still named', () => {
    expect(taskView({ lastWorker: 'w1' })).toMatchObject({ workerId: 'w1.example:8084' });
    expect(taskView({ lastWorker: 'gone' })).toMatchObject({ workerId: 'gone' });
  });

  test('granted: it waits for the worker to take it', () => {
    expect(taskView(ownedBy(w1, { state: 'granted' }))).toMatchObject({
      state: 'UNASSIGNED',
      worker: 'w1',
      reason: 'waits for w1 to take it',
    });
  });

  test('claimed, nothing reported: it is starting', () => {
    expect(taskView(ownedBy(w1))).toMatchObject({
      state: 'UNASSIGNED',
      reason: 'starting on w1',
    });
  });

  test.each(['RUNNING', 'PAUSED', 'FAILED', 'RESTARTING'] as const)(
    'what was reported: %s',
    (state) => {
      const status = {
        ...running,
        state,
        trace: 'Error: it broke',
        nextRetryAtMs: 12_000,
        attempts: 3,
        version: '1.2.0',
      };
      expect(taskView(ownedBy(w1, { status }))).toStrictEqual({
        unit: 'task/orders/0',
        connector: 'orders',
        task: 0,
        state,
        worker: 'w1',
        workerId: 'w1.example:8084',
        fence: 100,
        sinceMs: 9_000,
        attempts: 3,
        stalled: false,
        nextRetryAtMs: 12_000,
        trace: 'Error: it broke',
        executor: 'shared-0',
        version: '1.2.0',
      });
    },
  );

  test('revoked: as reported, on its way', () => {
    expect(taskView(ownedBy(w1, { state: 'revoking', status: running }))).toMatchObject({
      state: 'RUNNING',
      reason: 'moving away from w1',
    });
  });

  test('its executor does not answer: stalled, whatever it said last', () => {
    expect(taskView(ownedBy(w1, { status: { ...running, stalled: true } }))).toMatchObject({
      state: 'RUNNING',
      stalled: true,
      reason: 'its executor does not answer',
    });
  });
});

describe('a status never lies', () => {
  const status: StatusReport = { ...running, trace: 'old', nextRetryAtMs: 1, stalled: true };
  const nothingOfIt = {
    state: 'UNASSIGNED',
    worker: 'w1',
    attempts: 0,
    stalled: false,
  };

  test.each([
    ['dead', member('w1', { state: 'dead' }), 'w1 died; being reassigned'],
    ['another process by now', member('w1', { incarnation: 'w1#2' }), 'w1 died; being reassigned'],
    ['gone', member('w2'), 'w1 died; being reassigned'],
  ])('the owner is %s: its tasks are not RUNNING', (_what, owner, reason) => {
    const view = taskView(ownedBy(w1, { status }), { owner });
    expect(view).toMatchObject({ ...nothingOfIt, reason });
    expect(view).not.toHaveProperty('trace');
    expect(view).not.toHaveProperty('sinceMs');
    expect(view).not.toHaveProperty('executor');
    expect(view).not.toHaveProperty('nextRetryAtMs');
  });

  test('the owner’s beats stopped: not RUNNING, also if no leader lives to declare it dead', () => {
    const unit = ownedBy(w1, { status });
    const { killAfterMs } = profile;
    expect(taskView(unit, { beatAgeMs: killAfterMs })).toMatchObject({ state: 'RUNNING' });
    expect(taskView(unit, { beatAgeMs: killAfterMs + 1 })).toMatchObject({
      ...nothingOfIt,
      reason: 'w1 has not answered for 3.0 s',
    });
  });

  test('the owner has no beat at all', () => {
    expect(
      taskView(ownedBy(w1, { status }), { beatAgeMs: Number.POSITIVE_INFINITY }),
    ).toMatchObject({ ...nothingOfIt, reason: 'w1 has not answered at all' });
  });

  test('a draining owner still runs what it has', () => {
    const owner = member('w1', { state: 'draining' });
    expect(taskView(ownedBy(w1, { status }), { owner })).toMatchObject({ state: 'RUNNING' });
  });
});

describe('a connector', () => {
  test('shows its own unit and the tasks that are wanted, sorted by number', () => {
    const records = {
      members: [w1],
      connectors: [connector('orders')],
      units: [
        task('orders', 10),
        task('orders', 2, ownedBy(w1, { status: running })),
        task('orders', 11, { retired: true }),
        actor('orders', ownedBy(w1, { heldEpoch: 0, status: running })),
        task('logs', 0),
      ],
    };
    const view = snapshot(records).connectors.get('orders');
    expect(view?.connector).toMatchObject({ unit: 'connector/orders', state: 'RUNNING' });
    expect(view?.connector).not.toHaveProperty('task');
    expect(view?.tasks.map((each) => each.task)).toEqual([2, 10]);
  });

  test('whose unit is missing waits for the leader', () => {
    const view = snapshot({ connectors: [connector('orders')] }).connectors.get('orders');
    expect(view?.connector).toMatchObject({ state: 'UNASSIGNED', reason: 'waits for the leader' });
    const stopped = connector('orders', { targetState: 'STOPPED' });
    expect(snapshot({ connectors: [stopped] }).connectors.get('orders')?.connector.state).toBe(
      'STOPPED',
    );
  });

  test('that is stopped says so, and not what its unit said before', () => {
    const records = {
      members: [w1],
      connectors: [connector('orders', { targetState: 'STOPPED' })],
      units: [
        actor('orders', ownedBy(w1, { status: { ...running, state: 'FAILED', trace: 'old' } })),
      ],
    };
    const unit = snapshot(records).connectors.get('orders')?.connector;
    expect(unit).toMatchObject({ state: 'STOPPED', worker: 'w1' });
    expect(unit).not.toHaveProperty('trace');
  });

  test('that is to stop shows a task that still runs as running', () => {
    const records = {
      members: [w1],
      connectors: [connector('orders', { targetState: 'STOPPED' })],
      units: [task('orders', 0, ownedBy(w1, { status: running }))],
    };
    expect(snapshot(records).connectors.get('orders')?.tasks[0]?.state).toBe('RUNNING');
  });

  test('that is being deleted is not shown; the others are sorted by name', () => {
    const records = {
      connectors: [connector('b'), connector('a'), connector('gone', { lifecycle: 'deleting' })],
    };
    expect([...snapshot(records).connectors.keys()]).toEqual(['a', 'b']);
  });
});

describe('workers', () => {
  test('are sorted by slot, with what they own', () => {
    const w2 = member('w2');
    const records = {
      members: [w2, w1],
      connectors: [connector('orders')],
      units: [
        task('orders', 0, ownedBy(w2)),
        task('orders', 1, ownedBy(w1)),
        task('orders', 2, ownedBy(w1, { incarnation: 'w1#0' })),
      ],
    };
    expect(
      snapshot(records).workers.map(({ member: { worker }, units }) => [worker, units]),
    ).toEqual([
      ['w1', ['task/orders/1']],
      ['w2', ['task/orders/0']],
    ]);
  });

  test.each([
    ['up', 100, 'up'],
    ['up', profile.killAfterMs + 1, 'lost'],
    ['draining', 100, 'draining'],
    ['draining', profile.killAfterMs + 1, 'lost'],
    ['dead', 60_000, 'dead'],
  ] as const)('%s, last beat %d ms ago: %s', (state, beatAgeMs, expected) => {
    const [worker] = snapshot({ members: [member('w1', { state })] }, { w1: beatAgeMs }).workers;
    expect(worker).toMatchObject({ state: expected, beatAgeMs });
  });

  test('one that runs by another profile is lost when it has stopped by that one', () => {
    const short = member('w1', { leaseMs: timingProfiles.fast.deadAfterMs });
    const stateAt = (beatAgeMs: number): string | undefined =>
      snapshot({ members: [short] }, { w1: beatAgeMs }).workers[0]?.state;
    expect(stateAt(700)).toBe('up');
    expect(stateAt(timingProfiles.fast.killAfterMs)).toBe('lost');
  });

  test('one without a beat is lost', () => {
    const look = { ...lookAt({ members: [w1] }), beatAgesMs: new Map<string, number>() };
    const [worker] = deriveSnapshot(look, profile).workers;
    expect(worker).toMatchObject({ state: 'lost', beatAgeMs: Number.POSITIVE_INFINITY });
  });
});

test('a snapshot carries the leader, the plugins and the raw units', () => {
  const { leader, plugins, units } = snapshot({ members: [w1], units: [task('orders', 0)] });
  expect(leader).toEqual({ coordinator: 'c1', epoch: 7, leaseLeftMs: 3_000 });
  expect(plugins.map((each) => each.class)).toEqual(['example.Clock']);
  expect([...units.keys()]).toEqual(['task/orders/0']);
});

test('there is no connector that is unknown, or being deleted', () => {
  const look = lookAt({ connectors: [connector('gone', { lifecycle: 'deleting' })] });
  expect(deriveConnector('gone', look, profile)).toBeUndefined();
  expect(deriveConnector('unknown', look, profile)).toBeUndefined();
});
