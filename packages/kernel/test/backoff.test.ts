import { expect, test } from 'vitest';

import { backoffMs } from '../src/index.ts';

test('back-off doubles up to its maximum and stays in the upper half of each step', () => {
  const options = { initialMs: 100, maxMs: 1_000 };
  expect(backoffMs(1, options, () => 0)).toBe(50);
  expect(backoffMs(1, options, () => 1)).toBe(100);
  expect(backoffMs(3, options, () => 1)).toBe(400);
  expect(backoffMs(30, options, () => 1)).toBe(1_000);
});
