import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

test('a status tells each state, who has it, and why it failed', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  cluster.fail('orders', 1, 'Error: disk full\n  at put');
  const response = await call('GET /connectors/orders/status');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    name: 'orders',
    connector: { state: 'RUNNING', worker_id: '127.0.0.1:9001' },
    tasks: [
      { id: 0, state: 'RUNNING', worker_id: '127.0.0.1:9001' },
      {
        id: 1,
        state: 'FAILED',
        worker_id: '127.0.0.1:9001',
        trace: 'Error: disk full\n  at put',
      },
    ],
    type: 'source',
  });
});

test('the status of nothing is not found', async () => {
  const { call } = apiUnderTest();
  const response = await call('GET /connectors/none/status');
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({
    error_code: 404,
    message: 'No status found for connector none',
  });
});

test('tasks are listed with their configurations', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  const response = await call('GET /connectors/orders/tasks');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual([
    { id: { connector: 'orders', task: 0 }, config: { 'task.id': '0' } },
    { id: { connector: 'orders', task: 1 }, config: { 'task.id': '1' } },
  ]);
  expect((await call('GET /connectors/none/tasks')).json()).toEqual({
    error_code: 404,
    message: 'Connector none not found',
  });
});

test('the status of one task is its entry', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  cluster.fail('orders', 1, 'Error: disk full');
  expect((await call('GET /connectors/orders/tasks/0/status')).json()).toEqual({
    id: 0,
    state: 'RUNNING',
    worker_id: '127.0.0.1:9001',
  });
  expect((await call('GET /connectors/orders/tasks/1/status')).json()).toEqual({
    id: 1,
    state: 'FAILED',
    worker_id: '127.0.0.1:9001',
    trace: 'Error: disk full',
  });
});

test.each([
  '/connectors/none/tasks/0',
  '/connectors/orders/tasks/7',
  '/connectors/orders/tasks/x',
  '/connectors/orders/tasks/00',
])('there is no status at %s', async (path) => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call(`GET ${path}/status`);
  const [, , connector, , task] = path.split('/');
  expect(response.statusCode).toBe(404);
  expect(response.json()).toEqual({
    error_code: 404,
    message: `No status found for task ${connector}-${task}`,
  });
});

test('states tell the version of the plugin where a worker has announced it', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  cluster.plugins = [
    plugin('com.acme.FileStreamSourceConnector', {
      aliases: ['FileStreamSource'],
      version: '2.3.4',
    }),
  ];
  expect((await call('GET /connectors/orders/status')).json()).toMatchObject({
    connector: { version: '2.3.4' },
    tasks: [{ version: '2.3.4' }],
  });
  expect((await call('GET /connectors/orders/tasks/0/status')).json()).toMatchObject({
    version: '2.3.4',
  });
  expect((await call('GET /connectors?expand=status')).json()).toMatchObject({
    orders: { status: { connector: { version: '2.3.4' } } },
  });
});
