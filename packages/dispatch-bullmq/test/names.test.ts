import { connectorUnit, taskUnit } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { startJobId, startJobName, startQueueName } from '../src/names.ts';

test('an ordinary worker name stays readable in its queue name', () => {
  expect(startQueueName('worker-1')).toBe('start.worker-1');
  expect(startQueueName('rack_2.box-17')).toBe('start.rack_2.box-17');
  expect(startQueueName('Zürich')).toBe('start.Zürich');
});

test.each(['host:8083', 'a/b', 'a%3Ab', 'a=3Ab', '100 %', 'x{y}', '名前:1', '=', '😀'])(
  'worker name %j becomes a queue name without a colon',
  (worker) => {
    expect(startQueueName(worker)).not.toMatch(/[:/%{}?#\s]/);
  },
);

test('names that differ get queues that differ', () => {
  const names = ['a:b', 'a=3Ab', 'a%3Ab', 'a%b', 'a b', 'ab', 'A:b'];
  expect(new Set(names.map(startQueueName)).size).toBe(names.length);
});

test('job names say what is started', () => {
  expect(startJobName(taskUnit('orders-sink', 3))).toBe('start orders-sink/3');
  expect(startJobName(taskUnit('eu/orders', 0))).toBe('start eu/orders/0');
  expect(startJobName(connectorUnit('orders-sink'))).toBe('start connector orders-sink');
});

test('a job id has no colon and differs for each unit and fence', () => {
  expect(startJobId(taskUnit('orders', 3), 17)).toBe('task/orders/3~17');
  const ids = [
    startJobId(taskUnit('a:b', 0), 1),
    startJobId(taskUnit('a%3Ab', 0), 1),
    startJobId(taskUnit('a:b', 0), 2),
    startJobId(connectorUnit('a:b'), 1),
  ];
  expect(ids.join()).not.toContain(':');
  expect(new Set(ids).size).toBe(ids.length);
});
