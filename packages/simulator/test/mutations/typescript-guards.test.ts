import { expect, test } from 'vitest';

import { guardsOfTypeScript } from '../../src/mutations/typescript-guards.ts';

const guardsOf = (text: string): string[] =>
  guardsOfTypeScript('file.ts', text).map(({ from, to }) => text.slice(from, to));

test('conditions, their operands, and logical expressions that are kept', () => {
  expect(
    guardsOf(`
      if (a > 1 && (b || !c)) run();
      const kept = d && e === 'x';
      while (f()) step(g ? 1 : h ?? 2);
      for (;;) break;
    `),
  ).toEqual([
    'a > 1 && (b || !c)',
    'a > 1',
    'b || !c',
    'b',
    '!c',
    "d && e === 'x'",
    'd',
    "e === 'x'",
    'f()',
    'g',
  ]);
});

test('a default guards nothing, what it stands in for does', () => {
  expect(guardsOf(`const name = names.join() || 'none';`)).toEqual(['names.join()']);
});

test('each has a role, by which it is known what changes nothing there', () => {
  const roles = guardsOfTypeScript('file.ts', 'if (a && (b || c)) f();').map(({ role }) => role);
  expect(roles).toEqual([
    'condition',
    'operand of and',
    'operand of and',
    'operand of or',
    'operand of or',
  ]);
});

test('a comparison that is returned, kept or passed is one as well', () => {
  const text = `
    const isUp = state === 'up';
    const isAnyNew = list.filter(({ age }) => age >= min).some((each) => !each.isOld);
  `;
  expect(guardsOf(text)).toEqual(["state === 'up'", 'age >= min', '!each.isOld']);
  const [first] = guardsOfTypeScript('file.ts', text);
  expect(first?.role).toBe('value');
});

test('what does not parse is told with its name', () => {
  expect(() => guardsOf('if (')).toThrow(/file\.ts does not parse/);
});
