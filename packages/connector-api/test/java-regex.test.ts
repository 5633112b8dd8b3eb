/** What matches is compared with Java in kafka-connect.test.ts; here is what is refused. */
import { expect, test } from 'vitest';
import { JavaRegex } from '../src/java-regex/java-regex.ts';

test.each([
  ['(?m)^a', 'the flag m of (?m)'],
  ['(?U)a', 'the flag U'],
  ['a(?i)b', 'may only stand at the start of a group'],
  ['\\Ga', '\\G'],
  ['\\X', '\\X'],
  ['\\b{g}', '\\b'],
  ['\\N{SPACE}', '\\N'],
  ['\\p{InGreek}', '\\p{InGreek}'],
  ['\\p{javaLowerCase}', '\\p{javaLowerCase}'],
  ['\\1(a)', 'stands before the end of that group'],
  ['(a\\1)', 'stands before the end of that group'],
  ['(a)|b\\1', 'does not always take part'],
  ['(a)?b\\1', 'does not always take part'],
  ['(?!(a))b\\1', 'does not always take part'],
  ['(?i)(a)\\1', 'that ignores case'],
  ['(?i)\\p{Lu}', 'that ignores case'],
  ['\\k<x>', 'named capturing group <x> does not exist'],
  ['(?<x>a)(?<x>b)', 'is already defined'],
  ['(?>(?:a?)*)b', 'may match nothing'],
  ['(?:a?)*+b', 'may match nothing'],
  ['a{3,2}', 'Illegal repetition range'],
  ['\\x{110000}', 'Hexadecimal codepoint is too big'],
])('%s is refused by name', (source, problem) => {
  expect(() => new JavaRegex(source)).toThrow(problem);
});

test('what takes part in each round of a repetition, or needs no group, is taken', () => {
  expect(new JavaRegex('(?:(a)\\1)?b').matches('aab')).toBe(true);
  expect(new JavaRegex('(a|b)\\1').matches('bb')).toBe(true);
  expect(new JavaRegex('((a|b)\\2)+').replacer('$1')('aabb')).toBe('bb');
  expect(new JavaRegex('((a)|b)+').matches('ab')).toBe(true);
});

test('a group that JavaScript forgets may not be replaced by', () => {
  const regex = new JavaRegex('((a)|b)+');
  expect(() => regex.replacer('$2')).toThrow('JavaScript forgets it');
  expect(regex.replacer('$1')('ab')).toBe('b');
});

test('what repeats nothing matches whole texts, and may not be replaced', () => {
  const regex = new JavaRegex('(a*)*b');
  expect(regex.matches('aab')).toBe(true);
  expect(regex.matches('a')).toBe(false);
  for (const source of ['(a*)*b', '(?:(a?)\\1)+b', '(?:\\b|a)*b'])
    expect(() => new JavaRegex(source).replacer('x'), source).toThrow('may match nothing');
});

test.each([
  ['(?i)[a-c]+', 'AbC', true],
  ['(?i)[^b]', 'B', false],
  ['(?i)[Z-a]', 'z', true],
  ['(?i)\\Qab\\E\\x41', 'aBa', true],
  ['(?i)\\p{Lower}', 'A', true],
  ['(?i:a)a', 'AA', false],
  // A class behind such a group: V8's own (?i:…) would leak into it.
  ['(?i:b)*[a-z]', 'A', false],
  ['(?i)a(?-i:b)', 'AB', false],
  ['(?i)k', '\u212a', false],
])('case counts or not: %s on %s is %s', (source, text, expected) => {
  expect(new JavaRegex(source).matches(text)).toBe(expected);
});

test('assertions may be repeated', () => {
  expect(new JavaRegex('a\\b*-').matches('a-')).toBe(true);
});

test('characters beyond the first plane count as one', () => {
  expect(new JavaRegex('^.$').matches('😀')).toBe(true);
  expect(new JavaRegex('[😀-😂]').matches('😁')).toBe(true);
  expect(new JavaRegex('\\uD83D\\uDE00').matches('😀')).toBe(true);
});
