/** What a hunt found, for people. */
import { whyEquivalent } from './equivalent.ts';
import type { MutationResult } from './hunt.ts';
import { idOf, type Mutation } from './mutation.ts';

/** `claim.lua:34 false: retired == '1'  caught by I2 (3 of 5), I6 (1 of 5)`. */
export function resultLine(result: MutationResult): string {
  return `${titleOf(result.mutation)}  ${verdictOn(result)}`;
}

function verdictOn(result: MutationResult): string {
  const { mutation, reachedIn, tried, caughtBy, caughtByTest } = result;
  if (caughtBy.size > 0) {
    const parts = [...caughtBy].map(([what, count]) => `${what} (${count} of ${tried})`);
    return `caught by ${parts.join(', ')}`;
  }
  if (caughtByTest !== undefined) return `caught by no seed of ${tried}, but by "${caughtByTest}"`;
  const why = whyEquivalent(mutation);
  if (why !== undefined) return `equivalent: ${why}`;
  return `SURVIVES ${tried} of ${reachedIn} seeds in which it changes something`;
}

export interface HuntSummary {
  readonly mutations: number;
  readonly caught: number;
  /** By a test alone. */
  readonly caughtByTests: number;
  readonly equivalent: number;
  readonly survivors: readonly Mutation[];
  /** Mutations that each invariant noticed. */
  readonly byInvariant: ReadonlyMap<string, number>;
}

export function summarize(results: readonly MutationResult[]): HuntSummary {
  const byInvariant = new Map<string, number>();
  for (const { caughtBy } of results) {
    for (const what of caughtBy.keys()) byInvariant.set(what, (byInvariant.get(what) ?? 0) + 1);
  }
  const unseen = results.filter(({ caughtBy }) => caughtBy.size === 0);
  const uncaught = unseen.filter(({ caughtByTest }) => caughtByTest === undefined);
  const survivors = uncaught
    .map(({ mutation }) => mutation)
    .filter((mutation) => whyEquivalent(mutation) === undefined);
  return {
    mutations: results.length,
    caught: results.length - unseen.length,
    caughtByTests: unseen.length - uncaught.length,
    equivalent: uncaught.length - survivors.length,
    survivors,
    byInvariant,
  };
}

export function summaryLines({
  mutations,
  caught,
  caughtByTests,
  equivalent,
  survivors,
  byInvariant,
}: HuntSummary): string[] {
  const by = [...byInvariant].toSorted(([, a], [, b]) => b - a);
  return [
    `${mutations} mutations: ${caught} caught by an invariant, ${caughtByTests} by a test alone, ${equivalent} equivalent, ${survivors.length} survive`,
    `caught by ${by.map(([what, count]) => `${what}: ${count}`).join(', ')}`,
    ...survivors.map((each) => `survives: ${titleOf(each)}`),
  ];
}

function titleOf({ guard: { file, line, text }, kind }: Mutation): string {
  return `${file}:${line} ${kind}: ${text}`;
}

/** As JSON has it. */
export function plainResult({ mutation, caughtBy, ...rest }: MutationResult): object {
  const { file, line, text } = mutation.guard;
  return {
    id: idOf(mutation),
    file,
    line,
    guard: text,
    kind: mutation.kind,
    ...rest,
    caughtBy: Object.fromEntries(caughtBy),
    equivalent: whyEquivalent(mutation),
  };
}
