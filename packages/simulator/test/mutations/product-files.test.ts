import { expect, test } from 'vitest';

import { outdated } from '../../src/mutations/equivalent.ts';
import { mutated } from '../../src/mutations/mutation.ts';
import { allMutations, readProductFile } from '../../src/mutations/product-files.ts';

test('every guard of the scripts and of the brains can be broken, and each has a name of its own', () => {
  const all = allMutations();
  const languages = Map.groupBy(all, ({ language }) => language);
  expect(languages.get('lua')?.length).toBeGreaterThan(600);
  expect(languages.get('typescript')?.length).toBeGreaterThan(1_500);
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const each of all) {
    const source = readProductFile(each.guard.file);
    expect(mutated(each, source), each.id).not.toBe(source);
  }
});

test('what is called equivalent is there', () => {
  expect(outdated(allMutations())).toEqual([]);
});
