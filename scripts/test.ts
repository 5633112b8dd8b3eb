/**
 * `npm test`: every check and every test but the long ones; `npm run test:long`: those; `npm run test:fast`: types, unit
 * tests and tests with Redis.
 *
 * Servers that are missing are fetched first. Without a Kafka or the databases to be had, the suite `kafka` or
 * `databases` fails and says why; the others run.
 *
 * The static checks count as one test each, in a suite of their own. The last line is always
 * `N passed, N failed`, and the exit code is 0 only if something ran and nothing failed. What vitest
 * does not count itself is counted as failed: files that do not load, errors outside of any test, a
 * crash, a run that takes too long, a run in which no test was found.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock, toError } from '@sluice/kernel';
import { kafkaVersions, repositoryRoot } from '@sluice/testkit';
import { reportFileVariable, type VitestReport } from './count-reporter.ts';
import { obtainDatabases } from './databases.ts';
import { spawnForeground } from './foreground.ts';
import { obtainKafka, quickenKafka } from './kafka.ts';
import { obtainChromium, obtainPromtool, obtainShells } from './optional-tools.ts';
import { note, seconds } from './progress.ts';
import { obtainRedisServer } from './redis.ts';
import { runCommand } from './run-command.ts';
import { listDatabaseTests, listKafkaTests, matchesAny } from './test-selection.ts';
import { closingLine, type Suite, summaryTable, total } from './test-summary.ts';

const vitestTimeoutMs = 24 * 60_000;
const reportFile = join(repositoryRoot, '.sluice', 'test', `report-${process.pid}.json`);

const usage = `usage: npm test [-- [--fast | --long] [FILTER…] [-t TITLE]]

  FILTER      only test files whose path contains it; leaves out the static checks
  -t TITLE    only tests whose title matches; leaves out the static checks
  --fast      typecheck, unit tests and tests with Redis: what npm run test:fast does; needs no Java
  --long      the tests that wait for minutes, alone: what npm run test:long does
`;

const shellTests = ['apps/cli/test/completion.test.ts'] as const;
const alertTests = ['tests/observability.test.ts'] as const;
const browserTests = ['tests/dashboard.test.ts', 'tests/dashboard-access.test.ts'] as const;

interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** All sources as one program: a quarter of the work of one program for each package. */
const typecheck: Check = { name: 'typecheck', command: ['tsc', '-p', 'tsconfig.json'] };
/** Apart, since a browser has other globals. */
const typecheckDashboard: Check = {
  name: 'typecheck dashboard',
  command: ['tsc', '-p', 'apps/dashboard/tsconfig.json'],
};

const allChecks: readonly Check[] = [
  { name: 'format', command: ['biome', 'check', '--linter-enabled=false'] },
  { name: 'tidy', command: ['node', '--conditions=@sluice/source', 'scripts/tidy.ts'] },
  { name: 'boundaries', command: ['turbo', 'boundaries'] },
  typecheck,
  typecheckDashboard,
  { name: 'build', command: ['turbo', 'run', 'build', '--continue'] },
  { name: 'lint', command: ['oxlint', '--type-aware'] },
];

// The process that started this was killed: what was started from here ends with this.
process.once('disconnect', () => process.exit(1));
// The channel alone is no reason to stay.
process.channel?.unref();

await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      fast: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
      testNamePattern: { type: 'string', short: 't' },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const startedAtMs = systemClock.monotonicMs();
  const filter = [
    ...positionals,
    ...(values.testNamePattern === undefined ? [] : ['-t', values.testNamePattern]),
  ];
  const suites: Suite[] = [];
  const failures: string[] = [];
  if (filter.length === 0 && !values.long) {
    const checks = await runChecks(values.fast ? [typecheck, typecheckDashboard] : allChecks);
    suites.push(checks.suite);
    failures.push(...checks.failures);
  }
  const projects = projectsOf(values);
  const runnable: string[] = [];
  for (const project of projects) {
    const missing = values.fast ? [] : await whatIsMissingFor(project, positionals);
    // Most of the long ones need neither.
    if (missing.length === 0 || project === 'long') runnable.push(project);
    if (missing.length === 0) continue;
    suites.push({ name: project, passed: 0, failed: missing.length, skipped: 0 });
    failures.push(...missing);
  }
  if (!values.fast && !values.long) {
    if (matchesAny(shellTests, positionals)) await obtainShells();
    if (matchesAny(alertTests, positionals)) await obtainPromtool();
    if (matchesAny(browserTests, positionals)) await obtainChromium();
  }
  const tests = await runTests(runnable, filter);
  suites.push(...tests.suites);
  failures.push(...tests.failures);

  const counts = total(suites);
  const took = seconds(systemClock.monotonicMs() - startedAtMs);
  const listed = failures.map((failure) => `  failed: ${failure}\n`).join('');
  process.stdout.write(
    `\n${listed}${summaryTable(suites)}\ntook ${took}\n${closingLine(counts)}\n`,
  );
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
}

function projectsOf({ fast, long }: { fast: boolean; long: boolean }): string[] {
  if (long) return ['long'];
  return fast ? ['unit', 'redis'] : ['unit', 'redis', 'databases', 'kafka', 'system', 'timing'];
}

/** Gets what a project's tests start, if any is asked for, and returns why that failed. */
async function whatIsMissingFor(
  project: string,
  filters: readonly string[],
): Promise<readonly string[]> {
  const isLong = project === 'long';
  const wantsKafka = isLong || project === 'kafka';
  const wantsDatabases = isLong || project === 'databases';
  return [
    ...(wantsKafka && matchesAny(listKafkaTests(repositoryRoot), filters)
      ? await whatKafkaLacks()
      : []),
    ...(wantsDatabases && matchesAny(listDatabaseTests(repositoryRoot), filters)
      ? await whatDatabasesLack()
      : []),
  ];
}

interface Outcome {
  readonly suites: Suite[];
  readonly failures: string[];
}

async function runChecks(checks: readonly Check[]): Promise<{ suite: Suite; failures: string[] }> {
  const failures: string[] = [];
  for (const check of checks) {
    const startedAtMs = systemClock.monotonicMs();
    const [command, ...args] = check.command;
    const isTurbo = command === 'turbo' && args[0] === 'run';
    const { code, output } = await runCommand(
      command,
      [...args, ...(isTurbo ? ['--output-logs=errors-only', '--log-order=grouped'] : [])],
      {
        cwd: repositoryRoot,
        env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NO_COLOR: '1' },
      },
    );
    const took = seconds(systemClock.monotonicMs() - startedAtMs);
    note(`${code === 0 ? '✓' : '✗'} ${check.name} (${took})`);
    if (code === 0) continue;
    failures.push(`checks › ${check.name}: ${check.command.join(' ')}`);
    note(output.trimEnd());
  }
  const suite = {
    name: 'checks',
    passed: checks.length - failures.length,
    failed: failures.length,
    skipped: 0,
  };
  return { suite, failures };
}

/** Gets each version of Kafka, and returns why that failed. */
async function whatKafkaLacks(): Promise<string[]> {
  try {
    for (const version of Object.values(kafkaVersions)) await obtainKafka(version);
    await quickenKafka();
    return [];
  } catch (error) {
    return [`kafka › ${toError(error).message}`];
  }
}

async function whatDatabasesLack(): Promise<string[]> {
  try {
    await obtainDatabases();
    return [];
  } catch (error) {
    return [`databases › ${toError(error).message}`];
  }
}

async function runTests(projects: readonly string[], filter: readonly string[]): Promise<Outcome> {
  try {
    await obtainRedisServer();
  } catch (error) {
    return vitestFailed(toError(error).message);
  }
  rmSync(reportFile, { force: true });
  const ended = await spawnForeground(
    process.execPath,
    [
      join(repositoryRoot, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default',
      `--reporter=${join(repositoryRoot, 'scripts', 'count-reporter.ts')}`,
      '--passWithNoTests=false',
      ...filter,
    ],
    { env: { ...process.env, [reportFileVariable]: reportFile }, timeoutMs: vitestTimeoutMs },
  );
  if (!existsSync(reportFile)) return vitestFailed(`vitest crashed: ${ended.reason}`);
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as VitestReport;
  rmSync(reportFile, { force: true });
  return judge(report, projects, ended);
}

function judge(
  report: VitestReport,
  projects: readonly string[],
  ended: { readonly code: number; readonly reason: string },
): Outcome {
  const suites: Suite[] = projects.flatMap((name) => {
    const counts = report.suites[name];
    return counts === undefined ? [] : [{ name, ...counts }];
  });
  const failures = [...report.failures];
  const { passed, failed } = total(suites);
  if (report.unhandledErrors > 0) {
    suites.push({
      name: 'outside of tests',
      passed: 0,
      failed: report.unhandledErrors,
      skipped: 0,
    });
    failures.push(`${report.unhandledErrors} errors outside of any test, shown above`);
  } else if (passed + failed === 0) {
    return vitestFailed('no test ran');
  } else if (ended.code !== 0 && failed === 0) {
    const crashed = vitestFailed(`vitest failed without a failed test: ${ended.reason}`);
    return { suites: [...suites, ...crashed.suites], failures: [...failures, ...crashed.failures] };
  }
  return { suites, failures };
}

function vitestFailed(reason: string): Outcome {
  return {
    suites: [{ name: 'vitest', passed: 0, failed: 1, skipped: 0 }],
    failures: [reason],
  };
}
