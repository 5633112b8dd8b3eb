import type { SinkRecord } from '@sluice/connector-api';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { PutSearch } from '../src/errors/put-search.ts';

function recordsOf(count: number): SinkRecord[] {
  return Array.from({ length: count }, (_, offset) => ({ topic: 't', partition: 0, offset }));
}

/** Plays a sink that refuses these offsets. Returns what it took, in its order, and how often it was asked. */
function play(count: number, poison: ReadonlySet<number>) {
  const search = new PutSearch(recordsOf(count), new Error('refused'));
  const taken: number[] = [];
  let puts = 1;
  for (let next = search.next; next; next = search.next) {
    puts += 1;
    if (next.some(({ offset }) => poison.has(offset))) search.refuse(new Error('refused'));
    else {
      taken.push(...next.map(({ offset }) => offset));
      search.accept();
    }
  }
  return { search, taken, puts };
}

test('exactly the records that are refused are found, and the others are put once, in their order', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 200 }).chain((count) =>
        fc.record({
          count: fc.constant(count),
          poison: fc.uniqueArray(fc.nat({ max: count - 1 }), { minLength: 1, maxLength: 8 }),
        }),
      ),
      ({ count, poison }) => {
        const { puts, search, taken } = play(count, new Set(poison));
        expect(search.refused.map(({ record }) => record.offset)).toEqual(
          poison.toSorted((a, b) => a - b),
        );
        const others = recordsOf(count).map(({ offset }) => offset);
        expect(taken).toEqual(others.filter((offset) => !poison.includes(offset)));
        expect(search.accepted.map(({ offset }) => offset)).toEqual(taken);
        expect(puts).toBeLessThanOrEqual(1 + poison.length * 2 * Math.ceil(Math.log2(count) + 1));
      },
    ),
  );
});

test('one of 500 is found with at most 19 puts', () => {
  for (const bad of [0, 1, 249, 250, 499])
    expect(play(500, new Set([bad])).puts).toBeLessThanOrEqual(19);
});

test('a sink that fails differently the second time is asked no more than it takes', () => {
  const search = new PutSearch(recordsOf(4), new Error('once'));
  let puts = 0;
  for (let next = search.next; next; next = search.next) {
    puts += 1;
    search.accept();
  }
  expect(puts).toBe(2);
  expect(search.refused).toEqual([]);
});

test('records that are not wanted any more take no part', () => {
  const search = new PutSearch(recordsOf(4), new Error('refused'));
  search.retain(({ offset }) => offset > 1);
  expect(search.next?.map(({ offset }) => offset)).toEqual([2, 3]);
  search.retain(() => false);
  expect(search.next).toBeUndefined();
});
