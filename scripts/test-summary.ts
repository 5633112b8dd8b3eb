/** What the test run says at its end: pure functions from counts to text. */
import type { Counts } from './count-reporter.ts';

export interface Suite extends Counts {
  readonly name: string;
}

export function total(suites: readonly Suite[]): Counts {
  return suites.reduce<Counts>(
    (sum, suite) => ({
      passed: sum.passed + suite.passed,
      failed: sum.failed + suite.failed,
      skipped: sum.skipped + suite.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** A table of the suites, one line each. */
export function summaryTable(suites: readonly Suite[]): string {
  const rows = [
    ['suite', 'passed', 'failed', 'skipped'],
    ...suites.map((suite) => [
      suite.name,
      String(suite.passed),
      String(suite.failed),
      String(suite.skipped),
    ]),
  ];
  const nameWidth = Math.max(...rows.map(([name = '']) => name.length));
  return rows
    .map(([name = '', ...numbers]) =>
      [name.padEnd(nameWidth), ...numbers.map((number) => number.padStart(8))].join(' '),
    )
    .join('\n');
}

/** The last line of every run. */
export function closingLine({ passed, failed }: Pick<Counts, 'passed' | 'failed'>): string {
  return `${passed} passed, ${failed} failed`;
}
