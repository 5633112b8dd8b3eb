import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';

import type { MutationResult } from '../../src/mutations/hunt.ts';
import { guardsOfLua } from '../../src/mutations/lua-guards.ts';
import { type Mutation, mutationsOf, placed } from '../../src/mutations/mutation.ts';
import { mutationTable } from '../../src/mutations/mutation-table.ts';
import { appendResult, readResults } from '../../src/mutations/results-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-results-'));
const path = join(folder, 'results.jsonl');
afterEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true }));

const mutationsIn = (file: string, text: string, number = 1): Mutation[] =>
  placed('lua', file, text, guardsOfLua(file, text), number).flatMap(mutationsOf);
const claim = mutationsIn('claim.lua', 'if a == 1 then f() end');
const grant = mutationsIn('grant.lua', 'if b then f() end', 2);
const [first, second] = claim as [Mutation, Mutation];

const survived: MutationResult = {
  mutation: first,
  reachedIn: 40,
  tried: 20,
  caughtBy: new Map(),
  caughtByTest: undefined,
};

test('of each mutation, a file has its latest result', () => {
  expect(readResults(path, claim)).toEqual([]);
  const caught = { ...survived, tried: 3, caughtBy: new Map([['I2', 3]]) };
  const tested = { ...survived, mutation: second, caughtByTest: 'claiming > is refused' };
  for (const result of [survived, tested, caught]) appendResult(path, result);
  expect(readResults(path, [...claim, ...grant])).toEqual([caught, tested]);
  expect(readResults(path, [second])).toEqual([tested]);
});

test('what a file has about a guard that reads differently now does not count', () => {
  appendResult(path, survived);
  expect(readResults(path, mutationsIn('claim.lua', 'if a == 2 then f() end'))).toEqual([]);
});

test('a line that is no result is told with its place', () => {
  writeFileSync(path, '');
  appendResult(path, survived);
  appendFileSync(path, '{"id":"claim.lua:1:tr');
  expect(() => readResults(path, claim)).toThrow(
    `${path}:2 is no result of a mutation: remove the line`,
  );
});

test('a table counts them file by file, and what was not tried', () => {
  const tested = { ...survived, mutation: second, caughtByTest: 'claiming > is refused' };
  expect(mutationTable([...claim, ...grant], [survived, tested])).toEqual([
    '| file | guards | mutations | caught by an invariant | by a test alone | equivalent | survive | not tried |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    '| `claim.lua` | 1 | 2 | 0 | 1 | 0 | 1 | 0 |',
    '| `grant.lua` | 1 | 2 | 0 | 0 | 0 | 0 | 2 |',
    '| all | 2 | 4 | 0 | 1 | 0 | 1 | 2 |',
  ]);
});
