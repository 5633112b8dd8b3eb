import { connectorUnit, taskUnit } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { plugin, refused, unitView, workerView } from './fake-cluster.ts';

const source = { 'connector.class': 'FileStreamSource', topic: 'lines' };

test('workers are listed with what they have and how old their beats are', async () => {
  const { cluster, call } = apiUnderTest();
  const units = [connectorUnit('eu/orders'), taskUnit('eu/orders', 0), taskUnit('billing', 3)];
  const { member } = workerView('worker-1');
  const plugins = [plugin('Clock'), plugin('./broken.ts', { error: 'it throws' })];
  cluster.workers = [
    workerView('worker-1', { units, member: { ...member, plugins } }),
    workerView('worker-2', {
      state: 'lost',
      member: { ...member, worker: 'worker-2', cordoned: true },
      beatAgeMs: Number.POSITIVE_INFINITY,
    }),
  ];
  const response = await call('GET /sluice/workers');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual([
    {
      id: 'worker-1',
      incarnation: 'worker-1-incarnation',
      state: 'up',
      cordoned: false,
      slot: 0,
      pid: 4_242,
      host: 'machine',
      worker_id: '127.0.0.1:9001',
      beat_age_ms: 120,
      protocol: { min: 1, max: 1 },
      log: 'redis',
      plugins: [{ class: 'Clock', type: 'source', version: '1.0.0' }],
      broken_plugins: [{ name: './broken.ts', error: 'it throws' }],
      joined_at_ms: 500,
      task_count: 2,
      tasks: ['eu/orders/0', 'billing/3'],
      connectors: ['eu/orders'],
    },
    expect.objectContaining({
      id: 'worker-2',
      state: 'lost',
      cordoned: true,
      beat_age_ms: null,
      task_count: 0,
    }),
  ]);
});

test('draining a worker is accepted', async () => {
  const { cluster, call } = apiUnderTest();
  const response = await call('POST /sluice/workers/worker-1/drain');
  expect(response.statusCode).toBe(202);
  expect(response.json()).toEqual({ worker: 'worker-1', state: 'draining' });
  expect(cluster.requests).toEqual([{ op: 'drain', worker: 'worker-1' }]);
});

test.each([
  ['cordon', 'cordoned', { protocol: 2 }],
  ['uncordon', 'uncordoned', {}],
] as const)('%s of a worker is accepted', async (op, state, terms) => {
  const { cluster, call } = apiUnderTest();
  const response = await call(`PUT /sluice/workers/worker-1/${op}`);
  expect(response.statusCode).toBe(202);
  expect(response.json()).toEqual({ worker: 'worker-1', state });
  expect(cluster.requests).toEqual([{ op, worker: 'worker-1', ...terms }]);
});

test('draining nobody is refused in the words of the leader', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.nextOutcome = refused(404, 'no worker "none" is up; there are: worker-1');
  const response = await call('POST /sluice/workers/none/drain');
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({
    error_code: 404,
    message: 'no worker "none" is up; there are: worker-1',
  });
});

test('draining without a leader is accepted and pending', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.hasLeader = false;
  const response = await call('POST /sluice/workers/worker-1/drain');
  expect(response.statusCode).toBe(202);
  expect(response.json()).toEqual({
    worker: 'worker-1',
    state: 'pending',
    request_id: 'request-1',
    reason: 'no coordinator is up',
  });
});

test('who leads is told, and that nobody does', async () => {
  const { cluster, call } = apiUnderTest();
  expect((await call('GET /sluice/leader')).json()).toEqual({
    leader: { coordinator: 'coordinator-1', epoch: 1, lease_left_ms: 3_400 },
    protocol: 1,
  });
  cluster.hasLeader = false;
  expect((await call('GET /sluice/leader')).json()).toEqual({
    leader: null,
    protocol: 1,
  });
});

test('tasks are listed with everything that is known of them', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 1 });
  const view = cluster.connectors.get('orders');
  if (!view) throw new Error('the test has no connector');
  const failing = unitView(taskUnit('orders', 0), {
    connector: 'orders',
    task: 0,
    state: 'RESTARTING',
    attempts: 3,
    nextRetryAtMs: 9_000,
    executor: 'shared-0',
    stalled: true,
    reason: 'its executor does not answer',
    trace: 'Error: disk full',
  });
  cluster.connectors.set('orders', { ...view, tasks: [failing] });
  const response = await call('GET /sluice/tasks');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual([
    {
      id: 'connector/orders',
      kind: 'connector',
      connector: 'orders',
      task: null,
      state: 'RUNNING',
      ownership: 'claimed',
      worker: 'worker-1',
      worker_id: '127.0.0.1:9001',
      fence: 17,
      since_ms: 2_000,
      attempts: 1,
      attempts_max: 6,
      next_retry_at_ms: null,
      executor: null,
      stalled: false,
      reason: null,
      trace: null,
    },
    {
      id: 'task/orders/0',
      kind: 'task',
      connector: 'orders',
      task: 0,
      state: 'RESTARTING',
      ownership: 'claimed',
      worker: 'worker-1',
      worker_id: '127.0.0.1:9001',
      fence: 17,
      since_ms: 2_000,
      attempts: 3,
      attempts_max: 6,
      next_retry_at_ms: 9_000,
      executor: 'shared-0',
      stalled: true,
      reason: 'its executor does not answer',
      trace: 'Error: disk full',
    },
  ]);
});

test('tasks can be filtered by connector, worker and state', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  cluster.add('billing', { tasks: 1 });
  cluster.fail('orders', 1, 'Error: disk full');
  const ids = async (query: string): Promise<string[]> =>
    (await call(`GET /sluice/tasks?${query}`)).json<{ id: string }[]>().map(({ id }) => id);
  expect(await ids('connector=billing')).toEqual(['connector/billing', 'task/billing/0']);
  expect(await ids('state=failed')).toEqual(['task/orders/1']);
  expect(await ids('worker=worker-2')).toEqual([]);
  expect((await ids('worker=worker-1')).length).toBe(5);
});

test('events are listed newest first, as many as asked for', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.storedEvents = Array.from({ length: 150 }, (_none, index) => ({
    id: String(1_000 - index),
    atMs: 5_000 - index,
    type: 'assignment.rerun',
    message: 'modulo rerun: lease of worker-2 expired, N 3→2, 20 orphaned, 20 moved',
    facts: { moved: 20 },
  }));
  const two = await call('GET /sluice/events?limit=2');
  expect(two.json()).toEqual([
    {
      id: '1000',
      at_ms: 5_000,
      type: 'assignment.rerun',
      message: 'modulo rerun: lease of worker-2 expired, N 3→2, 20 orphaned, 20 moved',
      facts: { moved: 20 },
    },
    expect.objectContaining({ id: '999' }),
  ]);
  expect((await call('GET /sluice/events')).json<unknown[]>().length).toBe(100);
});

test.each([
  ['0', 'must be at least 1'],
  ['1001', 'must be at most 1000'],
  ['many', 'must be a whole number from 1 to 1000'],
  ['1.5', 'must be a whole number from 1 to 1000'],
])('limit=%s of events is refused: %s', async (limit, reason) => {
  const { call } = apiUnderTest();
  const response = await call(`GET /sluice/events?limit=${limit}`);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    error_code: 400,
    message: `Invalid query: limit: ${reason}`,
  });
});

test('many definitions are applied at once, in both shapes', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call('PUT /sluice/apply', {
    definitions: [
      { name: 'orders', config: source },
      { ...source, name: 'billing', 'tasks.max': 2 },
    ],
  });
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    status: 'done',
    dry_run: false,
    connectors: [
      { name: 'orders', outcome: 'updated', version: 2, type: 'source' },
      { name: 'billing', outcome: 'created', version: 1, type: 'source' },
    ],
  });
  expect(cluster.requests).toEqual([
    {
      op: 'apply',
      mode: 'upsert',
      definitions: [
        { name: 'orders', config: { ...source, name: 'orders' } },
        { name: 'billing', config: { ...source, name: 'billing', 'tasks.max': '2' } },
      ],
    },
  ]);
});

test('a bare list of definitions will do', async () => {
  const { call } = apiUnderTest();
  const response = await call('PUT /sluice/apply', [{ name: 'orders', config: source }]);
  expect(response.json()).toMatchObject({ connectors: [{ name: 'orders', outcome: 'created' }] });
});

test('a dry run, by the body or by the query, changes nothing', async () => {
  const { cluster, call } = apiUnderTest();
  const definitions = [{ name: 'orders', config: source }];
  for (const response of [
    await call('PUT /sluice/apply', { definitions, dryRun: true }),
    await call('PUT /sluice/apply?dryRun=True', { definitions }),
  ]) {
    expect(response.json()).toMatchObject({ dry_run: true, connectors: [{ outcome: 'created' }] });
  }
  expect(cluster.requests).toMatchObject([{ dryRun: true }, { dryRun: true }]);
  expect(cluster.connectors.size).toBe(0);
});

test('mode and expected version are passed on', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const definitions = [{ name: 'orders', config: source }];
  await call('PUT /sluice/apply', { definitions, mode: 'update', expectedVersion: 4 });
  expect(cluster.requests).toMatchObject([{ mode: 'update', expectedVersion: 4 }]);
});

test('without a leader definitions are accepted and pending', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.hasLeader = false;
  const response = await call('PUT /sluice/apply', [{ name: 'orders', config: source }]);
  expect(response.statusCode).toBe(202);
  expect(response.json()).toEqual({
    status: 'pending',
    request_id: 'request-1',
    reason: 'no coordinator is up',
  });
});

test.each([
  [undefined, 'must be an object or an array'],
  [[], 'definitions: must contain at least one definition'],
  [{ definitions: 'all' }, 'definitions: must be an array of definitions'],
  [[{ name: 'orders', config: source }, { config: source }], 'definitions[1].name: is missing'],
  [
    [{ name: 'orders', config: { a: { b: 'secret' } } }],
    'definitions[0].config.a: must be a string, a number or a boolean',
  ],
  [[{ name: 'orders', config: source, extra: 1 }], 'definitions[0]: Unrecognized key: "extra"'],
  [['orders'], 'definitions[0]: must be an object'],
  [
    { definitions: [{ name: 'orders', config: source }], mode: 'replace' },
    'mode: must be create, update or upsert',
  ],
  [
    { definitions: [{ name: 'orders', config: source }], dryRun: 'perhaps' },
    'dryRun: must be true or false',
  ],
])('a request to apply %j is refused: %s', async (body, reason) => {
  const { cluster, call } = apiUnderTest();
  const response = await call('PUT /sluice/apply', body);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    error_code: 400,
    message: `Invalid request to apply definitions: ${reason}`,
  });
  expect(cluster.requests).toEqual([]);
});

test('a hundred mistakes are told in one readable line', async () => {
  const { call } = apiUnderTest();
  const response = await call(
    'PUT /sluice/apply',
    Array.from({ length: 100 }, () => ({ config: source })),
  );
  const { message } = response.json<{ message: string }>();
  expect(message).toMatch(/definitions\[9\]\.name: is missing; and 90 more$/);
});

test('an expected version goes with one definition only', async () => {
  const { call } = apiUnderTest();
  const definitions = [
    { name: 'orders', config: source },
    { name: 'billing', config: source },
  ];
  const response = await call('PUT /sluice/apply', { definitions, expectedVersion: 1 });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({
    message: 'expectedVersion goes with one definition only',
  });
});
