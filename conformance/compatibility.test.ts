import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { declaredRows, undeclared } from './compatibility.ts';
import { suites } from './suites.ts';

const markdown = readFileSync(new URL('../docs/COMPATIBILITY.md', import.meta.url), 'utf8');

test('each difference that is declared has a case, and each case that differs its row', () => {
  const rows = declaredRows(markdown);
  expect(rows.length).toBeGreaterThan(0);
  const ids = rows.map(({ id }) => id);
  expect(undeclared(ids, suites)).toEqual([]);
});

test('titles are unique within a suite, so that each case can be named', () => {
  for (const { cases } of suites) {
    const titles = cases.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  }
});

test('rows are those of the section alone, and link to their headings', () => {
  const text =
    '| `x` |\n\n## Declared differences\n\n### Two Words\n\n| id |\n| `a-1` | b |\n\n## Else\n\n| `c` | d |\n';
  expect(declaredRows(text)).toEqual([{ id: 'a-1', anchor: 'two-words' }]);
});

test('what lacks its counterpart is named', async () => {
  const run = async (): Promise<void> => {};
  const suite = { name: 's', cases: [{ title: 't', difference: 'b', run }] };
  expect(undeclared(['a', 'a'], [suite])).toEqual([
    'no case shows the row a',
    'no case shows the row a',
    'there is no row b',
    'the row a is there twice',
  ]);
});
