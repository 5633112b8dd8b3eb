import { expect, test } from 'vitest';
import { closingLine, summaryTable, total } from '../test-summary.ts';

const suites = [
  { name: 'checks', passed: 5, failed: 0, skipped: 0 },
  { name: 'unit', passed: 1200, failed: 1, skipped: 2 },
];

test('the closing line sums up all suites', () => {
  expect(closingLine(total(suites))).toBe('1205 passed, 1 failed');
});

test('the closing line of a run without any suite counts nothing', () => {
  expect(closingLine(total([]))).toBe('0 passed, 0 failed');
});

test('the table has a line for each suite, with aligned numbers', () => {
  expect(summaryTable(suites)).toBe(
    [
      'suite    passed   failed  skipped',
      'checks        5        0        0',
      'unit       1200        1        2',
    ].join('\n'),
  );
});
