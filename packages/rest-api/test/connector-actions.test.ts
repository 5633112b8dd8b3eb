import { connectorUnit, taskUnit } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

test.each([
  ['pause', 202, 'PAUSED'],
  ['resume', 202, 'STARTED'],
  ['stop', 204, 'STOPPED'],
] as const)('%s answers %i without a body and asks for %s', async (action, status, state) => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call(`PUT /connectors/orders/${action}`);
  expect(response.statusCode).toBe(status);
  expect(response.body).toBe('');
  expect(cluster.requests).toEqual([{ op: 'target', connector: 'orders', state }]);
});

test.each(['pause', 'resume', 'stop'])('%s of nothing is not found', async (action) => {
  const { call } = apiUnderTest();
  const response = await call(`PUT /connectors/none/${action}`);
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ error_code: 404, message: 'Unknown connector none' });
});

test('a restart of the connector alone answers 204', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  const response = await call('POST /connectors/orders/restart');
  expect(response.statusCode).toBe(204);
  expect(response.body).toBe('');
  expect(cluster.requests).toEqual([
    { op: 'restart', connector: 'orders', includeTasks: false, onlyFailed: false },
  ]);
});

test.each([
  ['includeTasks=true&onlyFailed=true', ['FAILED→RESTARTING', 'RUNNING', 'FAILED→RESTARTING']],
  ['includeTasks=True&onlyFailed=True', ['FAILED→RESTARTING', 'RUNNING', 'FAILED→RESTARTING']],
  ['includeTasks=true', ['FAILED→RESTARTING', 'RUNNING→RESTARTING', 'FAILED→RESTARTING']],
  ['onlyFailed=TRUE&includeTasks=yes', ['FAILED→RESTARTING', 'RUNNING', 'FAILED']],
])('a restart with %s answers 202 and what restarts', async (query, expected) => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  cluster.fail('orders', undefined, 'Error: refused');
  cluster.fail('orders', 1, 'Error: disk full');
  const response = await call(`POST /connectors/orders/restart?${query}`);
  expect(response.statusCode).toBe(202);
  const body = response.json<{ connector: { state: string }; tasks: { state: string }[] }>();
  const before = ['FAILED', 'RUNNING', 'FAILED'];
  const after = [body.connector, ...body.tasks].map(({ state }, index) =>
    state === before[index] ? state : `${before[index]}→${state}`,
  );
  expect(after).toEqual(expected);
});

test('what the leader says that it restarts is what is shown', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  cluster.nextOutcome = { kind: 'done', connectors: [], units: [taskUnit('orders', 1)] };
  const response = await call('POST /connectors/orders/restart?includeTasks=true');
  expect(response.json()).toMatchObject({
    connector: { state: 'RUNNING' },
    tasks: [{ state: 'RUNNING' }, { state: 'RESTARTING' }],
  });
  expect(connectorUnit('orders')).toBe('connector/orders');
});

test('a restart of nothing is not found', async () => {
  const { call } = apiUnderTest();
  for (const request of ['/restart', '/restart?includeTasks=true', '/tasks/0/restart']) {
    const response = await call(`POST /connectors/none${request}`);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ message: 'Unknown connector: none' });
  }
});

test('a restart of one task answers 204', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  const response = await call('POST /connectors/orders/tasks/1/restart');
  expect(response.statusCode).toBe(204);
  expect(cluster.requests).toEqual([{ op: 'restart', connector: 'orders', task: 1 }]);
});

test.each(['7', 'x', '-1'])('a restart of task %s, which is none, is not found', async (task) => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call(`POST /connectors/orders/tasks/${task}/restart`);
  expect(response.statusCode).toBe(404);
  expect(response.json()).toMatchObject({ message: `Unknown task: orders-${task}` });
  expect(cluster.requests).toEqual([]);
});

test('without a leader a change times out with 500 and says that it is kept', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  cluster.hasLeader = false;
  for (const request of [
    'PUT /connectors/orders/pause',
    'DELETE /connectors/orders',
    'POST /connectors/orders/restart',
  ]) {
    const response = await call(request);
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({
      error_code: 500,
      message:
        'Request timed out. It is stored as request-1 and will be applied when a coordinator leads: no coordinator is up',
      request_id: 'request-1',
    });
  }
});
