import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

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
  expect(created.headers.location).toBe('/connectors/orders');
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
