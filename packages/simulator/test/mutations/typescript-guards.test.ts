import { expect, test } from 'vitest';
import {
  allMutations,
  brainMutations,
  typeScriptMutations,
} from '../../src/mutations/all-mutations.ts';
import { outdated } from '../../src/mutations/equivalent.ts';

const guardsOf = (text: string): string[] =>
  typeScriptMutations('file.ts', text)
    .filter(({ kind }) => kind === 'true')
    .map(({ guard }) => guard);

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

test('each can be removed both ways and inverted, and the rest of the file stays', () => {
  const mutations = typeScriptMutations('a.ts', 'if (isHeld) go();\nelse stay();\n');
  expect(mutations.map(({ id, text }) => [id, text])).toEqual([
    ['a.ts:1:true', 'if ( (true as boolean) ) go();\nelse stay();\n'],
    ['a.ts:1:false', 'if ( (false as boolean) ) go();\nelse stay();\n'],
    ['a.ts:1:inverted', 'if ( (!(isHeld)) ) go();\nelse stay();\n'],
  ]);
});

test('what does not parse is told with its name', () => {
  expect(() => guardsOf('if (')).toThrow(/file\.ts does not parse/);
});

test('every guard of the brains can be broken, under an id of its own', () => {
  const mutations = brainMutations();
  expect(mutations.length).toBeGreaterThan(1_500);
  expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length);
});

test('what is called equivalent is there', () => {
  expect(outdated(allMutations())).toEqual([]);
});
