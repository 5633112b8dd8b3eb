import { expect, test } from 'vitest';

import { UsedTopics } from '../src/used-topics.ts';

test('a topic is told at once, then every five seconds while it is used', () => {
  const used = new UsedTopics();
  used.add('lines');
  used.add('lines');
  used.add('other');
  expect(used.take(1_000)).toEqual(['lines', 'other']);
  expect(used.take(2_000)).toEqual([]);
  used.add('lines');
  used.add('new');
  expect(used.take(3_000)).toEqual(['new']);
  expect(used.take(5_999)).toEqual([]);
  expect(used.take(6_000)).toEqual(['lines']);
  expect(used.take(20_000)).toEqual([]);
});
