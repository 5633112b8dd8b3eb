/**
 * A process in which one guard of the product is broken: runs seeds until enough of them notice, and says so. Started
 * by the hunt with the mutation as JSON; what it finds goes to its parent as messages.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

import { brainFolder } from './all-mutations.ts';
import type { Mutation } from './mutation.ts';

export interface MutantJob {
  /** None: the product as it is, in which nothing may be found. */
  readonly mutation: Mutation | undefined;
  readonly seeds: readonly number[];
  readonly minutes: number;
  /** Enough seeds have noticed. */
  readonly catchesMax: number;
}

export interface SeedReport {
  readonly seed: number;
  /** Which invariant it violated, if any. */
  readonly invariant: string | undefined;
}

async function run({ mutation, seeds, minutes, catchesMax }: MutantJob): Promise<void> {
  if (mutation?.language === 'typescript') replaceModule(mutation);
  const scripts =
    mutation?.language === 'lua' ? new Map([[mutation.file, mutation.text]]) : undefined;
  // Only now: what was loaded before would be as it is.
  const { runSeed } = await import('../run-seed.ts');
  let catches = 0;
  for (const seed of seeds) {
    const { result } = await runSeed({
      seed,
      minutes,
      shrinkRunsMax: 0,
      ...(scripts ? { scripts } : {}),
    });
    const report: SeedReport = { seed, invariant: result.violation?.invariant };
    process.send?.(report);
    if (report.invariant !== undefined && ++catches >= catchesMax) return;
  }
}

function replaceModule({ file, text }: Mutation): void {
  const url = new URL(file, brainFolder).href;
  registerHooks({
    load: (each, context, next) =>
      each === url
        ? { format: 'module-typescript', source: text, shortCircuit: true }
        : next(each, context),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await run(JSON.parse(process.argv[2] ?? '') as MutantJob);
  process.disconnect?.();
}
