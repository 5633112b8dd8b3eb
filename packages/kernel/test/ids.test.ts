import { expect, test } from 'vitest';

import { newId, newShortId } from '../src/index.ts';
import { replaceIds } from '../src/testing/index.ts';

test('ids are random, unless a test gives them', () => {
  expect(newId()).not.toBe(newId());
  let given = 0;
  const restore = replaceIds({
    newId: () => `id-${++given}`,
    newShortId: () => `short-${++given}`,
  });
  expect([newId(), newShortId(), newId()]).toEqual(['id-1', 'short-2', 'id-3']);
  restore();
  expect(newId()).toHaveLength(21);
  expect(newShortId()).toMatch(/^[\da-z]{6}$/);
});
