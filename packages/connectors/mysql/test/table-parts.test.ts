import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundsBetween } from '../src/table-parts.ts';

const textsOf = (bounds: readonly (readonly string[])[]): string[] =>
  bounds.map(([hex = '']) => Buffer.from(hex, 'hex').toString());

test('a range of keys is divided into parts of the same length', () => {
  expect(textsOf(boundsBetween(-10n, 30n, 4))).toEqual(['0', '10', '20']);
  expect(textsOf(boundsBetween(0n, 2n ** 64n - 1n, 2))).toEqual(['9223372036854775807']);
  expect(textsOf(boundsBetween(5n, 5n, 3))).toEqual(['5']);
});

test('bounds ascend, and are within the range', () => {
  fc.assert(
    fc.property(
      fc.bigInt(),
      fc.bigInt({ min: 0n }),
      fc.integer({ min: 2, max: 64 }),
      (low, length, parts) => {
        const bounds = textsOf(boundsBetween(low, low + length, parts)).map(BigInt);
        expect(bounds.length).toBeLessThan(parts);
        for (const [index, bound] of bounds.entries()) {
          expect(bound >= low && bound <= low + length).toBe(true);
          expect(index === 0 || bound > (bounds[index - 1] ?? 0n)).toBe(true);
        }
      },
    ),
  );
});
