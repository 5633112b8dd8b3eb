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

test('what workers do not write exactly once may not be required', () => {
  const config = { 'exactly.once.support': 'Required' };
  expect(unsupportedKeys(config)).toEqual([
    {
      key: 'exactly.once.support',
      message: expect.stringMatching(
        /^This worker does not have exactly-once source support enabled\. .*=requested, or without it/,
      ),
    },
  ]);
  expect(unsupportedKeys(config, { exactlyOnce: true })).toEqual([]);
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
