import type { RecordsAnswer, RecordsQuery, TopicRecords } from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

const answer: RecordsAnswer = {
  topic: 'orders',
  partitions: [{ partition: 0, low: 0, high: 2 }],
  records: [],
  next: '0:1',
  problems: {},
};

function underTest() {
  const asked: RecordsQuery[] = [];
  const topicRecords: TopicRecords = {
    page: async (query) => {
      asked.push(query);
      return answer;
    },
  };
  const made = apiUnderTest({ topicRecords });
  made.cluster.add('sink', { type: 'sink', config: { topics: 'orders, payments' } });
  made.cluster.add('source');
  return { ...made, asked };
}

const records = 'GET /sluice/records';

test('records of a topic of a connector are asked for with its definition', async () => {
  const { call, asked } = underTest();
  const response = await call(`${records}?connector=sink&topic=payments&limit=7&partition=3`);
  expect(response.json()).toEqual(answer);
  expect(asked).toMatchObject([{ connector: 'sink', topic: 'payments', limit: 7, partition: 3 }]);
  expect(asked[0]?.config).toMatchObject({ topics: 'orders, payments' });
});

test.each([
  ['before=0:4,12:7', { before: '0:4,12:7' }],
  ['from=0:4', { from: '0:4' }],
  ['since=1700000000000', { since: 1_700_000_000_000 }],
  ['since=2026-11-30T12:00:00Z', { since: Date.parse('2026-11-30T12:00:00Z') }],
])('%s says where to begin', async (query, expected) => {
  const { call, asked } = underTest();
  expect((await call(`${records}?connector=sink&topic=orders&${query}`)).statusCode).toBe(200);
  expect(asked).toMatchObject([{ limit: 50, ...expected }]);
});

test.each([
  'connector=sink',
  'topic=orders',
  'connector=sink&topic=orders&from=4',
  'connector=sink&topic=orders&before=0:4&from=0:4',
  'connector=sink&topic=orders&since=soon',
  'connector=sink&topic=orders&limit=501',
  'connector=sink&topic=orders&partition=-1',
])('%s is no question', async (query) => {
  const { call, asked } = underTest();
  expect((await call(`${records}?${query}`)).statusCode).toBe(400);
  expect(asked).toEqual([]);
});

test.each([
  ['sink', '__consumer_offsets'],
  ['sink', ''],
  ['source', 'orders'],
  ['nobody', 'orders'],
])('%s has no topic %s, and so nothing of it is shown', async (connector, topic) => {
  const { call, asked } = underTest();
  const { statusCode } = await call(`${records}?connector=${connector}&topic=${topic}`);
  expect(statusCode).toBe(topic === '' ? 400 : 404);
  expect(asked).toEqual([]);
});

test('a topic that tasks have used is one of the connector', async () => {
  const { call, asked, cluster } = underTest();
  cluster.topicsOf.set('source', ['lines']);
  expect((await call(`${records}?connector=source&topic=lines`)).statusCode).toBe(200);
  expect(asked).toHaveLength(1);
});

test('where the log cannot be looked at nothing is shown', async () => {
  const { call, cluster } = apiUnderTest();
  cluster.add('sink', { type: 'sink', config: { topics: 'orders' } });
  expect((await call(`${records}?connector=sink&topic=orders`)).statusCode).toBe(404);
});

test('the lag of a sink is told by partition, and in sum', async () => {
  const { call, offsets } = underTest();
  const behind = { topic: 'orders', partition: 1, committed: 2, end: 8, lag: 6 };
  const unknown = { topic: 'orders', partition: 2, committed: null, end: 8, lag: null };
  offsets.behind = [behind, { ...behind, partition: 0, lag: 1 }, unknown];
  expect((await call('GET /sluice/lag?connector=sink')).json()).toEqual({
    connector: 'sink',
    group: 'connect-sink',
    lag: 7,
    partitions: offsets.behind,
  });
  offsets.behind = [unknown];
  expect((await call('GET /sluice/lag?connector=sink')).json()).toMatchObject({ lag: null });
  expect((await call('GET /sluice/lag?connector=source')).statusCode).toBe(400);
  expect((await call('GET /sluice/lag?connector=nobody')).statusCode).toBe(404);
});
