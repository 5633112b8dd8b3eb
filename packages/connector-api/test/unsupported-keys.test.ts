import { expect, test } from 'vitest';

import { unsupportedKeys } from '../src/index.ts';

test('a key of Kafka Connect that is not supported yet is refused by name', () => {
  const problems = unsupportedKeys({
    'errors.tolerance': 'all',
    'producer.override.linger.ms': '5',
  });
  expect(problems.map(({ key }) => key)).toEqual([
    'errors.tolerance',
    'producer.override.linger.ms',
  ]);
  expect(problems[0]?.message).toBe(
    'Configuration errors.tolerance is not supported yet: remove it',
  );
});

test('values that ask for nothing, and overrides that are honoured, pass', () => {
  const config = {
    transforms: 'mask',
    'errors.tolerance': 'none',
    'exactly.once.support': 'requested',
    'consumer.override.auto.offset.reset': 'latest',
    'consumer.override.isolation.level': 'read_committed',
  };
  expect(unsupportedKeys(config)).toEqual([]);
});
