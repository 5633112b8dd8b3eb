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
  expect(response.json()).toEqual(['billing', 'orders']);
});

test('a created connector is answered with 201, its location and no tasks yet', async () => {
  const { cluster, call } = apiUnderTest();
  const response = await call('POST /connectors', { name: ' orders ', config: source });
  expect(response.statusCode).toBe(201);
  expect(response.headers.location).toBe('/connectors/orders');
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

test('a refusal keeps its status and message', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.nextOutcome = refused(409, 'Connector orders already exists');
  const response = await call('POST /connectors', { name: 'orders', config: source });
  expect(response.statusCode).toBe(409);
  expect(response.json()).toMatchObject({
    error_code: 409,
    message: 'Connector orders already exists',
  });
});
