/** What was found so far, as a table in Markdown, file by file. */
import type { MutationResult } from './hunt.ts';
import type { Mutation } from './mutation.ts';
import { summarize } from './mutation-report.ts';

const columns = [
  'file',
  'guards',
  'mutations',
  'caught by an invariant',
  'by a test alone',
  'equivalent',
  'survive',
  'not tried',
];

/** @param results of some of these mutations, one each */
export function mutationTable(
  mutations: readonly Mutation[],
  results: readonly MutationResult[],
): string[] {
  const byFile = [...Map.groupBy(mutations, ({ guard }) => guard.file)];
  const rows = byFile.map(([file, of]) =>
    rowOf(
      `\`${file}\``,
      of,
      results.filter(({ mutation }) => mutation.guard.file === file),
    ),
  );
  return [
    lineOf(columns),
    lineOf(columns.map(() => '---')),
    ...rows,
    rowOf('all', mutations, results),
  ];
}

function rowOf(
  name: string,
  mutations: readonly Mutation[],
  results: readonly MutationResult[],
): string {
  const guards = new Set(mutations.map(({ guard }) => guard.number)).size;
  const { invariant, test, equivalent, survives } = summarize(results).verdicts;
  const counts = [invariant, test, equivalent, survives, mutations.length - results.length];
  return lineOf([name, guards, mutations.length, ...counts]);
}

function lineOf(cells: readonly (string | number)[]): string {
  return `| ${cells.join(' | ')} |`;
}
