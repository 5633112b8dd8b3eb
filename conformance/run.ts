/** Runs cases on a target, several at once: they wait most of the time. Those that are to be alone come last. */
import { toError } from '@sluice/kernel';
import {
  type CaseResult,
  type ConformanceCase,
  type Outcome,
  SkippedCase,
  type Suite,
} from './case.ts';
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
  const items = suites.flatMap(({ cases, name }) => cases.map((each) => ({ suite: name, each })));
  const results = new Map<ConformanceCase, CaseResult>();
  const run = async (waiting: typeof items): Promise<void> => {
    for (let item = waiting.shift(); item; item = waiting.shift()) {
      const result = await runCase(item.suite, item.each, options);
      results.set(item.each, result);
      onResult(result);
    }
  };
  const together = items.filter(({ each }) => each.isAlone !== true);
  await Promise.all(Array.from({ length: atOnce }, () => run(together)));
  await run(items.filter(({ each }) => each.isAlone === true));
  return items.flatMap(({ each }) => results.get(each) ?? []);
}

async function runCase(
  suite: string,
  { difference, run, title }: ConformanceCase,
  { log, target }: RunOptions,
): Promise<CaseResult> {
  const startedAt = performance.now();
  const trial = new Trial(target, log, difference);
  let outcome: Outcome = difference === undefined ? 'passed' : 'difference';
  let error: string | undefined;
  try {
    await run(trial);
    if (difference !== undefined && !trial.hasDiffered)
      throw new Error(`the case names the row ${difference}, and expects the same of both`);
  } catch (thrown) {
    const { message, stack } = toError(thrown);
    const isSkipped = thrown instanceof SkippedCase;
    outcome = isSkipped ? 'skipped' : 'failed';
    error = !isSkipped && stack?.includes(message) === true ? stack : message;
  }
  await trial.end();
  return {
    target: target.name,
    suite,
    title,
    outcome,
    ...(difference === undefined ? {} : { difference }),
    seconds: (performance.now() - startedAt) / 1_000,
    ...(error === undefined ? {} : { error }),
  };
}
