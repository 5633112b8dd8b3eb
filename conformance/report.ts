/** What cases showed, for a terminal. */
import type { CaseResult, Outcome } from './case.ts';

const words: Readonly<Record<Outcome, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  difference: 'differs',
  skipped: 'skipped',
};

export function lineOf(result: CaseResult): string[] {
  const { difference, error, outcome, seconds, suite, target, title } = result;
  const row = difference === undefined ? '' : ` [${difference}]`;
  const line = `${words[outcome]}  ${target.padEnd(7)} ${suite}: ${title}${row} (${seconds.toFixed(1)} s)`;
  return error === undefined ? [line] : [line, ...error.split('\n').map((each) => `    ${each}`)];
}

/** The last line: `N passed, N failed, N declared differences`, and `, N skipped` if any was. */
export function summary(results: readonly CaseResult[]): string[] {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  const targets = [...new Set(results.map(({ target }) => target))];
  const lines = targets.map(
    (target) => `${target}: ${countsOf(results.filter((each) => each.target === target))}`,
  );
  return [
    ...failed.map(({ suite, target, title }) => `FAILED  ${target.padEnd(7)} ${suite}: ${title}`),
    ...(targets.length > 1 ? lines : []),
    countsOf(results),
  ];
}

function countsOf(results: readonly CaseResult[]): string {
  const count = (outcome: Outcome): number =>
    results.filter((each) => each.outcome === outcome).length;
  const skipped = count('skipped');
  return (
    `${String(count('passed'))} passed, ${String(count('failed'))} failed, ` +
    `${String(count('difference'))} declared differences` +
    (skipped === 0 ? '' : `, ${String(skipped)} skipped`)
  );
}
