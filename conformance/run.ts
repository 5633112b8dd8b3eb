/** Runs cases on a target, several at once: they wait most of the time. */
import { toError } from '@sluice/kernel';
import type { CaseResult, ConformanceCase, Suite } from './case.ts';
import type { LogView } from './log-view.ts';
import type { Target } from './targets/target.ts';
import { Trial } from './trial.ts';

export interface RunOptions {
  readonly target: Target;
  readonly log: LogView;
  readonly suites: readonly Suite[];
  readonly atOnce: number;
  readonly onResult: (result: CaseResult) => void;
}

/** In the order of the cases. */
export async function runSuites(options: RunOptions): Promise<CaseResult[]> {
  const { atOnce, onResult, suites } = options;
  const waiting = suites.flatMap(({ cases, name }) => cases.map((each) => ({ suite: name, each })));
  const results: CaseResult[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    for (;;) {
      const index = next++;
      const item = waiting[index];
      if (!item) return;
      const result = await runCase(item.suite, item.each, options);
      results[index] = result;
      onResult(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

async function runCase(
  suite: string,
  { difference, run, title }: ConformanceCase,
  { log, target }: RunOptions,
): Promise<CaseResult> {
  const startedAt = performance.now();
  const trial = new Trial(target, log, difference);
  let error: string | undefined;
  try {
    await run(trial);
    if (difference !== undefined && !trial.hasDiffered)
      throw new Error(`the case names the row ${difference}, and expects the same of both`);
  } catch (thrown) {
    const { message, stack } = toError(thrown);
    error = stack?.includes(message) === true ? stack : message;
  }
  await trial.end();
  return {
    target: target.name,
    suite,
    title,
    outcome: error !== undefined ? 'failed' : difference === undefined ? 'passed' : 'difference',
    ...(difference === undefined ? {} : { difference }),
    seconds: (performance.now() - startedAt) / 1_000,
    ...(error === undefined ? {} : { error }),
  };
}
