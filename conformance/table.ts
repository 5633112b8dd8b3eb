/** docs/CONFORMANCE.md: every case, and what it showed on either target. Pure. */
import type { CaseResult, ConformanceCase, Suite } from './case.ts';
import type { DeclaredRow } from './compatibility.ts';
import { type TargetName, targetNames } from './targets/target.ts';

/** What keeps the table from being written: it tells what all cases did on both targets, and that all is well. */
export function gapsOf(suites: readonly Suite[], results: readonly CaseResult[]): string[] {
  return suites.flatMap(({ cases, name }) =>
    cases.flatMap(({ title }) =>
      targetNames.flatMap((target) => {
        const outcome = resultOf(results, target, name, title)?.outcome ?? 'not run';
        return ['passed', 'difference'].includes(outcome)
          ? []
          : [`${outcome} on ${target}: ${name}: ${title}`];
      }),
    ),
  );
}

export interface TableOptions {
  readonly suites: readonly Suite[];
  /** Without gaps. */
  readonly results: readonly CaseResult[];
  /** Those of docs/COMPATIBILITY.md. */
  readonly rows: readonly DeclaredRow[];
  /** Of Kafka Connect. */
  readonly version: string;
}

export function conformanceDocument({ results, rows, suites, version }: TableOptions): string {
  const lines = [
    '# Conformance, case by case',
    '',
    '<!-- Written by `npm run conformance -- --markdown`. -->',
    '',
    `What each case of \`npm run conformance\` showed on Kafka Connect ${version} and on Sluice: **same**, both do what the case`,
    'says; or the row of [Compatibility](COMPATIBILITY.md#declared-differences) that says what each of them does, and both do',
    'that. Titles name the integration and system tests of Kafka Connect that a case is made after.',
    '',
    '| suite | cases | same | differ as declared |',
    '| --- | ---: | ---: | ---: |',
    ...suites.map(({ cases, name }) => {
      const differ = cases.filter(({ difference }) => difference !== undefined).length;
      const counts = [cases.length, cases.length - differ, differ].map(String);
      return `| [${name}](#${name}) | ${counts.join(' | ')} |`;
    }),
  ];
  for (const suite of suites) {
    lines.push('', `## ${suite.name}`);
    for (const [subject, cases] of bySubject(suite.cases)) {
      lines.push('', `### ${suite.name}: ${subject}`, '');
      lines.push('| case | Kafka Connect | Sluice |', '| --- | --- | --- |');
      for (const { title } of cases) {
        const cells = targetNames.map((target) =>
          cellOf(resultOf(results, target, suite.name, title), rows),
        );
        const rest = title.slice(subject.length).replace(/^: /, '');
        lines.push(`| ${[escaped(rest === '' ? title : rest), ...cells].join(' | ')} |`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Titles go from the general to the special: by what stands before the first colon. */
function bySubject(
  cases: readonly ConformanceCase[],
): ReadonlyMap<string, readonly ConformanceCase[]> {
  return Map.groupBy(cases, ({ title }) => title.split(': ')[0] ?? title);
}

/** The newest: results of later runs stand behind those of earlier ones. */
function resultOf(
  results: readonly CaseResult[],
  target: TargetName,
  suite: string,
  title: string,
): CaseResult | undefined {
  return results.findLast(
    (each) => each.target === target && each.suite === suite && each.title === title,
  );
}

function cellOf(result: CaseResult | undefined, rows: readonly DeclaredRow[]): string {
  const difference = result?.difference;
  if (difference === undefined) return 'same';
  const anchor = rows.find(({ id }) => id === difference)?.anchor ?? 'declared-differences';
  return `[${difference}](COMPATIBILITY.md#${anchor})`;
}

/** Titles are no Markdown. */
function escaped(title: string): string {
  return title.replaceAll(/[\\`*<|[\]~]/g, String.raw`\$&`);
}
