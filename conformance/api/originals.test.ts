import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { suites } from '../suites.ts';

const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8');
const titles = suites.flatMap(({ cases, name }) => cases.map(({ title }) => `${name}: ${title}`));
const rows = Array.from(
  readme.matchAll(/^\| `(\w+)` \| (.+) \|$/gm),
  ([, name = '', text = '']) => ({
    name,
    text,
  }),
);

test('each original has the case that the table gives, or none and why', () => {
  expect(rows.length).toBeGreaterThan(100);
  for (const { name, text } of rows) {
    const named = Array.from(text.matchAll(/`((?:api|records): [^`]+)`/g), ([, title]) => title);
    for (const title of named) expect(titles, name).toContain(title);
    if (text === '*by name*') expect(titles.join('\n'), name).toMatch(new RegExp(`\\b${name}\\b`));
    else if (named.length === 0) expect(text, name).toMatch(/^none( here)?: /);
    else expect(text, name).not.toMatch(/^none/);
  }
});

test('each original that a title names is in the table', () => {
  const named = titles.flatMap((title) =>
    Array.from(title.matchAll(/\b(?:test(?=[A-Z_])|ensure)\w+/g), ([name]) => name),
  );
  expect(named.length).toBeGreaterThan(50);
  const listed = new Set(rows.map(({ name }) => name));
  expect([...new Set(named)].filter((name) => !listed.has(name))).toEqual([]);
});
