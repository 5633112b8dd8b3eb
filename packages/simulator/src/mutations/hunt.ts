/**
 * Breaks the product, one guard at a time, and looks which invariant of the simulator notices. Owns a few processes at
 * a time, each of which lives for one mutation.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { failingTest } from './ask-tests.ts';
import type { MutantJob, SeedReport } from './mutant.ts';
import type { Mutation } from './mutation.ts';

export interface HuntOptions {
  readonly mutations: readonly Mutation[];
  /** Seeds that a mutation is tried with, at most. */
  readonly seeds: readonly number[];
  readonly minutes: number;
  /** Seeds that have to notice before the next mutation is tried. */
  readonly catchesMax: number;
  /** Processes at a time. */
  readonly jobs: number;
  /** Of one mutation; one that takes longer hangs, which is noticed too. */
  readonly limitMs: number;
  /** Whether the product's tests are asked about what no seed noticed. */
  readonly asksTests: boolean;
  readonly onResult: (result: MutationResult) => void;
}

export interface MutationResult {
  readonly mutation: Mutation;
  /** How many seeds were tried. */
  readonly tried: number;
  /** How many of them violated what; `hangs` and `does not run` for what ends no seed. */
  readonly caughtBy: ReadonlyMap<string, number>;
  /** Where no seed noticed: the first test that did. */
  readonly caughtByTest: string | undefined;
}

export async function hunt(options: HuntOptions): Promise<MutationResult[]> {
  const results: MutationResult[] = [];
  const queue = [...options.mutations];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const result = await tryMutation(next, options);
      results.push(result);
      options.onResult(result);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  return results;
}

async function tryMutation(mutation: Mutation, options: HuntOptions): Promise<MutationResult> {
  const { seeds, minutes, catchesMax, limitMs, asksTests } = options;
  const job: MutantJob = { mutation, seeds, minutes, catchesMax };
  const caughtBy = new Map<string, number>();
  const note = (what: string): void => void caughtBy.set(what, (caughtBy.get(what) ?? 0) + 1);
  let tried = 0;
  const child = fork(fileURLToPath(new URL('mutant.ts', import.meta.url)), [JSON.stringify(job)], {
    execArgv: ['--conditions=@sluice/source'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    child.kill('SIGKILL');
  }, limitMs);
  child.on('message', (message) => {
    const { invariant } = message as SeedReport;
    tried += 1;
    if (invariant !== undefined) note(invariant);
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  if (hangs) note('hangs');
  else if (code !== 0) note('does not run');
  const test = asksTests && caughtBy.size === 0 ? await failingTest(mutation, limitMs) : undefined;
  return { mutation, tried, caughtBy, caughtByTest: test };
}
