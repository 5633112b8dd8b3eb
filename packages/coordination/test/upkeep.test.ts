import { expect, test } from 'vitest';

import { wholeReadPauseMs } from '../src/upkeep.ts';

test.each([
  ['a small cluster is read every half a minute', 100, 30_000],
  ['a large one as often as takes 2 % of the time', 1_000, 50_000],
  ['one that waited for a store that stood still is read again all the same', 12_000, 90_000],
])('%s', (_what, tookMs, pauseMs) => {
  expect(wholeReadPauseMs(tookMs)).toBe(pauseMs);
});
