import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  clockText,
  dateText,
  formatInstant,
  instantOfMs,
  instantOfUnits,
  parseInstant,
  unitsOf,
} from '../src/time-zone.ts';

const zones = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Australia/Lord_Howe'];

test('what is written in a zone reads as the same time, unless clocks were set back', () => {
  const ms = fc.integer({ min: Date.UTC(1, 0, 2), max: Date.UTC(9999, 11, 30) });
  fc.assert(
    fc.property(
      ms,
      fc.integer({ min: 0, max: 999_999 }),
      fc.constantFrom(...zones),
      (at, below, zone) => {
        const instant = { ms: at, nanos: instantOfMs(at).nanos + below };
        const text = formatInstant(instant, zone);
        const read = parseInstant(text, zone);
        // An hour, or half of one, is there twice in a year.
        const isTwice = [1_800_000, 3_600_000].includes(read.ms - at);
        if (!isTwice) expect(read).toEqual(instant);
        expect(formatInstant(read, zone)).toBe(text);
      },
    ),
  );
});

test('offsets, eras and digits of databases are read', () => {
  expect(parseInstant('2026-07-01 10:00:00.1+05:30', 'UTC').ms).toBe(
    Date.parse('2026-07-01T04:30:00.100Z'),
  );
  expect(parseInstant('2026-07-01 10:00:00-03', 'Europe/Berlin').ms).toBe(
    Date.parse('2026-07-01T13:00:00Z'),
  );
  expect(parseInstant('2026-07-01', 'Europe/Berlin').ms).toBe(Date.parse('2026-06-30T22:00:00Z'));
  expect(parseInstant('0001-01-01 00:00:00 BC', 'UTC').ms).toBe(Date.parse('0000-01-01T00:00:00Z'));
  expect(parseInstant('1969-12-31 23:59:59.999999999', 'UTC')).toEqual({
    ms: -1,
    nanos: 999_999_999,
  });
  for (const text of ['infinity', '0000-00-00 00:00:00', '2026-07', ''])
    expect(() => parseInstant(text, 'UTC')).toThrow(/do not hold/);
});

test('an hour that is there twice is the second one, and one that is not there is the next', () => {
  const at = (text: string): string =>
    new Date(parseInstant(text, 'Europe/Berlin').ms).toISOString();
  expect(at('2025-10-26 01:59:59')).toBe('2025-10-25T23:59:59.000Z');
  expect(at('2025-10-26 02:30:00')).toBe('2025-10-26T01:30:00.000Z');
  expect(at('2025-10-26 03:00:00')).toBe('2025-10-26T02:00:00.000Z');
  expect(at('2025-03-30 02:30:00')).toBe('2025-03-30T01:30:00.000Z');
});

test('units before 1970 count down', () => {
  expect(unitsOf({ ms: -1, nanos: 999_999_000 }, 6)).toBe(-1n);
  expect(instantOfUnits(-1n, 6)).toEqual({ ms: -1, nanos: 999_999_000 });
  expect(instantOfUnits(-1n, 9)).toEqual({ ms: -1, nanos: 999_999_999 });
});

test('dates keep their era and all digits of their year', () => {
  expect(dateText(parseInstant('2026-11-30 23:59:59', 'UTC'))).toBe('2026-11-30');
  expect(dateText(parseInstant('0044-03-15 BC', 'UTC'))).toBe('0044-03-15 BC');
  expect(dateText(parseInstant('12026-01-02', 'UTC'))).toBe('12026-01-02');
});

test.each([
  [0n, '00:00:00'],
  [86_400_000_000n, '24:00:00'],
  [45_296_500_000n, '12:34:56.5'],
  [-45_296_000_000n, '-12:34:56'],
  [-1n, '-00:00:00.000001'],
  [3_020_399_000_000n, '838:59:59'],
])('%d µs since midnight are %s', (micros, text) => {
  expect(clockText(instantOfUnits(micros, 6))).toBe(text);
});
