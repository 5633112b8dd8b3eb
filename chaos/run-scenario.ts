/** One scenario, from a cluster at rest to a cluster at rest, and what was found. */
import { systemClock, toError } from '@sluice/kernel';

import { units } from '../tests/support/cluster-facts.ts';
import { check } from './check.ts';
import { movesBetween, type Verdict } from './judge.ts';
import type { Scenario } from './scenario.ts';
import type { ChaosWorld, LogKind } from './world.ts';

const problemsShown = 5;

export interface Result {
  readonly scenario: string;
  readonly log: LogKind;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why not, or what is worth a word. */
  readonly note: string;
  readonly seconds: number;
  /** Records that were written and delivered meanwhile, and those that came twice. */
  readonly records: number;
  readonly twice: number;
  readonly moves: number;
  readonly missing: number;
  /** Longest time in which nothing of one of the sequences arrived in the log, ms. */
  readonly silenceMs: number;
}

export async function runScenario(scenario: Scenario, world: ChaosWorld): Promise<Result> {
  const sinceMs = systemClock.monotonicMs();
  const figures = { records: 0, twice: 0, moves: 0, missing: 0, silenceMs: 0 };
  const problems: string[] = [];
  let note = '';
  try {
    const before = await world.atRest();
    const first = await check(world);
    const sinceWallMs = systemClock.wallMs();
    const facts = await scenario.run(world);
    const mendedMs = await world.mend();
    note = facts.note ?? `at rest after ${mendedMs.toFixed(0)} ms`;
    figures.moves = movesBetween(before, await units(world.cluster));
    if (facts.movesMax !== undefined && figures.moves > facts.movesMax) {
      problems.push(`${figures.moves} tasks moved, ${facts.movesMax} may`);
    }
    const last = await check(world);
    problems.push(...last.problems);
    figures.records = last.records - first.records;
    figures.twice = twiceIn(last) - twiceIn(first);
    figures.missing = last.missing;
    const silences = world.names.map((name) =>
      world.observer.longestGapMs(name, sinceWallMs, 'seenMs'),
    );
    figures.silenceMs = Math.max(...silences);
  } catch (error) {
    problems.push(toError(error).message);
  }
  return {
    scenario: scenario.name,
    log: world.log,
    outcome: problems.length === 0 ? 'passed' : 'failed',
    note: problems.length === 0 ? note : problems.slice(0, problemsShown).join('; '),
    seconds: (systemClock.monotonicMs() - sinceMs) / 1_000,
    ...figures,
  };
}

function twiceIn({ writtenTwice, deliveredTwice }: Verdict): number {
  return writtenTwice + deliveredTwice;
}
