import { TopicPattern } from '@sluice/connector-api';
import { ownerOf, partitionsOf, type TopicSelection } from '@sluice/runtime';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { topicOffsets } from '../src/partition-share.ts';

const topicSizes = fc.dictionary(
  fc.stringMatching(/^[a-z.]{1,8}$/),
  fc.integer({ min: 1, max: 20 }),
  {
    minKeys: 1,
    maxKeys: 12,
  },
);
const taskCounts = fc.integer({ min: 1, max: 40 });

function shares(sizes: Record<string, number>, selection: TopicSelection, taskCount: number) {
  const topics = new Map(
    Object.entries(sizes).map(([topic, partitions]) => [topic, { partitions }] as const),
  );
  return Array.from({ length: taskCount }, (_, task) =>
    partitionsOf(topics, selection, { task, taskCount }),
  );
}

function selections(sizes: Record<string, number>): TopicSelection[] {
  return [
    { kind: 'list', topics: Object.keys(sizes) },
    { kind: 'regex', pattern: new TopicPattern('.*') },
  ];
}

test('every partition has exactly one owner, for any number of tasks', () => {
  fc.assert(
    fc.property(topicSizes, taskCounts, (sizes, taskCount) => {
      for (const selection of selections(sizes)) {
        const owned = shares(sizes, selection, taskCount)
          .flat()
          .map(({ topic, partition }) => `${topic}/${partition}`);
        const all = Object.entries(sizes).flatMap(([topic, partitions]) =>
          Array.from({ length: partitions }, (_, partition) => `${topic}/${partition}`),
        );
        expect(owned.sort()).toEqual(all.sort());
      }
    }),
  );
});

test('the owner of a partition does not depend on which other topics or partitions are known', () => {
  fc.assert(
    fc.property(topicSizes, taskCounts, fc.nat(), (sizes, taskCount, pick) => {
      for (const selection of selections(sizes)) {
        const all = shares(sizes, selection, taskCount);
        const names = Object.keys(sizes);
        const known = names[pick % names.length] ?? '';
        const alone = shares({ [known]: 1 }, selection, taskCount);
        const ownerOfFirst = (each: typeof all): number =>
          each.findIndex((mine) =>
            mine.some(({ topic, partition }) => topic === known && partition === 0),
          );
        expect(ownerOfFirst(alone)).toBe(ownerOfFirst(all));
      }
    }),
  );
});

test('partitions of one topic spread evenly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), taskCounts, (partitions, taskCount) => {
      for (const selection of selections({ only: partitions })) {
        const sizes = shares({ only: partitions }, selection, taskCount).map((mine) => mine.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test('many topics of one partition in a list spread evenly', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), taskCounts, (count, taskCount) => {
      const sizes = Object.fromEntries(Array.from({ length: count }, (_, n) => [`topic-${n}`, 1]));
      const selection: TopicSelection = { kind: 'list', topics: Object.keys(sizes) };
      const owned = shares(sizes, selection, taskCount).map((mine) => mine.length);
      expect(Math.max(...owned) - Math.min(...owned)).toBeLessThanOrEqual(1);
    }),
  );
});

test('many topics of one partition under a pattern leave no task far from the mean', () => {
  const sizes = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, n) => [`db.public.table_${n}`, 1]),
  );
  const owned = shares(sizes, { kind: 'regex', pattern: new TopicPattern('.*') }, 10).map(
    (mine) => mine.length,
  );
  expect(Math.min(...owned)).toBeGreaterThan(70);
  expect(Math.max(...owned)).toBeLessThan(130);
});

function offset(topics: string[]): number {
  return topicOffsets({ kind: 'list', topics }, 7)('b');
}

test('a list is a set: order and repetition do not move a topic', () => {
  expect(offset(['c', 'a', 'b', 'a'])).toBe(offset(['a', 'b', 'c']));
  expect(ownerOf(5, 3, 7)).toBe(1);
});
