/**
 * A vitest reporter that counts for `scripts/test.ts`: tests for each project, files that did not load
 * and errors outside of any test. Written at the end, so that no file means that vitest crashed.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface VitestReport {
  /** By the name of the project. */
  readonly suites: Readonly<Record<string, Counts>>;
  /** The full titles of what failed, `project › file › title`. */
  readonly failures: readonly string[];
  /** Rejections and exceptions outside of any test. */
  readonly unhandledErrors: number;
}

export const reportFileVariable = 'SLUICE_TEST_REPORT';

export class CountReporter implements Reporter {
  onTestRunEnd(testModules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env[reportFileVariable];
    if (file === undefined) return;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(countModules(testModules, unhandledErrors.length)));
  }
}

function countModules(testModules: readonly TestModule[], unhandledErrors: number): VitestReport {
  const suites: Record<string, { passed: number; failed: number; skipped: number }> = {};
  const failures: string[] = [];
  for (const testModule of testModules) {
    const project = testModule.project.name;
    const counts = (suites[project] ??= { passed: 0, failed: 0, skipped: 0 });
    const place = `${project} › ${testModule.relativeModuleId}`;
    for (const test of testModule.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') counts.passed += 1;
      else if (state === 'skipped') counts.skipped += 1;
      else counts.failed += 1;
      if (state === 'failed' || state === 'pending') failures.push(`${place} › ${test.fullName}`);
    }
    // A file that does not load, or a hook around a group that throws, fails without a test that does.
    const errors = [...testModule.errors(), ...suiteErrors(testModule)];
    if (errors.length > 0) {
      counts.failed += 1;
      failures.push(`${place} › ${errors[0]?.message ?? 'did not load'}`);
    }
  }
  return { suites, failures, unhandledErrors };
}

function suiteErrors(testModule: TestModule): { message: string }[] {
  return [...testModule.children.allSuites()].flatMap((suite) => suite.errors());
}

// Vitest takes the default export of a reporter that is named by its file.
export default CountReporter;
