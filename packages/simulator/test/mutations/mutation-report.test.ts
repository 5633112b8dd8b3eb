import { expect, test } from 'vitest';

import type { MutationResult } from '../../src/mutations/hunt.ts';
import type { Mutation } from '../../src/mutations/mutation.ts';
import { resultLine, summarize, summaryLines } from '../../src/mutations/mutation-report.ts';

const mutation: Mutation = {
  guard: {
    number: 3,
    language: 'lua',
    file: 'claim.lua',
    line: 34,
    text: "retired == '1'",
    place: 'claim.lua:34',
    role: 'condition',
    from: 0,
    to: 14,
  },
  kind: 'false',
};
const caught: MutationResult = {
  mutation,
  reachedIn: 40,
  tried: 5,
  caughtByTest: undefined,
  caughtBy: new Map([
    ['I2', 3],
    ['hangs', 1],
  ]),
};
const survivor: MutationResult = {
  mutation,
  reachedIn: 40,
  tried: 20,
  caughtBy: new Map(),
  caughtByTest: undefined,
};
const tested: MutationResult = { ...survivor, caughtByTest: 'claiming is refused' };

test('a line says what was broken, and what noticed it in how many seeds', () => {
  expect(resultLine(caught)).toBe(
    "claim.lua:34 false: retired == '1'  caught by I2 (3 of 5), hangs (1 of 5)",
  );
  expect(resultLine(survivor)).toBe(
    "claim.lua:34 false: retired == '1'  SURVIVES 20 of 40 seeds in which it changes something",
  );
  expect(resultLine(tested)).toBe(
    `claim.lua:34 false: retired == '1'  caught by no seed of 20, but by "claiming is refused"`,
  );
});

test('the summary counts by invariant and names the survivors', () => {
  expect(summaryLines(summarize([caught, caught, tested, survivor]))).toEqual([
    '4 mutations: 2 caught by an invariant, 1 by a test alone, 0 equivalent, 1 survive',
    'caught by I2: 2, hangs: 2',
    "survives: claim.lua:34 false: retired == '1'",
  ]);
});
