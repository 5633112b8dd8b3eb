import { expect, test } from 'vitest';
import { allAsExpected, type Outcome, outcomeText } from './outcome.ts';

const counts = [
  { what: 'rows', count: 12, expected: 12 },
  { what: 'came twice', count: 3 },
];
const report = {
  sql: 'SELECT city, day, revenue FROM sales',
  keys: ['city', 'day'],
  values: ['revenue'],
};

test('an outcome is right if each count is what was expected, or nothing was expected of it', () => {
  expect(allAsExpected({ counts })).toBe(true);
  expect(allAsExpected({ counts: [...counts, { what: 'lost', count: 1, expected: 0 }] })).toBe(
    false,
  );
});

test('the table says of each count whether it is right', () => {
  expect(outcomeText({ counts: [...counts, { what: 'lost', count: 1, expected: 0 }] })).toBe(
    [
      '            count  expected',
      'rows           12        12  ok',
      'came twice      3       any',
      'lost            1         0  WRONG',
    ].join('\n'),
  );
});

test('answers to the same query stand side by side, also rows that only one of them has', () => {
  const outcome: Outcome = {
    counts,
    report: {
      ...report,
      answers: [
        {
          from: 'MariaDB',
          rows: [
            ['Bergen', 'Monday', '12.50'],
            ['Porto', 'Monday', '7.00'],
            ['Porto', 'Sunday', '1.00'],
          ],
        },
        {
          from: 'PostgreSQL',
          rows: [
            ['Bergen', 'Monday', '12.50'],
            ['Lisboa', 'Monday', '100.00'],
            ['Porto', 'Monday', '7.01'],
          ],
        },
      ],
    },
  };
  expect(outcomeText(outcome)).toContain(
    [
      'SELECT city, day, revenue FROM sales',
      '',
      'city    day     revenue in MariaDB  revenue in PostgreSQL',
      'Bergen  Monday               12.50                  12.50  ok',
      'Lisboa  Monday                   -                 100.00  WRONG',
      'Porto   Monday                7.00                   7.01  WRONG',
      'Porto   Sunday                1.00                      -  WRONG',
    ].join('\n'),
  );
});
