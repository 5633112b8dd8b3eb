/** References in values that anybody may have sent. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { isReference, referencesIn, replaceReferences } from '../src/config-references.ts';

/** Kafka Connect's own (`ConfigTransformer.DEFAULT_PATTERN`): right, and cubic. */
const pattern = /\$\{([^}]*?):(?:([^}]*?):)?([^}]*?)\}/g;

test('what Kafka Connect takes for a reference is one, and nothing else', () => {
  const text = fc
    .array(fc.constantFrom('$', '{', '${', '}', ':', 'a', '\n', ' '), { maxLength: 24 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (value) => {
      const expected = Array.from(
        value.matchAll(pattern),
        ([whole, provider = '', path = '', key = '']) => ({ text: whole, provider, path, key }),
      );
      expect(referencesIn(value)).toEqual(expected);
      expect(replaceReferences(value, ({ key }) => `<${key}>`)).toBe(
        value.replaceAll(pattern, (_whole, _provider, _path, key: string) => `<${key}>`),
      );
    }),
    { numRuns: 2_000 },
  );
});

test('parts of a reference', () => {
  expect(referencesIn('a ${env:X} ${file:/f:k:l}')).toEqual([
    { text: '${env:X}', provider: 'env', path: '', key: 'X' },
    { text: '${file:/f:k:l}', provider: 'file', path: '/f', key: 'k:l' },
  ]);
  expect(isReference(' ${env:X} ')).toBe(true);
  expect(isReference('x ${env:X}')).toBe(false);
});

test.each([
  ['colons after a brace that nothing closes', `\${${':'.repeat(100_000)}`],
  ['braces that nothing closes', '${:'.repeat(100_000)],
  ['braces without a colon', '${'.repeat(100_000)],
  ['colons in one reference', `\${${':'.repeat(100_000)}}`],
])('a long value is read in one pass: %s', (_what, value) => {
  const from = performance.now();
  referencesIn(value);
  replaceReferences(value, () => '');
  isReference(value);
  // Milliseconds; a pattern takes minutes.
  expect(performance.now() - from).toBeLessThan(20_000);
});
