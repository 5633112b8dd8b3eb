/**
 * Breaks the product, one guard at a time, and looks which invariant of the simulator notices. First all seeds are run
 * with every guard as it is, to learn where each says yes and where no: a mutation is only tried with seeds in which it
 * changes something. What no seed notices is for the product's own tests.
 */
import { guardedFiles } from './all-guards.ts';
import { wouldDiffer } from './guard-switch.ts';
import type { SeedAnswer } from './mutant.ts';
import { MutantProcess } from './mutant-process.ts';
import { type Mutation, mutationsOf } from './mutation.ts';
import { TestBench } from './test-bench.ts';

export interface HuntOptions {
  /** Whether a mutation is tried. */
  readonly includes: (mutation: Mutation) => boolean;
  readonly seeds: readonly number[];
  readonly minutes: number;
  /** Of those in which it changes something, those that a mutation is tried with, at most. */
  readonly triesMax: number;
  /** Seeds that have to notice before the next mutation is tried. */
  readonly catchesMax: number;
  /** Processes at a time. */
  readonly jobs: number;
  /** Of one seed; one that takes longer hangs, which is noticed too. */
  readonly seedLimitMs: number;
  readonly onObserved: (seeds: number) => void;
  readonly onResult: (result: MutationResult, done: number, of: number) => void;
}

export interface MutationResult {
  readonly mutation: Mutation;
  /** Seeds in which it changes something, of all. */
  readonly reachedIn: number;
  /** How many seeds were tried. */
  readonly tried: number;
  /** How many of them violated what. */
  readonly caughtBy: ReadonlyMap<string, number>;
  /** Where no seed noticed: the first test that did. */
  readonly caughtByTest: string | undefined;
}

/** @throws Error if a seed finds something in the product as it is. */
export async function hunt(options: HuntOptions): Promise<MutationResult[]> {
  const { jobs, seeds, minutes } = options;
  using stack = new DisposableStack();
  const processes = Array.from({ length: jobs }, () =>
    stack.use(new MutantProcess(options.seedLimitMs)),
  );
  const observed = new Map<number, Uint8Array>();
  await spread(processes, seeds, async (process, seed) => {
    observed.set(seed, observedIn(seed, await process.ask({ seed, minutes })));
    options.onObserved(observed.size);
  });
  await using tests = await TestBench.open();
  const mutations = guardedFiles()
    .flatMap(({ guards }) => guards.flatMap(mutationsOf))
    .filter(options.includes);
  const results: MutationResult[] = [];
  await spread(processes, mutations, async (process, mutation) => {
    const bySeeds = await trySeeds(process, mutation, observed, options);
    const caughtByTest =
      bySeeds.caughtBy.size === 0 ? await tests.firstFailure(mutation) : undefined;
    const result = { mutation, ...bySeeds, caughtByTest };
    results.push(result);
    options.onResult(result, results.length, mutations.length);
  });
  return results;
}

async function spread<T>(
  processes: readonly MutantProcess[],
  items: readonly T[],
  work: (process: MutantProcess, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    processes.map(async (process) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await work(process, next);
      }
    }),
  );
}

function observedIn(seed: number, { invariant, observed }: SeedAnswer): Uint8Array {
  if (invariant === undefined && observed) return observed;
  throw new Error(`seed ${seed} violates ${invariant} with every guard as it is`);
}

async function trySeeds(
  process: MutantProcess,
  { guard, kind }: Mutation,
  observed: ReadonlyMap<number, Uint8Array>,
  { minutes, triesMax, catchesMax }: HuntOptions,
): Promise<Pick<MutationResult, 'reachedIn' | 'tried' | 'caughtBy'>> {
  const reached = [...observed].filter(([, said]) => wouldDiffer(said, guard, kind));
  const caughtBy = new Map<string, number>();
  let [tried, catches] = [0, 0];
  for (const [seed] of reached.slice(0, triesMax)) {
    const broken = { number: guard.number, kind };
    const { invariant } = await process.ask({ seed, minutes, broken });
    tried += 1;
    if (invariant === undefined) continue;
    caughtBy.set(invariant, (caughtBy.get(invariant) ?? 0) + 1);
    catches += 1;
    if (catches === catchesMax) break;
  }
  return { reachedIn: reached.length, tried, caughtBy };
}
