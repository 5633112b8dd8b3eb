import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { choosePlacement, type PlacementCandidate } from '../src/host/placement.ts';

function candidate(
  executor: string,
  counts: Partial<PlacementCandidate<string>> = {},
): PlacementCandidate<string> {
  return { executor, actors: 0, sameGroup: 0, suspects: 0, ...counts };
}

test('an actor goes to the executor with the fewest actors, the first of equals', () => {
  const candidates = [
    candidate('a', { actors: 2 }),
    candidate('b', { actors: 1 }),
    candidate('c', { actors: 1 }),
  ];
  expect(choosePlacement(candidates, false)).toBe('b');
});

test('of equally full executors the one with fewest of its group is taken', () => {
  const candidates = [candidate('a', { actors: 2, sameGroup: 1 }), candidate('b', { actors: 2 })];
  expect(choosePlacement(candidates, false)).toBe('b');
});

test('suspects are kept apart even if that is less balanced', () => {
  const candidates = [candidate('a', { suspects: 1 }), candidate('b', { actors: 9 })];
  expect(choosePlacement(candidates, true)).toBe('b');
  expect(choosePlacement(candidates, false)).toBe('a');
});

test('without an executor there is no place', () => {
  expect(choosePlacement([], false)).toBeUndefined();
});

function total(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

test('groups placed one after the other are spread evenly, and so is the whole', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 }),
      fc.integer({ min: 1, max: 6 }),
      (groups, executors) => {
        const placed = Array.from({ length: executors }, () => new Map<number, number>());
        for (const [group, size] of groups.entries()) {
          for (let task = 0; task < size; task++) {
            const counts = choosePlacement(
              placed.map((executor) => ({
                executor,
                actors: total(executor),
                sameGroup: executor.get(group) ?? 0,
                suspects: 0,
              })),
              false,
            );
            counts?.set(group, (counts.get(group) ?? 0) + 1);
          }
        }
        const totals = placed.map(total);
        expect(Math.max(...totals) - Math.min(...totals)).toBeLessThanOrEqual(1);
      },
    ),
  );
});
