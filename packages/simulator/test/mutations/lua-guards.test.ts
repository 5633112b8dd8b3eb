import { expect, test } from 'vitest';

import { parseLua } from '../../src/lua/syntax.ts';
import { guardedFiles } from '../../src/mutations/all-guards.ts';
import { guardsOfLua } from '../../src/mutations/lua-guards.ts';

const guardsOf = (text: string): (readonly [string, string])[] =>
  guardsOfLua('test.lua', text).map(({ from, to, role }) => [text.slice(from, to), role]);

test('a condition is a guard, and so is each of its operands', () => {
  expect(guardsOf('if not a or (b and c == d) then f() elseif e then g() end')).toEqual([
    ['not a or (b and c == d)', 'condition'],
    ['not a', 'operand of or'],
    ['b and c == d', 'operand of or'],
    ['b', 'operand of and'],
    ['c == d', 'operand of and'],
    ['e', 'condition'],
  ]);
  expect(guardsOf('while a do f() end')).toEqual([['a', 'condition']]);
});

test('what is returned, assigned or passed is guarded by its comparisons and by what stands before an "and"', () => {
  expect(guardsOf("return allowed and claim(x) or 'stale'")).toEqual([['allowed', 'condition']]);
  expect(guardsOf('local behind = a < b or c < d')).toEqual([
    ['a < b', 'value'],
    ['c < d', 'value'],
  ]);
  expect(guardsOf('f(g() == 1)')).toEqual([['g() == 1', 'value']]);
});

test('a default is no guard', () => {
  expect(guardsOf('return tonumber(value or 0)')).toEqual([]);
});

test('every script is Lua still with its guards going through the switch', () => {
  const files = guardedFiles().filter(({ language }) => language === 'lua');
  expect(files.length).toBeGreaterThan(40);
  for (const { file, instrumented } of files) parseLua(file, instrumented.replace(/^#!/, '--'));
});
