/** What a hunt found, for people. */
import { whyEquivalent } from './equivalent.ts';
import type { MutationResult } from './hunt.ts';
import { idOf, type Mutation } from './mutation.ts';

export type Verdict = 'invariant' | 'test' | 'equivalent' | 'survives';

/** Who noticed first, in the order in which they are asked for an answer. */
export function verdictOf({ mutation, caughtBy, caughtByTest }: MutationResult): Verdict {
  if (caughtBy.size > 0) return 'invariant';
  if (caughtByTest !== undefined) return 'test';
  return whyEquivalent(mutation) === undefined ? 'survives' : 'equivalent';
}

/** `claim.lua:34 false: retired == '1'  caught by I2 (3 of 5), I6 (1 of 5)`. */
export function resultLine(result: MutationResult): string {
  return `${titleOf(result.mutation)}  ${sentenceOf(result)}`;
}

function sentenceOf(result: MutationResult): string {
  const { mutation, reachedIn, tried, caughtBy, caughtByTest } = result;
  switch (verdictOf(result)) {
    case 'invariant': {
      const parts = [...caughtBy].map(([what, count]) => `${what} (${count} of ${tried})`);
      return `caught by ${parts.join(', ')}`;
    }
    case 'test':
      return `caught by no seed of ${tried}, but by "${caughtByTest}"`;
    case 'equivalent':
      return `equivalent: ${whyEquivalent(mutation)}`;
    case 'survives':
      return `SURVIVES ${tried} of ${reachedIn} seeds in which it changes something`;
  }
}

export interface HuntSummary {
  readonly mutations: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly survivors: readonly Mutation[];
  /** Mutations that each invariant noticed. */
  readonly byInvariant: ReadonlyMap<string, number>;
}

export function summarize(results: readonly MutationResult[]): HuntSummary {
  const verdicts = { invariant: 0, test: 0, equivalent: 0, survives: 0 };
  const byInvariant = new Map<string, number>();
  for (const result of results) {
    verdicts[verdictOf(result)] += 1;
    for (const what of result.caughtBy.keys()) {
      byInvariant.set(what, (byInvariant.get(what) ?? 0) + 1);
    }
  }
  return {
    mutations: results.length,
    verdicts,
    survivors: results
      .filter((result) => verdictOf(result) === 'survives')
      .map(({ mutation }) => mutation),
    byInvariant,
  };
}

export function summaryLines({
  mutations,
  verdicts,
  survivors,
  byInvariant,
}: HuntSummary): string[] {
  const by = [...byInvariant].toSorted(([, a], [, b]) => b - a);
  return [
    `${mutations} mutations: ${verdicts.invariant} caught by an invariant, ${verdicts.test} by a test alone, ${verdicts.equivalent} equivalent, ${verdicts.survives} survive`,
    `caught by ${by.map(([what, count]) => `${what}: ${count}`).join(', ')}`,
    ...survivors.map((each) => `survives: ${titleOf(each)}`),
  ];
}

function titleOf({ guard: { file, line, text }, kind }: Mutation): string {
  return `${file}:${line} ${kind}: ${text}`;
}

/** As JSON has it. */
export interface PlainResult {
  readonly id: string;
  readonly guard: string;
  readonly reachedIn: number;
  readonly tried: number;
  readonly caughtBy: Readonly<Record<string, number>>;
  readonly caughtByTest?: string;
  readonly equivalent?: string;
}

export function plainResult({ mutation, caughtBy, ...rest }: MutationResult): PlainResult {
  const { reachedIn, tried, caughtByTest } = rest;
  const equivalent = whyEquivalent(mutation);
  return {
    id: idOf(mutation),
    guard: mutation.guard.text,
    reachedIn,
    tried,
    caughtBy: Object.fromEntries(caughtBy),
    ...(caughtByTest === undefined ? {} : { caughtByTest }),
    ...(equivalent === undefined ? {} : { equivalent }),
  };
}
