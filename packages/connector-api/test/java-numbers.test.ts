import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { javaDouble, javaFloat } from '../src/values/index.ts';

describe('numbers as Java prints them', () => {
  test.each([
    [0, '0.0'],
    [-0, '-0.0'],
    [1, '1.0'],
    [-12.5, '-12.5'],
    [0.001, '0.001'],
    [0.00099, '9.9E-4'],
    [9_999_999, '9999999.0'],
    [10_000_000, '1.0E7'],
    [1.25e7, '1.25E7'],
    [123456789.125, '1.23456789125E8'],
    [1 / 3, '0.3333333333333333'],
    [1e21, '1.0E21'],
    [1.7976931348623157e308, '1.7976931348623157E308'],
    [5e-324, '4.9E-324'],
    [Number.NaN, 'NaN'],
    [Number.POSITIVE_INFINITY, 'Infinity'],
  ])('the double %d is %s', (value, text) => {
    expect(javaDouble(value)).toBe(text);
  });

  test.each([
    [12.34, '12.34'],
    [0.1, '0.1'],
    [16777216, '1.6777216E7'],
    [3.4028234663852886e38, '3.4028235E38'],
    [1 / 3, '0.33333334'],
    [1e-5, '1.0E-5'],
    [1e-45, '1.4E-45'],
    [1e40, 'Infinity'],
  ])('the float %d is %s', (value, text) => {
    expect(javaFloat(value)).toBe(text);
  });

  test('read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Number(javaDouble(value))).toBe(value);
      }),
    );
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Math.fround(Number(javaFloat(value)))).toBe(value);
      }),
    );
  });
});
