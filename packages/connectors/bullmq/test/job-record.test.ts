import { expect, test } from 'vitest';
import { keyProblem, recordOf } from '../src/job-record.ts';

const job = {
  id: '7',
  name: 'charge',
  data: { order: { id: 42 }, cents: 100 },
  opts: { priority: 3, delay: 10, attempts: 2 },
  timestamp: 1_700_000_000_000,
  attemptsMade: 1,
};
const shape = { topic: 'jobs.{queue}', key: 'id', headerPrefix: 'bullmq.' };

test('data is the value, and name, id, options and times are headers', () => {
  const record = recordOf(job, 'payments', shape);
  expect(record).toMatchObject({
    topic: 'jobs.payments',
    key: '7',
    value: job.data,
    timestampMs: job.timestamp,
  });
  const headers = Object.fromEntries((record.headers ?? []).map((each) => [each.name, each.value]));
  expect(headers).toEqual({
    'bullmq.queue': 'payments',
    'bullmq.id': '7',
    'bullmq.name': 'charge',
    'bullmq.timestamp': job.timestamp,
    'bullmq.attempts': 1,
    'bullmq.opts': JSON.stringify(job.opts),
    'bullmq.priority': 3,
    'bullmq.delay': 10,
  });
});

test.each([
  ['name', 'charge'],
  ['none', null],
  ['data.order.id', 42],
  ['data.order.missing', null],
  ['data.cents.deeper', null],
  ['data.constructor', null],
])('record.key %s gives %j', (key, expected) => {
  expect(keyProblem(key)).toBeUndefined();
  expect(recordOf(job, 'payments', { ...shape, key }).key).toBe(expected);
});

test.each(['', 'data', 'data.', 'data..a', 'ID'])('record.key %j is refused', (key) => {
  expect(keyProblem(key)).toMatch(/must be id, name, none, or data\./);
});

test('a job without data is a record without a value', () => {
  expect(recordOf({ ...job, data: undefined }, 'payments', shape).value).toBeNull();
});
