/** What is written and read is compared with Java in kafka-connect.test.ts; here is the rest. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { JavaDateFormat } from '../src/java-dates/java-date-format.ts';

test('an unknown letter is refused by name', () => {
  expect(() => new JavaDateFormat('yyyy-bb')).toThrow("Illegal pattern character 'b'");
  expect(() => new JavaDateFormat("yyyy 'open")).toThrow('Unterminated quote');
});

test('letters that nothing is read by are refused for reading', () => {
  for (const pattern of ['YYYY-MM-dd', 'yyyy-ww', 'F', 'W', 'EEE HH:mm', 'u'])
    expect(() => new JavaDateFormat(pattern).assertReadable(), pattern).toThrow();
  new JavaDateFormat('EEE d MMM yyyy').assertReadable();
});

test('the century of a year with two digits depends on the clock', () => {
  const format = new JavaDateFormat('yy-MM-dd', { wallMs: () => Date.UTC(2030, 5, 15) });
  expect(format.parse('49-01-01')).toBe(Date.UTC(2049, 0, 1));
  expect(format.parse('51-01-01')).toBe(Date.UTC(1951, 0, 1));
  expect(format.parse('50-06-15')).toBe(Date.UTC(1950, 5, 15));
  expect(format.parse('50-06-14')).toBe(Date.UTC(2050, 5, 14));
});

test('names of other zones than UTC are not guessed', () => {
  const format = new JavaDateFormat('yyyy-MM-dd HH:mm z');
  expect(format.parse('2024-02-29 12:00 UTC')).toBe(Date.UTC(2024, 1, 29, 12));
  expect(format.parse('2024-02-29 12:00 GMT+1:00')).toBe(Date.UTC(2024, 1, 29, 11));
  expect(format.parse('2024-02-29 12:00 PST')).toBeUndefined();
});

test('whatever is written is read again', () => {
  const patterns = [
    `yyyy-MM-dd'T'HH:mm:ss.SSS${'X'.repeat(3)}`,
    'yyyyMMddHHmmssSSS',
    'EEEE, d. MMMM yyyy G h:mm:ss.SSS a Z',
    'yyyy DDD kk mm ss SSS',
  ];
  // Years of four digits, also those of the Julian calendar.
  const instants = fc.integer({ min: Date.UTC(-1, 0, 1), max: Date.UTC(9999, 0, 1) });
  fc.assert(
    fc.property(fc.constantFrom(...patterns), instants, (pattern, ms) => {
      fc.pre(ms >= -62_135_769_600_000);
      const format = new JavaDateFormat(pattern);
      expect(format.parse(format.format(ms))).toBe(ms);
    }),
    { numRuns: 500 },
  );
});
