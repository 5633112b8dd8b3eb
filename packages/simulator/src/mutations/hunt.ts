/**
 * Breaks the product, one guard at a time, and looks which invariant of the simulator notices. First all seeds are run
 * with every guard as it is, to learn where each says yes and where no: a mutation is only tried with seeds in which it
 * changes something. What a few of them do not notice is for the product's own tests, and what those do not notice
 * for the rest of the seeds.
 */
import { isPure } from './all-guards.ts';
import { AskedProcess, isSilence } from './asked-process.ts';
import { wouldDiffer } from './guard-switch.ts';
import type { SeedAnswer, SeedQuestion } from './mutant.ts';
import { brokenBy, type Mutation } from './mutation.ts';
import { TestBench } from './test-bench.ts';

export interface HuntOptions {
  readonly mutations: readonly Mutation[];
  readonly seeds: readonly number[];
  readonly minutes: number;
  /** Processes at a time. */
  readonly jobs: number;
  /** Once it is aborted, no further mutation is begun. */
  readonly signal: AbortSignal;
  readonly onObserved: (seeds: number) => void;
  readonly onResult: (result: MutationResult, done: number) => void;
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

/** Seeds before the tests; a pure function is better known by its tests. */
const fewSeeds = 6;
const seedsMax = 20;
/** Seeds that notice before the next mutation is tried. */
const catchesMax = 3;
/** Of a seed with every guard as it is. */
const observeLimitMs = 60_000;

interface ObservedSeed {
  readonly seed: number;
  /** What the guards said. */
  readonly said: Uint8Array;
  readonly tookMs: number;
}

type Mutant = AskedProcess<SeedQuestion, SeedAnswer>;

/** @throws Error if a seed, or a test, finds something in the product as it is. */
export async function hunt(options: HuntOptions): Promise<MutationResult[]> {
  const { mutations, jobs, seeds, minutes, signal } = options;
  using stack = new DisposableStack();
  const mutants = Array.from({ length: jobs }, () =>
    stack.use<Mutant>(new AskedProcess(new URL('mutant.ts', import.meta.url))),
  );
  const observed: ObservedSeed[] = [];
  await spread(mutants, seeds, async (mutant, seed) => {
    observed.push(await observe(mutant, seed, minutes));
    options.onObserved(observed.length);
  });
  observed.sort((a, b) => a.seed - b.seed);
  await using tests = await TestBench.open();
  const results: MutationResult[] = [];
  await spread(mutants, mutations, async (mutant, mutation) => {
    if (signal.aborted) return;
    const trial = new Trial(mutant, mutation, observed, minutes);
    await trial.trySeeds(isPure(mutation.guard.file) ? 0 : fewSeeds);
    const caughtByTest = trial.isCaught ? undefined : await tests.firstFailure(mutation);
    if (caughtByTest === undefined && !trial.isCaught) await trial.trySeeds(seedsMax);
    const result = { mutation, ...trial.found, caughtByTest };
    results.push(result);
    options.onResult(result, results.length);
  });
  return results;
}

async function spread<T>(
  mutants: readonly Mutant[],
  items: readonly T[],
  work: (mutant: Mutant, item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    mutants.map(async (mutant) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        await work(mutant, next);
      }
    }),
  );
}

async function observe(mutant: Mutant, seed: number, minutes: number): Promise<ObservedSeed> {
  const startedAtMs = performance.now();
  const answer = await mutant.ask({ seed, minutes }, observeLimitMs);
  const tookMs = performance.now() - startedAtMs;
  if (!isSilence(answer) && answer.observed) return { seed, said: answer.observed, tookMs };
  const problem = isSilence(answer) ? answer : `violates ${answer.invariant}`;
  throw new Error(`seed ${seed} ${problem} with every guard as it is`);
}

/** One mutation, tried with one seed after another. */
class Trial {
  readonly #mutant: Mutant;
  readonly #mutation: Mutation;
  readonly #reached: readonly ObservedSeed[];
  readonly #minutes: number;
  readonly #caughtBy = new Map<string, number>();
  #tried = 0;

  constructor(
    mutant: Mutant,
    mutation: Mutation,
    observed: readonly ObservedSeed[],
    minutes: number,
  ) {
    this.#mutant = mutant;
    this.#mutation = mutation;
    this.#reached = observed.filter(({ said }) => wouldDiffer(said, brokenBy(mutation)));
    this.#minutes = minutes;
  }

  get isCaught(): boolean {
    return this.#caughtBy.size > 0;
  }

  get found(): Pick<MutationResult, 'reachedIn' | 'tried' | 'caughtBy'> {
    return { reachedIn: this.#reached.length, tried: this.#tried, caughtBy: this.#caughtBy };
  }

  /** Goes on until so many have been tried in all, or enough have noticed. */
  async trySeeds(triesMax: number): Promise<void> {
    const broken = brokenBy(this.#mutation);
    let catches = 0;
    for (const { seed, tookMs } of this.#reached.slice(this.#tried, triesMax)) {
      const question = { seed, minutes: this.#minutes, broken };
      const answer = await this.#mutant.ask(question, 10_000 + 10 * tookMs);
      this.#tried += 1;
      const noticed = isSilence(answer) ? answer : answer.invariant;
      if (noticed === undefined) continue;
      this.#caughtBy.set(noticed, (this.#caughtBy.get(noticed) ?? 0) + 1);
      catches += 1;
      // The next one would take as long to hang.
      if (catches === catchesMax || isSilence(answer)) return;
    }
  }
}
