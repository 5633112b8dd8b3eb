import { readdirSync, readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { keyFamilies, keyNames } from '../src/keys.ts';
import { expandScript, scriptFiles, scriptNames, scriptSource } from '../src/script-source.ts';

const folder = new URL('../lua/', import.meta.url);
const luaFiles = (path: string): string[] =>
  readdirSync(new URL(path, folder)).filter((file) => file.endsWith('.lua'));
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8');

describe.each(luaFiles('.'))('%s', (file) => {
  const text = read(file);

  test('works on a full Redis', () => {
    expect(text.startsWith('#!lua flags=allow-oom\n')).toBe(true);
  });

  test('states its keys, arguments and result', () => {
    const header = text.split('\n').filter((line) => line.startsWith('---'));
    for (const part of ['KEYS ', 'ARGV ', 'Returns ']) {
      expect(header.some((line) => line.startsWith(`--- ${part}`))).toBe(true);
    }
  });

  test('has each piece once, and no include left', () => {
    const source = scriptSource(file.replace('.lua', '')).text;
    expect(source).not.toMatch(/@include/);
    const functions = [...source.matchAll(/^local function (\w+)/gm)].map(([, name]) => name);
    expect(functions).toEqual([...new Set(functions)]);
  });

  test('uses every piece that it includes', () => {
    const used = scriptSource(file.replace('.lua', '')).text;
    for (const [, piece] of text.matchAll(/^--- @include "([a-z-]+)"$/gm)) {
      const names = [...read(`include/${piece}.lua`).matchAll(/^local (?:function )?(\w+)/gm)];
      const isUsed = names.some(([, name]) => used.split(new RegExp(`\\b${name}\\b`)).length > 2);
      expect(isUsed, piece).toBe(true);
    }
  });
});

test('lists all scripts and pieces', () => {
  expect(scriptNames()).toEqual(luaFiles('.').map((file) => file.slice(0, -'.lua'.length)));
  expect(new Set(scriptFiles())).toEqual(
    new Set([...luaFiles('.'), ...luaFiles('include').map((file) => `include/${file}`)]),
  );
});

test('puts another text in the place of a file, pieces included', () => {
  const replaced = expandScript('resign', (file) => {
    return file === 'include/check-term.lua' ? '-- no check' : read(file);
  });
  expect(replaced).toContain('-- no check');
  expect(replaced).not.toContain("not-leader' end");
  expect(scriptSource('resign').text).toContain("return 'not-leader' end");
});

test('scripts name the keys that are in the list, and all of them', () => {
  const text = [...luaFiles('.'), ...luaFiles('include').map((file) => `include/${file}`)]
    .map(read)
    .join('\n');
  const code = text.replaceAll(/^\s*---?.*$/gm, '');
  const used = new Set([...code.matchAll(/tag \.\. ':([a-z-]+)/g)].map(([, name]) => name));
  expect(used).toEqual(new Set([...keyNames, ...keyFamilies]));
});
