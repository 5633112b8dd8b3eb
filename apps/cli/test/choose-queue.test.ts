import { expect, test } from 'vitest';

import { chooseQueue } from '../src/commands/dlq-queues.ts';

const queues = [
  { connector: 'orders', topic: 'dead-orders' },
  { connector: 'dead-letters', topic: 'dead-letters-2' },
  { connector: 'sink', topic: 'dead-letters' },
];

test('a connector with the name of the topic that it reads means its queue', () => {
  expect(chooseQueue('orders', queues)).toBe('dead-orders');
});

test('a queue is meant before a connector of the same name', () => {
  expect(chooseQueue('dead-letters', queues)).toBe('dead-letters');
});

test('what is neither may be a topic', () => {
  expect(chooseQueue('old-queue', queues)).toBeUndefined();
});
