import { describe, expect, test } from 'vitest';
import { bytes, count, grouped, rate, short } from '../src/format/numbers.ts';
import { countdown, shortSpan, span } from '../src/format/times.ts';

describe('numbers', () => {
  test.each([
    [0, '0'],
    [7, '7'],
    [7.26, '7.3'],
    [999.4, '999'],
    [999.6, '1.00k'],
    [1_234, '1.23k'],
    [12_340, '12.3k'],
    [999_600, '1.00M'],
    [3_100_000, '3.10M'],
    [-1_500, '−1.50k'],
    [Number.NaN, '–'],
  ])('%d is shown with the three digits that count: %s', (value, text) => {
    expect(short(value)).toBe(text);
  });

  test('a rate that is little, but not nothing, is not shown as nothing', () => {
    expect([rate(0), rate(0.01), rate(0.5)]).toEqual(['0', '<0.1', '0.5']);
  });

  test('bytes change their unit before they have four digits', () => {
    expect([bytes(0), bytes(1_023), bytes(1_024), bytes(210 * 1_024 ** 2)]).toEqual([
      '0 B',
      '1023 B',
      '1.0 KiB',
      '210 MiB',
    ]);
  });

  test('large counts are grouped, and one is no plural', () => {
    expect([count(1, 'task'), count(12_345, 'task'), grouped(1_000_000)]).toEqual([
      '1 task',
      '12\u2009345 tasks',
      '1\u2009000\u2009000',
    ]);
  });
});

describe('times', () => {
  test.each([
    [-5, '0.0 s'],
    [400, '0.4 s'],
    [9_940, '9.9 s'],
    [9_960, '10 s'],
    [59_600, '1 m 00 s'],
    [185_000, '3 m 05 s'],
    [7_800_000, '2 h 10 m'],
    [442_800_000, '5 d 3 h'],
  ])('%d ms are %s', (ms, text) => {
    expect(span(ms)).toBe(text);
  });

  test('narrow columns have one unit', () => {
    expect([12_400, 200_000, 7_800_000, 442_800_000].map(shortSpan)).toEqual([
      '12s',
      '3m',
      '2h',
      '5d',
    ]);
  });

  test('a countdown ends at nothing, and is never below it', () => {
    expect([-100, 0, 1, 6_400, 750_000, 3_723_000].map(countdown)).toEqual([
      '0:00',
      '0:00',
      '0:01',
      '0:07',
      '12:30',
      '1:02:03',
    ]);
  });
});
