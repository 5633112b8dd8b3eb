/** What a hunt found, for people. */
import { whyEquivalent } from './equivalent.ts';
import type { MutationResult } from './hunt.ts';
import type { Mutation } from './mutation.ts';

/** `claim.lua:34 false: retired == '1'  caught by I2 (3 of 5), I6 (1 of 5)`. */
export function resultLine({ mutation, tried, caughtBy }: MutationResult): string {
  if (caughtBy.size === 0) {
    const why = whyEquivalent(mutation);
    const verdict = why === undefined ? `SURVIVES ${tried} seeds` : `equivalent: ${why}`;
    return `${titleOf(mutation)}  ${verdict}`;
  }
  const parts = [...caughtBy].map(([what, count]) => `${what} (${count} of ${tried})`);
  return `${titleOf(mutation)}  caught by ${parts.join(', ')}`;
}

export interface HuntSummary {
  readonly mutations: number;
  readonly caught: number;
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
  const uncaught = results.filter(({ caughtBy }) => caughtBy.size === 0);
  const survivors = uncaught
    .map(({ mutation }) => mutation)
    .filter((mutation) => whyEquivalent(mutation) === undefined);
  return {
    mutations: results.length,
    caught: results.length - uncaught.length,
    equivalent: uncaught.length - survivors.length,
    survivors,
    byInvariant,
  };
}

export function summaryLines({
  mutations,
  caught,
  equivalent,
  survivors,
  byInvariant,
}: HuntSummary): string[] {
  const by = [...byInvariant].toSorted(([, a], [, b]) => b - a);
  return [
    `${mutations} mutations: ${caught} caught, ${equivalent} equivalent, ${survivors.length} survive`,
    `caught by ${by.map(([what, count]) => `${what}: ${count}`).join(', ')}`,
    ...survivors.map((each) => `survives: ${titleOf(each)}`),
  ];
}

function titleOf({ file, line, kind, guard }: Mutation): string {
  return `${file}:${line} ${kind}: ${guard}`;
}
