import { expect, test } from 'vitest';

import type { MutationResult } from '../../src/mutations/hunt.ts';
import type { Mutation } from '../../src/mutations/mutation.ts';
import { resultLine, summarize, summaryLines } from '../../src/mutations/mutation-report.ts';

const guard = { file: 'lua/claim.lua', line: 34, text: "retired == '1'", start: 0, end: 14 };
const mutation: Mutation = { id: 'id', language: 'lua', kind: 'never', guard };
const caught: MutationResult = {
  mutation,
  tried: 5,
  caughtBy: new Map([
    ['I2', 3],
    ['hangs', 1],
  ]),
};
const survivor: MutationResult = { mutation, tried: 20, caughtBy: new Map() };

test('a line says what was broken, and what noticed it in how many seeds', () => {
  expect(resultLine(caught)).toBe(
    "lua/claim.lua:34 never: retired == '1'  caught by I2 (3 of 5), hangs (1 of 5)",
  );
  expect(resultLine(survivor)).toBe("lua/claim.lua:34 never: retired == '1'  SURVIVES 20 seeds");
});

test('the summary counts by invariant and names the survivors', () => {
  expect(summaryLines(summarize([caught, caught, survivor]))).toEqual([
    '3 mutations: 2 caught, 0 equivalent, 1 survive',
    'caught by I2: 2, hangs: 2',
    "survives: lua/claim.lua:34 never: retired == '1'",
  ]);
});
