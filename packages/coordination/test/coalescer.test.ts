import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { Coalescer } from '../src/worker/coalescer.ts';

function coalescer(call: (items: readonly number[]) => Promise<readonly string[]>): {
  clock: FakeClock;
  batches: number[][];
  add: (item: number) => Promise<string>;
} {
  const clock = new FakeClock();
  const batches: number[][] = [];
  const gathered = new Coalescer<number, string>(clock, 5, 3, (items) => {
    batches.push([...items]);
    return call(items);
  });
  return { clock, batches, add: (item) => gathered.add(item) };
}

const echo = async (items: readonly number[]): Promise<string[]> => items.map(String);

test('calls of about the same time become one, and each gets its own answer', async () => {
  const { clock, batches, add } = coalescer(echo);
  const answers = Promise.all([add(1), add(2)]);
  await clock.advance(4);
  expect(batches).toEqual([]);
  await clock.advance(1);
  expect(await answers).toEqual(['1', '2']);
  expect(batches).toEqual([[1, 2]]);
});

test('a later call makes a batch of its own', async () => {
  const { clock, batches, add } = coalescer(echo);
  void add(1);
  await clock.advance(5);
  void add(2);
  await clock.advance(5);
  expect(batches).toEqual([[1], [2]]);
});

test('a full batch does not wait, and what comes after it is not forgotten', async () => {
  const { clock, batches, add } = coalescer(echo);
  const answers = Promise.all([1, 2, 3, 4].map(add));
  expect(batches).toEqual([[1, 2, 3]]);
  await clock.advance(5);
  expect(await answers).toEqual(['1', '2', '3', '4']);
  expect(batches).toEqual([[1, 2, 3], [4]]);
});

test('nothing is called for nobody', async () => {
  const { clock, batches, add } = coalescer(echo);
  const answers = Promise.all([1, 2, 3].map(add));
  expect(await answers).toEqual(['1', '2', '3']);
  await clock.advance(5);
  expect(batches).toEqual([[1, 2, 3]]);
});

test('a failure reaches everybody who waits, and nobody after', async () => {
  let fails = true;
  const { clock, add } = coalescer(async (items) => {
    if (fails) throw new Error('Redis is away');
    return echo(items);
  });
  const outcomes = Promise.allSettled([add(1), add(2)]);
  await clock.advance(5);
  expect(await outcomes).toMatchObject([
    { status: 'rejected', reason: { message: 'Redis is away' } },
    { status: 'rejected', reason: { message: 'Redis is away' } },
  ]);
  fails = false;
  const answer = add(3);
  await clock.advance(5);
  expect(await answer).toBe('3');
});

test('who gets no answer of a batch is told so', async () => {
  const { clock, add } = coalescer(async () => ['1']);
  const outcomes = Promise.allSettled([add(1), add(2)]);
  await clock.advance(5);
  expect(await outcomes).toMatchObject([
    { status: 'fulfilled', value: '1' },
    { status: 'rejected', reason: { message: 'a batch call answered with too few results' } },
  ]);
});
