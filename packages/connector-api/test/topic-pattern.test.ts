/** topics.regex: the same topics as by Java's regular expressions, in a time that has a bound. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { TopicPattern } from '../src/index.ts';
import { JavaRegex } from '../src/java-regex/index.ts';

test.each([
  ['orders', 'orders', true],
  ['orders', 'orders-eu', false],
  ['orders-.*', 'orders-', true],
  ['\\Qa.b\\E', 'a.b', true],
  ['\\Qa.b\\E', 'axb', false],
  ['\\p{Alpha}+\\.\\p{Digit}{2}', 'ab.12', true],
  ['[a-z&&[^b]]+', 'acd', true],
  ['[a-z&&[^b]]+', 'abc', false],
  ['(?!internal-).*', 'orders', true],
  ['(?!internal-).*', 'internal-orders', false],
  ['.*(?<!-internal)', 'orders', true],
  ['.*(?<!-internal)', 'orders-internal', false],
  ['(?=.*eu)(?=.*us).*', 'us-eu', true],
  ['(?=.*eu)(?=.*us).*', 'eu', false],
  ['(?:(?<=a)b|a)+', 'abab', true],
  ['(?i)Orders', 'oRDERS', true],
  ['^db\\.(a|b){2,3}$', 'db.aba', true],
  ['^db\\.(a|b){2,3}$', 'db.abab', false],
  ['a??b*?', 'abb', true],
  ['\\bab\\b-\\b', 'ab-', false],
  ['(?:a?)*', '', true],
  ['(?:a|b*)*c{0}', 'abba', true],
])('%s with %s', (source, topic, isMatch) => {
  expect(new TopicPattern(source).matches(topic)).toBe(isMatch);
});

test.each([
  ['a*+b', 'a possessive quantifier is not supported here'],
  ['(?>a|ab)c', 'an atomic group is not supported here'],
  ['(a)\\1', 'a back reference is not supported here'],
  ['a\\R', '\\R is not supported here'],
  ['(?m)a', 'the flag m'],
  ['(a', 'Unclosed group'],
  ['(?:a{1000}){1000}', 'it is too large, or repeats too often'],
  ['a{1000000000}', 'it is too large, or repeats too often'],
  [`${'(?:'.repeat(1_000)}a${')'.repeat(1_000)}`, 'it is nested too deeply'],
  ['('.repeat(100_000), 'it is nested too deeply'],
])('%s is refused by name', (source, problem) => {
  expect(() => new TopicPattern(source)).toThrow(problem);
});

test.each([
  '(a+)+b',
  '(a|aa)+b',
  '(?:a*)*b',
  '(?:.*.*.*.*.*)+b',
  '(?=(?:a+)+b).*',
  '(?:a?){200}a{200}b',
])('%s does not take for ever', (source) => {
  const pattern = new TopicPattern(source);
  const beganMs = performance.now();
  expect(pattern.matches('a'.repeat(249))).toBe(false);
  // Milliseconds; a matcher that tries all ways takes longer than anybody lives.
  expect(performance.now() - beganMs).toBeLessThan(10_000);
});

const atoms = ['a', 'b', '.', '[ab]', '[^a]', '\\w', '^', '$', '\\b'];
const { regex } = fc.letrec<{ regex: string }>((tie) => ({
  regex: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(...atoms),
    fc.tuple(tie('regex'), tie('regex')).map(([one, other]) => one + other),
    fc.tuple(tie('regex'), tie('regex')).map(([one, other]) => `(?:${one}|${other})`),
    fc
      .tuple(tie('regex'), fc.constantFrom('*', '+', '?', '*?', '{2}', '{0,2}', '{1,}'))
      .map(([one, suffix]) => `(${one})${suffix}`),
    fc
      .tuple(fc.constantFrom('?=', '?!', '?<=', '?<!'), tie('regex'))
      .map(([opening, one]) => `(${opening}${one})`),
  ),
}));

test("any expression matches the texts that JavaScript's engine finds it to match", () => {
  fc.assert(
    fc.property(
      regex,
      fc.array(fc.constantFrom('a', 'b', '-'), { maxLength: 6 }),
      (source, letters) => {
        const topic = letters.join('');
        expect(new TopicPattern(source).matches(topic)).toBe(new JavaRegex(source).matches(topic));
      },
    ),
    { numRuns: 2_000 },
  );
});
