import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DataError, Decimal } from '../src/index.ts';

const anyDecimal = fc
  .tuple(fc.bigInt({ min: -(2n ** 100n), max: 2n ** 100n }), fc.integer({ min: -30, max: 60 }))
  .map(([unscaled, scale]) => new Decimal(unscaled, scale));

describe('Decimal', () => {
  // What Java's BigDecimal prints.
  test.each<[bigint, number, string, string]>([
    [0n, 0, '0', '0'],
    [0n, 2, '0.00', '0.00'],
    [0n, 7, '0E-7', '0.0000000'],
    [0n, -3, '0E+3', '0'],
    [123n, 0, '123', '123'],
    [-123n, 0, '-123', '-123'],
    [123n, -1, '1.23E+3', '1230'],
    [123n, -3, '1.23E+5', '123000'],
    [123n, 1, '12.3', '12.3'],
    [123n, 5, '0.00123', '0.00123'],
    [123n, 10, '1.23E-8', '0.0000000123'],
    [-123n, 12, '-1.23E-10', '-0.000000000123'],
    [1n, 6, '0.000001', '0.000001'],
    [1n, 7, '1E-7', '0.0000001'],
  ])('%s with scale %s is %s', (unscaled, scale, text, plain) => {
    const decimal = new Decimal(unscaled, scale);
    expect(decimal.toString()).toBe(text);
    expect(decimal.toPlainString()).toBe(plain);
    expect(Decimal.fromString(text)).toEqual(decimal);
  });

  test.each(['', '.', 'abc', '1,5', '0x10', '1e', ' 1', '1_000', 'NaN', '1e99999999999'])(
    'refuses %j',
    (text) => {
      expect(() => Decimal.fromString(text)).toThrow(DataError);
    },
  );

  // What Java's BigInteger.toByteArray gives.
  test.each<[bigint, number[]]>([
    [0n, [0]],
    [1n, [1]],
    [127n, [0x7f]],
    [128n, [0, 0x80]],
    [255n, [0, 0xff]],
    [256n, [1, 0]],
    [-1n, [0xff]],
    [-128n, [0x80]],
    [-129n, [0xff, 0x7f]],
    [4096n, [0x10, 0]],
    [32768n, [0, 0x80, 0]],
  ])('stores %s in the fewest bytes', (unscaled, bytes) => {
    expect([...new Decimal(unscaled, 0).toBytes()]).toEqual(bytes);
  });

  test('survives as text and as bytes', () => {
    fc.assert(
      fc.property(anyDecimal, (decimal) => {
        expect(Decimal.fromString(decimal.toString())).toEqual(decimal);
        expect(Decimal.fromBytes(decimal.toBytes(), decimal.scale)).toEqual(decimal);
        expect(decimal.compareTo(Decimal.fromString(decimal.toPlainString()))).toBe(0);
        expect(decimal.toNumber()).toBe(Number(decimal.toString()));
      }),
    );
  });

  test('compares by number, and equals by number and scale', () => {
    const [short, long] = [Decimal.fromString('1.5'), Decimal.fromString('1.50')];
    expect(short.equals(long)).toBe(false);
    expect(short.compareTo(long)).toBe(0);
    expect(short.withScale(2)).toEqual(long);
    expect(long.withScale(1)).toEqual(short);
    expect(() => Decimal.fromString('1.55').withScale(1)).toThrow('without rounding');
    fc.assert(
      fc.property(anyDecimal, anyDecimal, (one, other) => {
        const scale = Math.max(one.scale, other.scale);
        const difference = one.withScale(scale).unscaled - other.withScale(scale).unscaled;
        expect(one.compareTo(other)).toBe(difference < 0n ? -1 : Number(difference > 0n));
      }),
    );
  });

  test('a huge exponent does not fill the memory', () => {
    const huge = Decimal.fromString('1E+2000000000');
    expect(huge.toString()).toBe('1E+2000000000');
    expect(huge.toNumber()).toBe(Number.POSITIVE_INFINITY);
    expect(huge.compareTo(Decimal.fromString('1E-2000000000'))).toBe(1);
    expect(() => huge.toPlainString()).toThrow(DataError);
    expect(() => huge.withScale(0)).toThrow(DataError);
  });

  test('comes from numbers by their shortest text', () => {
    expect(Decimal.fromNumber(0.1)).toEqual(new Decimal(1n, 1));
    expect(Decimal.fromNumber(1e21)).toEqual(new Decimal(1n, -21));
    expect(() => Decimal.fromNumber(Number.NaN)).toThrow('NaN is not a decimal number');
    expect(JSON.stringify({ price: Decimal.fromString('9.90') })).toBe('{"price":"9.90"}');
  });
});
