import { expect, test } from 'vitest';

import { unsupportedKeys } from '../src/index.ts';

test('a key of Kafka Connect that is not supported yet is refused by name', () => {
  expect(unsupportedKeys({ 'producer.override.linger.ms': '5' })).toEqual([
    {
      key: 'producer.override.linger.ms',
      message: 'Configuration producer.override.linger.ms is not supported yet: remove it',
    },
  ]);
});

test.each([
  [
    'exactly.once.support',
    'Required',
    /^This worker does not have exactly-once source support enabled\. .*=requested, or without it/,
  ],
  [
    'transaction.boundary',
    ' CONNECTOR',
    /^The connector does not support connector-defined transaction boundaries with the given configuration\. /,
  ],
])('%s=%s is refused in the words of Kafka Connect', (key, value, says) => {
  expect(unsupportedKeys({ [key]: value })).toEqual([
    { key, message: expect.stringMatching(says) },
  ]);
});

test('values that ask for nothing, and overrides that are honoured, pass', () => {
  const config = {
    transforms: 'mask',
    'errors.tolerance': 'all',
    'errors.retry.timeout': '-1',
    'errors.deadletterqueue.topic.name': 'dead',
    'exactly.once.support': 'requested',
    'transaction.boundary': 'INTERVAL',
    'transaction.boundary.interval.ms': '100',
    'consumer.override.max.poll.records': '10',
    'producer.override.buffer.memory': '1000',
    'consumer.override.auto.offset.reset': 'latest',
    'consumer.override.isolation.level': 'read_committed',
  };
  expect(unsupportedKeys(config)).toEqual([]);
});
