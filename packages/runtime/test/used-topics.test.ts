import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { MetricsTicker, newCounters } from '../src/task-metrics.ts';
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

test('a topic that was used once, right after it was told, is told when it is due', async () => {
  const clock = new FakeClock();
  const used = new UsedTopics();
  const counters = newCounters('source');
  const told: string[][] = [];
  const end = new MetricsTicker(clock).add(
    counters,
    () => {},
    () => void told.push(used.take(clock.monotonicMs())),
  );
  used.add('lines');
  await clock.advance(1_000);
  used.add('lines');
  // No counter changes any more.
  await clock.advance(6_000);
  end();
  expect(told.filter((topics) => topics.length > 0)).toEqual([['lines'], ['lines']]);
});
