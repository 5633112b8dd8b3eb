import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';
import { refused } from './fake-cluster.ts';

const source = { 'connector.class': 'FileStreamSource', topic: 'lines' };

test('the configuration is a flat map with the name in it', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { config: { topic: 'lines' } });
  const response = await call('GET /connectors/orders/config');
  expect(response.statusCode).toBe(200);
  expect(response.json()).toEqual({ ...source, name: 'orders' });
});

test('the configuration of nothing is not found', async () => {
  const { call } = apiUnderTest();
  const response = await call('GET /connectors/none/config');
  expect(response.json()).toEqual({ error_code: 404, message: 'Connector none not found' });
});

test('putting a configuration creates with 201, then replaces with 200', async () => {
  const { cluster, call } = apiUnderTest();
  const created = await call('PUT /connectors/orders/config', source);
  expect(created.statusCode).toBe(201);
  expect(created.headers.location).toBe('http://localhost:80/connectors/orders');
  expect(created.json()).toEqual({
    name: 'orders',
    config: { ...source, name: 'orders' },
    tasks: [],
    type: 'source',
  });
  const updated = await call('PUT /connectors/orders/config', { ...source, topic: 'other' });
  expect(updated.statusCode).toBe(200);
  expect(updated.headers.location).toBeUndefined();
  expect(updated.json()).toMatchObject({ config: { topic: 'other' } });
  expect(cluster.requests).toMatchObject([{ mode: 'upsert' }, { mode: 'upsert' }]);
});

test('an updated connector is answered with the tasks that it has', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { tasks: 2 });
  expect((await call('PUT /connectors/orders/config', source)).json()).toMatchObject({
    tasks: [
      { connector: 'orders', task: 0 },
      { connector: 'orders', task: 1 },
    ],
  });
});

test.each([
  [
    'another name',
    { ...source, name: 'others' },
    /doesn't match connector name in the URL \(orders\)$/,
  ],
  ['a list', ['a'], /^Invalid connector configuration: must be an object of keys and values$/],
  ['text', '"text"', /^Invalid connector configuration: must be an object of keys and values$/],
  ['nothing', undefined, /^Invalid connector configuration: must be an object of keys and values$/],
  [
    'a list inside',
    { ...source, topics: ['a', 'b'] },
    /topics: must be a string, a number or a boolean$/,
  ],
])('%s as a configuration is refused with 400', async (_what, body, message) => {
  const { cluster, call } = apiUnderTest();
  const headers = { 'content-type': 'application/json' };
  const response = await call('PUT /connectors/orders/config', body, { headers });
  expect(response.statusCode).toBe(400);
  expect(response.json<{ message: string }>().message).toMatch(message);
  expect(cluster.requests).toEqual([]);
});

test('a patch sets keys, deletes those that are null, and leaves the others', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { config: { topic: 'lines', file: '/a', 'batch.size': '5' } });
  const response = await call('PATCH /connectors/orders/config', {
    topic: 'other',
    'batch.size': null,
    'tasks.max': 3,
  });
  const config = { ...source, topic: 'other', file: '/a', 'tasks.max': '3', name: 'orders' };
  expect(response.statusCode).toBe(200);
  expect(response.headers.location).toBeUndefined();
  expect(response.json()).toEqual({
    name: 'orders',
    config,
    tasks: [{ connector: 'orders', task: 0 }],
    type: 'source',
  });
  expect(cluster.requests).toEqual([
    {
      op: 'apply',
      definitions: [{ name: 'orders', config }],
      mode: 'update',
      expectedVersion: 1,
      expectedUid: 'uid-orders',
    },
  ]);
});

test('a patch that met another change is made again upon that', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { config: { topic: 'lines' } });
  const conflict = refused(409, 'connector orders is at version 2, not 1');
  cluster.nextOutcome = { ...conflict, code: 'connector.version_conflict' };
  cluster.onRequest = () => cluster.add('orders', { config: { topic: 'lines', file: '/b' } });
  const response = await call('PATCH /connectors/orders/config', { topic: 'other' });
  expect(response.json()).toMatchObject({ config: { topic: 'other', file: '/b' } });
  expect(cluster.requests).toHaveLength(2);
});

test('patches that come at once are made one upon the other, each at its first try', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { config: { topic: 'lines' } });
  const keys = Array.from({ length: 20 }, (_none, index) => `key.${index}`);
  const patch = (key: string) => call('PATCH /connectors/orders/config', { [key]: 'x' });
  const answers = await Promise.all(keys.map(patch));
  expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  expect(Object.keys(cluster.connectors.get('orders')?.record.config ?? {})).toEqual(
    expect.arrayContaining(keys),
  );
  expect(cluster.requests).toHaveLength(20);
});

test('who waits for another change longer than a request may is told so, and changes nothing', async () => {
  const { cluster, call } = apiUnderTest({ requestTimeoutMs: 500 });
  cluster.add('orders', { config: { topic: 'lines' } });
  const reached = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const submit = cluster.submit.bind(cluster);
  cluster.submit = async (...request) => {
    reached.resolve();
    await release.promise;
    return await submit(...request);
  };
  const first = call('PATCH /connectors/orders/config', { topic: 'a' });
  await reached.promise;
  const second = await call('PATCH /connectors/orders/config', { topic: 'b' });
  expect(second.statusCode).toBe(500);
  expect(second.json()).toMatchObject({ message: expect.stringMatching(/^Request timed out/) });
  release.resolve();
  expect((await first).statusCode).toBe(200);
  expect(cluster.connectors.get('orders')?.record.config).toMatchObject({ topic: 'a' });
});

test('a patch that always meets another change ends as a conflict', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders', { config: { topic: 'lines' } });
  const conflict = { ...refused(409, 'moved on'), code: 'connector.version_conflict' };
  cluster.nextOutcome = conflict;
  cluster.onRequest = () => {
    cluster.nextOutcome = conflict;
  };
  const response = await call('PATCH /connectors/orders/config', { topic: 'other' });
  expect(response.statusCode).toBe(409);
  expect(cluster.requests).toHaveLength(10);
});

test.each([
  ['none', { topic: 'x' }, 404, 'Connector none not found'],
  [
    'orders',
    { name: 'other' },
    400,
    "Connector name configuration (other) doesn't match connector name in the URL (orders)",
  ],
  [
    'orders',
    { topic: ['a'] },
    400,
    'Invalid connector configuration patch: topic: must be a string, a number or a boolean',
  ],
  [
    'orders',
    undefined,
    400,
    'Invalid connector configuration patch: must be an object of keys and values',
  ],
])('a patch of %s with %j is refused', async (name, patch, status, message) => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  const response = await call(`PATCH /connectors/${name}/config`, patch);
  expect(response.statusCode).toBe(status);
  expect(response.json()).toMatchObject({ error_code: status, message });
  expect(cluster.requests).toEqual([]);
});
