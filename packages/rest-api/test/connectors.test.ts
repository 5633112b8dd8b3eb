import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { refused } from './fake-cluster.ts';

const source = { 'connector.class': 'FileStreamSource', file: '/tmp/in', topic: 'lines' };

test('the names of all connectors are listed in order', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  cluster.add('billing');
  const response = await call('GET /connectors');
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('application/json');
  expect(response.json()).toEqual(['billing', 'orders']);
});

test('no connectors are an empty list', async () => {
  const { call } = apiUnderTest();
  expect((await call('GET /connectors')).body).toBe('[]');
});

test('the list can be expanded by status, by info and by both', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2, config: { topic: 'lines' } });
  const status = {
    name: 'orders',
    connector: { state: 'RUNNING', worker_id: '127.0.0.1:9001' },
    tasks: [
      { id: 0, state: 'RUNNING', worker_id: '127.0.0.1:9001' },
      { id: 1, state: 'RUNNING', worker_id: '127.0.0.1:9001' },
    ],
    type: 'source',
  };
  const info = {
    name: 'orders',
    config: { 'connector.class': 'FileStreamSource', topic: 'lines', name: 'orders' },
    tasks: [
      { connector: 'orders', task: 0 },
      { connector: 'orders', task: 1 },
    ],
    type: 'source',
  };
  expect((await call('GET /connectors?expand=status')).json()).toEqual({ orders: { status } });
  expect((await call('GET /connectors?expand=info')).json()).toEqual({ orders: { info } });
  expect((await call('GET /connectors?expand=status&expand=info')).json()).toEqual({
    orders: { status, info },
  });
});

test('an expansion that is not known is ignored', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  expect((await call('GET /connectors?expand=color')).json()).toEqual({ orders: {} });
});

test('a created connector is answered with 201, its location and no tasks yet', async () => {
  const { cluster, call } = apiUnderTest();
  const response = await call('POST /connectors', { name: ' orders ', config: source });
  expect(response.statusCode).toBe(201);
  expect(response.headers.location).toBe('http://localhost:80/connectors/orders');
  expect(response.json()).toEqual({
    name: 'orders',
    config: { ...source, name: 'orders' },
    tasks: [],
    type: 'source',
  });
  expect(cluster.requests).toEqual([
    {
      op: 'apply',
      mode: 'create',
      definitions: [{ name: 'orders', config: { ...source, name: 'orders' } }],
    },
  ]);
});

test.each([
  ['RUNNING', 'STARTED'],
  ['paused', 'PAUSED'],
  ['Stopped', 'STOPPED'],
])('initial_state %s creates the connector %s', async (given, target) => {
  const { cluster, call } = apiUnderTest();
  const body = { name: 'orders', config: source, initial_state: given };
  expect((await call('POST /connectors', body)).statusCode).toBe(201);
  expect(cluster.requests[0]).toMatchObject({ definitions: [{ initialState: target }] });
});

test('creating what exists is a conflict', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call('POST /connectors', { name: 'orders', config: source });
  expect(response.statusCode).toBe(409);
  expect(response.json()).toMatchObject({
    error_code: 409,
    message: 'Connector orders already exists',
  });
});

test('a refusal keeps its status, its message and the single errors', async () => {
  const { cluster, call } = apiUnderTest();
  const message =
    'Connector configuration is invalid and contains the following 1 error(s):\nMissing required configuration "topic" which has no default value.';
  cluster.nextOutcome = { ...refused(400, message), errors: ['topic is missing'] };
  const response = await call('POST /connectors', { name: 'orders', config: source });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    error_code: 400,
    message,
    code: 'test.refused',
    errors: ['topic is missing'],
  });
});

test.each([
  [
    'another name inside the configuration',
    { name: 'orders', config: { ...source, name: 'others' } },
    "Connector name configuration (others) doesn't match connector name in the URL (orders)",
  ],
  [
    'no name',
    { config: source },
    'Connector configuration is invalid and contains the following 1 error(s):\nMissing required configuration "name" which has no default value.\nYou can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
  ],
  [
    'half a character in its name',
    { name: 'orders\uD83D', config: source },
    /Invalid value for configuration name: it contains half of a surrogate pair/,
  ],
  [
    'half a character in a value',
    { name: 'orders', config: { ...source, topic: '\uDE00' } },
    /Invalid value for configuration topic: it contains half of a surrogate pair/,
  ],
  ['an empty name', { name: '  ', config: source }, /Missing required configuration "name"/],
  [
    'no config',
    { name: 'orders' },
    'Invalid connector definition: config: must be an object of keys and values',
  ],
  [
    'a field that does not exist',
    { name: 'orders', config: source, confg: {} },
    'Invalid connector definition: Unrecognized key: "confg"',
  ],
  [
    'a nested value',
    { name: 'orders', config: { ...source, transforms: { a: 'secret' } } },
    'Invalid connector definition: config.transforms: must be a string, a number or a boolean',
  ],
  [
    'an unknown state',
    { name: 'orders', config: source, initial_state: 'HALTED' },
    'Invalid connector definition: initial_state: must be RUNNING, PAUSED or STOPPED',
  ],
  ['a list', [source], 'Invalid connector definition: must be an object'],
  ['no body', undefined, 'Invalid connector definition: must be an object'],
])('a definition with %s is refused with 400', async (_what, body, message) => {
  const { cluster, call } = apiUnderTest();
  const response = await call('POST /connectors', body);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toMatchObject({
    error_code: 400,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
  expect(cluster.requests).toEqual([]);
});

test('a name that was typed as a number is its text', async () => {
  const { cluster, call } = apiUnderTest();
  const payload = '{"name": 1.0, "config": {"connector.class": "X"}}';
  expect((await call('POST /connectors', Buffer.from(payload))).statusCode).toBe(201);
  expect([...cluster.connectors.keys()]).toEqual(['1.0']);
});

test('numbers and booleans become the strings that were typed, null is left out', async () => {
  const { cluster, call } = apiUnderTest();
  const payload = `{"name": "orders", "config": {"connector.class": "X", "tasks.max": 2, "ratio": 1.0,
    "big": 12345678901234567890, "exponent": 1e3, "enabled": true, "unset": null}}`;
  const headers = { 'content-type': 'application/json' };
  expect((await call('POST /connectors', payload, { headers })).statusCode).toBe(201);
  expect(cluster.requests[0]).toMatchObject({
    definitions: [
      {
        config: {
          name: 'orders',
          'connector.class': 'X',
          'tasks.max': '2',
          ratio: '1.0',
          big: '12345678901234567890',
          exponent: '1e3',
          enabled: 'true',
        },
      },
    ],
  });
  expect(cluster.requests[0]).not.toHaveProperty('definitions.0.config.unset');
});

test('one connector is answered with its configuration and tasks', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 1 });
  const response = await call('GET /connectors/orders');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({
    name: 'orders',
    config: { 'connector.class': 'FileStreamSource', name: 'orders' },
    tasks: [{ connector: 'orders', task: 0 }],
    type: 'source',
  });
});

test('a connector that does not exist is not found', async () => {
  const { call } = apiUnderTest();
  for (const request of ['GET /connectors/none', 'DELETE /connectors/none']) {
    const response = await call(request);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toMatchObject({ error_code: 404, message: 'Connector none not found' });
  }
});

test('a deleted connector is answered with 204 and no body', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call('DELETE /connectors/orders');
  expect(response.statusCode).toBe(204);
  expect(response.body).toBe('');
  expect(cluster.connectors.size).toBe(0);
});

test.each(['eu/orders', 'Bestellungen für Öl', '注文', 'a b', '100%', 'a%2Fb', 'x?y#z', "it's"])(
  'name %j works in paths and in the location',
  async (name) => {
    const { cluster, call } = apiUnderTest();
    const created = await call('POST /connectors', { name, config: source });
    expect(created.statusCode).toBe(201);
    expect(created.headers.location).toBe(
      `http://localhost:80/connectors/${encodeURIComponent(name)}`,
    );
    const location = `/connectors/${encodeURIComponent(name)}`;
    cluster.add(name);
    expect((await call(`GET ${location}`)).json()).toMatchObject({ name });
    expect((await call(`GET ${location}/status`)).json()).toMatchObject({ name });
    expect((await call(`PUT ${location}/pause`)).statusCode).toBe(202);
    expect(cluster.requests.at(-1)).toMatchObject({ connector: name });
  },
);

test('a very long name works', async () => {
  const { cluster, call } = apiUnderTest();
  const name = 'n'.repeat(2_000);
  cluster.add(name);
  expect((await call(`GET /connectors/${name}`)).statusCode).toBe(200);
});

test('trailing slashes do not matter', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  for (const path of ['/connectors/', '/connectors/orders/', '/connectors/orders/status/']) {
    expect((await call(`GET ${path}`)).statusCode).toBe(200);
  }
  expect((await call('PUT /connectors/orders/pause/')).statusCode).toBe(202);
});
