/** What rounds of scenarios showed, for a terminal and for the documentation. */
import type { Result } from './run-scenario.ts';

const header = row(
  ['', 'scenario', 'log'],
  ['seconds', 'records', 'missing', 'twice', 'moves', 'silence'],
  '',
);

export function lineOf(result: Result): string {
  const { scenario, log, outcome, note, seconds, records, missing, twice, moves } = result;
  const figures = [records, missing, twice, moves].map(String);
  const silence = `${(result.silenceMs / 1_000).toFixed(1)} s`;
  return row([outcome, scenario, log], [seconds.toFixed(1), ...figures, silence], note);
}

function row(
  [outcome = '', scenario = '', log = '']: readonly string[],
  figures: readonly string[],
  note: string,
): string {
  const numbers = figures.map((each) => each.padStart(8)).join('');
  return `${outcome.padEnd(8)}${scenario.padEnd(24)}${log.padEnd(6)}${numbers}  ${note}`.trimEnd();
}

export function summary(results: readonly Result[]): string[] {
  const count = (outcome: Result['outcome']): number =>
    results.filter((each) => each.outcome === outcome).length;
  const seconds = results.reduce((sum, each) => sum + each.seconds, 0);
  return [
    header,
    ...results.map(lineOf),
    `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped in ${seconds.toFixed(0)} s`,
  ];
}

const columns =
  'scenario|log|times|records|missing|twice, at most|moves, at most|silence, at most'.split('|');

/** A row for each scenario and log that passed, and one for each failure. */
export function markdown(results: readonly Result[]): string[] {
  const passed = results.filter(({ outcome }) => outcome === 'passed');
  const groups = Map.groupBy(passed, ({ scenario, log }) => `${scenario} ${log}`);
  const rows = [...groups.values()].map((runs) => {
    const total = (of: (run: Result) => number): number =>
      runs.reduce((sum, run) => sum + of(run), 0);
    const most = (of: (run: Result) => number): number => Math.max(...runs.map(of));
    return tableRow(
      `\`${runs[0]?.scenario}\``,
      `${runs[0]?.log}`,
      runs.length,
      total(({ records }) => records),
      total(({ missing }) => missing),
      most(({ twice }) => twice),
      most(({ moves }) => moves),
      `${(most(({ silenceMs }) => silenceMs) / 1_000).toFixed(1)} s`,
    );
  });
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  return [
    tableRow(...columns),
    tableRow(...columns.map(() => '---')),
    ...rows,
    ...failed.map(({ scenario, log, note }) => `failed: ${scenario} on ${log}: ${note}`),
  ];
}

function tableRow(...cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
