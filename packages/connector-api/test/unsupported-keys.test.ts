import { expect, test } from 'vitest';

import { unsupportedKeys } from '../src/index.ts';

test('a key of Kafka Connect that is not supported yet is refused by name', () => {
  const problems = unsupportedKeys({
    'exactly.once.support': 'required',
    'producer.override.linger.ms': '5',
  });
  expect(problems.map(({ key }) => key)).toEqual([
    'exactly.once.support',
    'producer.override.linger.ms',
  ]);
  expect(problems[0]?.message).toBe(
    'Configuration exactly.once.support is not supported yet: remove it',
  );
});

test('values that ask for nothing, and overrides that are honoured, pass', () => {
  const config = {
    transforms: 'mask',
    'errors.tolerance': 'all',
    'errors.retry.timeout': '-1',
    'errors.deadletterqueue.topic.name': 'dead',
    'exactly.once.support': 'requested',
    'consumer.override.max.poll.records': '10',
    'producer.override.buffer.memory': '1000',
    'consumer.override.auto.offset.reset': 'latest',
    'consumer.override.isolation.level': 'read_committed',
  };
  expect(unsupportedKeys(config)).toEqual([]);
});
