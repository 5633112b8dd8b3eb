import { describe, expect, test } from 'vitest';

import { guardsOfLua } from '../../src/mutations/lua-guards.ts';
import { mutated, mutationsOf } from '../../src/mutations/mutation.ts';
import { guardsOfTypeScript } from '../../src/mutations/typescript-guards.ts';

describe('guards of TypeScript', () => {
  test('conditions, their operands, and logical expressions that are kept', () => {
    const source = `
      if (a > 1 && (b || !c)) run();
      const kept = d && e === 'x';
      while (f()) step(g ? 1 : h ?? 2);
      for (;;) break;
    `;
    expect(guardsOfTypeScript('file.ts', source).map(({ text }) => text)).toEqual([
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

  test('each can be removed both ways and inverted, and the rest of the file stays', () => {
    const source = 'if (isHeld) go();\nelse stay();\n';
    const mutations = mutationsOf('typescript', source, guardsOfTypeScript('a.ts', source));
    expect(mutations.map(({ id }) => id)).toEqual(
      ['always', 'never', 'inverted'].map((kind) => `a.ts:1:5+6:${kind}`),
    );
    expect(mutations.map((each) => mutated(each, source))).toEqual([
      'if ((true as boolean)) go();\nelse stay();\n',
      'if ((false as boolean)) go();\nelse stay();\n',
      'if ((!(isHeld))) go();\nelse stay();\n',
    ]);
  });

  test('what does not parse is told with its name', () => {
    expect(() => guardsOfTypeScript('broken.ts', 'if (')).toThrow(/broken\.ts does not parse/);
  });
});

describe('guards of Lua', () => {
  test('conditions, their operands, and of values what decides or compares', () => {
    const source = `#!lua flags=allow-oom
      if a and not b then run() elseif c then stop() end
      while d > 1 do step() end
      local value = e and f or 'x'
      return tonumber(g or 0) ~= 0 and h == 'y'
    `;
    expect(guardsOfLua('file.lua', source).map(({ text }) => text)).toEqual([
      'a and not b',
      'a',
      'not b',
      'c',
      'd > 1',
      'e',
      'tonumber(g or 0) ~= 0',
      "h == 'y'",
    ]);
  });

  test('a mutation keeps the line that Redis reads', () => {
    const source = '#!lua flags=allow-oom\nif KEYS[1] then return 1 end\n';
    const [first] = mutationsOf('lua', source, guardsOfLua('a.lua', source)).map((each) =>
      mutated(each, source),
    );
    expect(first).toBe('#!lua flags=allow-oom\nif (true) then return 1 end\n');
  });
});
