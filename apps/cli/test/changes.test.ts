import { describe, expect, test } from 'vitest';

import { aMember, aPlugin, aRecord, aSnapshot, aView, aWorker, done, run } from './fakes.ts';

const orders = '{"name":"orders","config":{"connector.class":"FileStreamSource","tasks.max":3}}';
const pending = { kind: 'pending', requestId: 'r1', reason: 'no coordinator is up' } as const;

describe('apply', () => {
  test('sends all definitions as one request', async () => {
    const list = `[${orders}, {"name":"clicks","connector.class":"FileStreamSource"}]`;
    const { requests } = await run(['apply', '-f', '-'], { stdin: list });
    expect(requests).toEqual([
      {
        op: 'apply',
        mode: 'upsert',
        definitions: [
          { name: 'orders', config: { 'connector.class': 'FileStreamSource', 'tasks.max': '3' } },
          { name: 'clicks', config: { name: 'clicks', 'connector.class': 'FileStreamSource' } },
        ],
      },
    ]);
  });

  test('names the keys that changed, and no values', async () => {
    const config = { ...aRecord().config, 'tasks.max': '3', 'db.password': 'hunter2' };
    const result = await run(['apply', '-f', '-'], {
      stdin: JSON.stringify({ name: 'orders', config }),
      snapshots: [aSnapshot([aView()])],
      outcome: done('orders', 'updated'),
    });
    expect(result.out).toBe('connector orders updated: db.password, tasks.max');
  });

  test('says that it is pending when no coordinator is up, and succeeds', async () => {
    const result = await run(['apply', '-f', '-'], {
      stdin: orders,
      snapshots: [aSnapshot([], { leader: undefined })],
      outcome: pending,
    });
    expect(result).toMatchObject({ code: 0, err: '' });
    expect(result.out).toBe(
      'accepted, pending: no coordinator is up; it is applied as soon as one starts',
    );
  });

  test('warns of an unknown class when there is no coordinator to refuse it', async () => {
    const result = await run(['apply', '-f', '-'], {
      stdin: orders,
      snapshots: [aSnapshot([], { leader: undefined, plugins: [aPlugin('com.acme.Other')] })],
      outcome: pending,
    });
    expect(result.code).toBe(0);
    expect(result.err).toMatch(
      /has announced the class FileStreamSource .*known are: com.acme.Other/,
    );
  });

  test('--dry-run asks the leader and changes nothing', async () => {
    const result = await run(['apply', '-f', '-', '--dry-run'], {
      stdin: orders,
      outcome: done('orders', 'created'),
    });
    expect(result.requests).toMatchObject([{ op: 'apply', dryRun: true }]);
    expect(result.out).toBe('connector orders would be created');
  });

  test('--dry-run without a coordinator compares by itself', async () => {
    const unchanged = JSON.stringify({ name: 'same', config: aRecord({ name: 'same' }).config });
    const result = await run(['apply', '-f', '-', '--dry-run'], {
      stdin: `[${orders}, ${unchanged.replace('"name":"orders",', '')}]`,
      snapshots: [
        aSnapshot(
          [
            aView(),
            aView({ record: { name: 'same', config: { ...aRecord().config, name: 'same' } } }),
          ],
          { leader: undefined },
        ),
      ],
    });
    expect(result.requests).toEqual([]);
    expect(result.out).toBe(
      'connector orders would be updated: tasks.max\nconnector same would stay unchanged',
    );
  });

  test('--wait waits for tasks of the new version, not for those that run already', async () => {
    const record = { version: 2, taskVersion: 1 };
    const late = aSnapshot([aView({ record })]);
    const there = aSnapshot([aView({ record: { ...record, taskVersion: 2 } })]);
    const result = await run(['apply', '-f', '-', '--wait'], {
      stdin: orders,
      snapshots: [aSnapshot([aView()]), late, late, there],
      outcome: done('orders', 'updated', { version: 2 }),
    });
    expect(result).toMatchObject({ code: 0, out: expect.stringContaining('all there: orders') });
  });

  test('--wait does not mistake an old failure for a new one', async () => {
    const failed = { state: 'FAILED', trace: 'old' } as const;
    const before = aSnapshot([aView({ connector: failed, tasks: [failed, {}] })]);
    const result = await run(['apply', '-f', '-', '--wait'], {
      stdin: orders,
      snapshots: [before, before, aSnapshot([aView({ record: { version: 2, taskVersion: 2 } })])],
      outcome: done('orders', 'updated', { version: 2 }),
    });
    expect(result.code).toBe(0);
  });

  test('--json prints one object', async () => {
    const result = await run(['apply', '-f', '-', '--json'], {
      stdin: orders,
      outcome: done('orders', 'created'),
    });
    expect(JSON.parse(result.out)).toEqual({
      dryRun: false,
      connectors: [{ name: 'orders', outcome: 'created' }],
    });
  });
});

describe('pause, resume, stop', () => {
  test.each([
    ['pause', 'PAUSED'],
    ['resume', 'STARTED'],
    ['stop', 'STOPPED'],
  ])('%s asks for %s', async (command, state) => {
    const result = await run([command, 'orders'], { outcome: done('orders', 'updated') });
    expect(result.requests).toEqual([{ op: 'target', connector: 'orders', state }]);
    expect(result.out).toBe(`connector orders is to be ${state}`);
  });

  test('tell when nothing changes', async () => {
    const result = await run(['pause', 'orders'], { outcome: done('orders', 'unchanged') });
    expect(result.out).toBe('connector orders was already PAUSED');
  });

  test('--wait waits until every task is paused', async () => {
    const record = { targetState: 'PAUSED' } as const;
    const paused = { state: 'PAUSED' } as const;
    const half = aSnapshot([aView({ record, connector: paused, tasks: [paused, {}] })]);
    const all = aSnapshot([aView({ record, connector: paused, tasks: [paused, paused] })]);
    const result = await run(['pause', 'orders', '--wait'], {
      snapshots: [aSnapshot([aView()]), half, half, all],
      outcome: done('orders', 'updated'),
    });
    expect(result).toMatchObject({ code: 0, out: 'connector orders is PAUSED' });
  });

  test('--wait for a stop waits until no task is left', async () => {
    const view = aView({ record: { targetState: 'STOPPED' }, connector: { state: 'STOPPED' } });
    const none = aView({
      record: { targetState: 'STOPPED', taskCount: 0 },
      connector: { state: 'STOPPED' },
      tasks: [],
    });
    const result = await run(['stop', 'orders', '--wait'], {
      snapshots: [aSnapshot([view]), aSnapshot([view]), aSnapshot([none])],
      outcome: done('orders', 'updated'),
    });
    expect(result).toMatchObject({ code: 0, out: 'connector orders is STOPPED' });
  });
});

describe('restart', () => {
  test.each([
    { flags: [], body: { includeTasks: false, onlyFailed: false } },
    { flags: ['--include-tasks'], body: { includeTasks: true, onlyFailed: false } },
    { flags: ['--failed'], body: { includeTasks: true, onlyFailed: true } },
    { flags: ['--task', '2'], body: { task: 2, onlyFailed: false } },
    { flags: ['--task', '2', '--failed'], body: { task: 2, onlyFailed: true } },
  ])('$flags', async ({ flags, body }) => {
    const { requests } = await run(['restart', 'orders', ...flags]);
    expect(requests).toEqual([{ op: 'restart', connector: 'orders', ...body }]);
  });

  test('names what is restarted', async () => {
    const outcome = {
      kind: 'done',
      connectors: [],
      units: ['connector/orders', 'task/orders/0'],
    } as const;
    const { out } = await run(['restart', 'orders', '--include-tasks'], { outcome });
    expect(out).toBe('restarting connector/orders, task/orders/0');
  });

  test('says when there is nothing to restart', async () => {
    const outcome = { kind: 'done', connectors: [], units: [] } as const;
    const { out, code } = await run(['restart', 'orders', '--failed'], { outcome });
    expect({ out, code }).toEqual({
      out: 'nothing to restart: nothing of orders is FAILED',
      code: 0,
    });
  });

  test('--wait waits for a new report of what was restarted', async () => {
    const outcome = { kind: 'done', connectors: [], units: ['task/orders/1'] } as const;
    const before = aSnapshot([aView({ tasks: [{}, { state: 'FAILED', sinceMs: 1 }] })]);
    const after = aSnapshot([aView({ tasks: [{}, { sinceMs: 2 }] })]);
    const result = await run(['restart', 'orders', '--failed', '--wait'], {
      snapshots: [before, before, after],
      outcome,
    });
    expect(result).toMatchObject({ code: 0, out: 'restarted task/orders/1' });
  });
});

describe('delete and drain', () => {
  test('delete --wait waits until its last unit is gone', async () => {
    const view = aView();
    const stopping = aSnapshot([view], { connectors: new Map() });
    const result = await run(['delete', 'orders', '--wait'], {
      snapshots: [aSnapshot([view]), stopping, stopping, aSnapshot()],
      outcome: done('orders', 'deleted', { uid: 'uid-1' }),
    });
    expect(result.requests).toEqual([{ op: 'delete', connector: 'orders' }]);
    expect(result).toMatchObject({ code: 0, out: 'connector orders deleted' });
  });

  test('delete --wait is not kept waiting by a new connector of that name', async () => {
    const result = await run(['delete', 'orders', '--wait'], {
      snapshots: [aSnapshot([aView()]), aSnapshot([aView({ record: { uid: 'uid-2' } })])],
      outcome: done('orders', 'deleted', { uid: 'uid-1' }),
    });
    expect(result.code).toBe(0);
  });

  test('drain --wait waits until the worker has nothing left', async () => {
    const busy = aSnapshot([], {
      workers: [aWorker('worker-1', { state: 'draining', units: ['task/orders/0'] })],
    });
    const result = await run(['drain', 'worker-1', '--wait'], {
      snapshots: [busy, busy, aSnapshot([], { workers: [aWorker('worker-1')] })],
    });
    expect(result.requests).toEqual([{ op: 'drain', worker: 'worker-1' }]);
    expect(result).toMatchObject({ code: 0, out: 'worker worker-1 is empty' });
  });
});

describe('cordon and uncordon', () => {
  const first = aWorker('worker-1');
  const cordoned = aWorker('worker-2', { member: { ...aMember('worker-2'), cordoned: true } });
  const snapshots = [aSnapshot([], { workers: [first, cordoned] })];

  test('asks for each worker, and says what is new', async () => {
    const result = await run(['cordon', 'worker-*'], { snapshots });
    expect(result.requests).toEqual([
      { op: 'cordon', worker: 'worker-1', protocol: 2 },
      { op: 'cordon', worker: 'worker-2', protocol: 2 },
    ]);
    expect(result).toMatchObject({
      code: 0,
      out: 'worker worker-1 is cordoned\nworker worker-2 was cordoned already',
    });
  });

  test.each(['cordon', 'uncordon'])(
    '%s takes no dead worker for one that a pattern means',
    async (command) => {
      const dead = aWorker('worker-3', { state: 'dead' });
      const withDead = [aSnapshot([], { workers: [first, dead] })];
      const result = await run([command, 'worker-*'], { snapshots: withDead });
      expect(result.requests).toMatchObject([{ worker: 'worker-1' }]);
      const named = await run([command, 'worker-3'], { snapshots: withDead });
      expect(named.requests).toMatchObject([{ worker: 'worker-3' }]);
    },
  );

  test('uncordon says what it was, also as JSON', async () => {
    const { out } = await run(['uncordon', 'worker-2', '--json'], { snapshots });
    expect(JSON.parse(out)).toEqual({ worker: 'worker-2', cordoned: false, outcome: 'updated' });
    const again = await run(['uncordon', 'worker-1'], { snapshots });
    expect(again).toMatchObject({ code: 0, out: 'worker worker-1 was not cordoned' });
  });

  test('a worker that there is not is refused by name, and a pattern that fits none', async () => {
    const message = 'no worker "worker-9" is up; there are: worker-1, worker-2';
    const outcome = { kind: 'refused', status: 404, code: 'worker.unknown', message } as const;
    const refused = await run(['cordon', 'worker-9'], { snapshots, outcome });
    expect(refused).toMatchObject({ code: 4, out: '' });
    expect(refused.err).toContain(message);
    const unmatched = await run(['cordon', 'w?'], { snapshots });
    expect(unmatched.code).toBe(4);
    expect(unmatched.err).toContain('no worker fits w?');
  });
});
