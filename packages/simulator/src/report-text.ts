/** What a run showed, for people. */
import type { SeedFailure } from './run-seed.ts';
import type { RunReport } from './run-seeds.ts';
import { faultOf } from './world/scenario.ts';
import { invariants } from './world/violations.ts';

export interface ReportContext {
  readonly seed: number;
  readonly minutes: number;
  readonly tookMs: number;
  readonly seedsForCoverage: number;
}

/** Of the trace before a violation, where several seeds were run; of one alone, all are shown. */
const traceLines = 60;

export function reportText(report: RunReport, context: ReportContext): string {
  const { failures, missing, trace } = report;
  const isWhole = report.seeds >= context.seedsForCoverage;
  return [
    ...failures.map((failure) => failureText(failure, context.minutes, report.seeds === 1)),
    // That of a failure has been shown, of its shortest scenario.
    ...(failures.length === 0 ? trace : []),
    ...(report.seeds === 1 ? hashLines(report) : []),
    ...countLines(report),
    ...(report.seeds > 1 && missing.length > 0 ? [missingLine(missing, isWhole)] : []),
    rateLine(report, context),
    `${failures.length === 0 ? 'no' : failures.length} seeds violated an invariant\n`,
  ].join('\n');
}

function failureText(
  { seed, result, scenario }: SeedFailure & { readonly seed: number },
  minutes: number,
  isAlone: boolean,
): string {
  const { violation, trace } = result;
  if (!violation) return `seed ${seed} failed, but its shorter scenario does not\n`;
  const operations = scenario.waves.flatMap(({ operations: each, probe }, index) => [
    ...each.map(({ afterMs, ...operation }) => {
      const { op: _op, ...details } = operation;
      return `  wave ${index + 1} +${(afterMs / 1_000).toFixed(1)} s  ${faultOf(operation)} ${JSON.stringify(details)}`;
    }),
    ...(probe.kind === 'steady' ? [] : [`  wave ${index + 1} probe  ${JSON.stringify(probe)}`]),
  ]);
  return [
    `seed ${seed}: ${violation.invariant} violated at ${(violation.atMs / 1_000).toFixed(3)} s`,
    `  ${invariants[violation.invariant]}`,
    `  seen: ${violation.message}`,
    `  replay: npm run sim -- --seed ${seed} --minutes ${minutes}`,
    `what is left of its scenario (${JSON.stringify(scenario.shape)}):`,
    ...operations,
    ...(isAlone
      ? ['its trace:', ...trace]
      : ['the end of its trace:', ...trace.slice(-traceLines)]),
    '',
  ].join('\n');
}

function hashLines({ hashes }: RunReport): string[] {
  return [...hashes].map(([seed, hash]) => `seed ${seed}: trace ${hash}\n`);
}

function countLines({ coverage, replies }: RunReport): string[] {
  const lines = (counts: ReadonlyMap<string, number>): string[] =>
    [...counts]
      .toSorted(([a], [b]) => a.localeCompare(b))
      .map(([what, times]) => `  ${`${times}`.padStart(9)}  ${what}`);
  return ['faults:', ...lines(coverage), 'replies of scripts:', ...lines(replies), ''];
}

function missingLine(missing: readonly string[], isWhole: boolean): string {
  return `never occurred${isWhole ? '' : ', in so few seeds'}: ${missing.join('; ')}\n`;
}

function rateLine(report: RunReport, { tookMs }: ReportContext): string {
  const rate = (report.virtualMinutes * 60_000) / tookMs;
  return (
    `${report.seeds} seeds, ${report.virtualMinutes.toFixed(0)} virtual minutes, ${report.steps} events, ` +
    `${report.effects} effects in ${(tookMs / 1_000).toFixed(1)} s: ${rate.toFixed(0)} × real time`
  );
}
