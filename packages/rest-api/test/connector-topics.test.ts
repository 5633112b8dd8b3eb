import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

test('the topics that a connector uses are told, none for one that does not exist', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.topicsOf.set('a b', ['lines', 'other']);
  expect((await call('GET /connectors/a%20b/topics')).json()).toEqual({
    'a b': { topics: ['lines', 'other'] },
  });
  expect((await call('GET /connectors/none/topics/')).json()).toEqual({ none: { topics: [] } });
});

test('topics are forgotten on request', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.topicsOf.set('orders', ['lines']);
  const response = await call('PUT /connectors/orders/topics/reset');
  expect([response.statusCode, response.body]).toEqual([202, '']);
  expect((await call('GET /connectors/orders/topics')).json()).toEqual({ orders: { topics: [] } });
});

test.each([
  [
    { isEnabled: false, allowsReset: true },
    'GET /connectors/orders/topics',
    'Topic tracking is disabled.',
  ],
  [
    { isEnabled: false, allowsReset: true },
    'PUT /connectors/orders/topics/reset',
    'Topic tracking is disabled.',
  ],
  [
    { isEnabled: true, allowsReset: false },
    'PUT /connectors/orders/topics/reset',
    'Topic tracking reset is disabled.',
  ],
])('with %j, %s is refused', async (topicTracking, request, message) => {
  const { cluster, call } = apiUnderTest({ topicTracking });
  cluster.topicsOf.set('orders', ['lines']);
  const response = await call(request);
  expect(response.statusCode).toBe(403);
  expect(response.json()).toEqual({ error_code: 403, message });
  expect(cluster.topicsOf.size).toBe(1);
});
