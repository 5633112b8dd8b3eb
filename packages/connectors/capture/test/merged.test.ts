import { expect, test } from 'vitest';

import { merged } from '../src/merged.ts';

async function* of(...items: readonly (number | Error)[]): AsyncGenerator<number> {
  for (const item of items) {
    await Promise.resolve();
    if (item instanceof Error) throw item;
    yield item;
  }
}

async function all(...readers: readonly AsyncGenerator<number>[]): Promise<number[]> {
  const items: number[] = [];
  for await (const item of merged(readers)) items.push(item);
  return items;
}

test('all that the readers have comes once, that of each in its order', async () => {
  const items = await all(of(1, 2, 3), of(), of(11, 12));
  expect(items.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 11, 12]);
  expect(items.filter((item) => item < 10)).toEqual([1, 2, 3]);
  expect(items.filter((item) => item > 10)).toEqual([11, 12]);
});

test('a reader that waits holds no other up', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  async function* slow(): AsyncGenerator<number> {
    yield await promise;
  }
  const items: number[] = [];
  for await (const item of merged([slow(), of(1, 2)])) {
    items.push(item);
    if (item === 2) resolve(9);
  }
  expect(items).toEqual([1, 2, 9]);
});

test('what a reader fails with ends it', async () => {
  await expect(all(of(1, new Error('gone')), of(2, 3, 4))).rejects.toThrow('gone');
});

test('readers that fail after nobody takes any more fail nothing', async () => {
  for await (const item of merged([of(1, new Error('late')), of(2, new Error('late'))])) {
    expect(item).toBeGreaterThan(0);
    break;
  }
});
