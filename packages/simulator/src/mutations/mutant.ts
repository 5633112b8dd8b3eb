/**
 * A process in which guards of the product can be broken, one at a time: all of them go through a switch. Runs a seed
 * whenever it is asked to. Started by `hunt.ts` as an `AskedProcess`.
 */
import { registerHooks } from 'node:module';

import { brainFolder, guardedFiles } from './all-guards.ts';
import { answerQuestions } from './answering.ts';
import { breakGuard, observedGuards, observeGuards } from './guard-switch.ts';
import type { BrokenGuard } from './mutation.ts';

export interface SeedQuestion {
  readonly seed: number;
  readonly minutes: number;
  /** None: the product as it is, in which nothing may be found. */
  readonly broken?: BrokenGuard;
}

export interface SeedAnswer {
  /** Which invariant was violated, if any. */
  readonly invariant: string | undefined;
  /** What the guards said, in a run in which none was broken. */
  readonly observed?: Uint8Array;
}

const files = guardedFiles();
const scripts = new Map(
  files
    .filter(({ language }) => language === 'lua')
    .map(({ file, instrumented }) => [file, instrumented]),
);
const modules = new Map(
  files
    .filter(({ language }) => language === 'typescript')
    .map(({ file, instrumented }) => [new URL(file, brainFolder).href, instrumented]),
);
const guardCount = files.reduce((sum, { guards }) => sum + guards.length, 0);

registerHooks({
  load: (url, context, next) => {
    const source = modules.get(url);
    return source === undefined
      ? next(url, context)
      : { format: 'module-typescript', source, shortCircuit: true };
  },
});

// Only now: what was loaded before would be as it is.
const { runSeed } = await import('../run-seed.ts');

answerQuestions(async ({ seed, minutes, broken }: SeedQuestion): Promise<SeedAnswer> => {
  observeGuards(guardCount);
  if (broken) breakGuard(broken);
  const { result } = await runSeed({ seed, minutes, shrinkRunsMax: 0, scripts });
  const invariant = result.violation?.invariant;
  return broken ? { invariant } : { invariant, observed: observedGuards() };
});
