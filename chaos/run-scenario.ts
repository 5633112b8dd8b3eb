/** One scenario, from a cluster at rest to a cluster at rest, and what was found. */
import { systemClock, toError } from '@sluice/kernel';

import { units } from '../tests/support/cluster-facts.ts';
import { check, movesBetween, type Verdict } from './check.ts';
import type { Scenario } from './scenario.ts';
import type { ChaosWorld, LogKind } from './world.ts';

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
}

export async function runScenario(scenario: Scenario, world: ChaosWorld): Promise<Result> {
  const sinceMs = systemClock.monotonicMs();
  const before = await world.atRest();
  const first = await check(world);
  let note = '';
  let moves = 0;
  let last: Verdict = first;
  const problems: string[] = [];
  try {
    const facts = await scenario.run(world);
    const mendedMs = await world.mend();
    moves = movesBetween(before, await units(world.cluster));
    if (facts.movesMax !== undefined && moves > facts.movesMax) {
      problems.push(`${moves} tasks moved, ${facts.movesMax} may`);
    }
    note = facts.note ?? `at rest after ${mendedMs.toFixed(0)} ms`;
    last = await check(world);
    problems.push(...last.problems);
  } catch (error) {
    problems.push(toError(error).message);
  }
  const written = last.records - first.records;
  return {
    scenario: scenario.name,
    log: world.log,
    outcome: problems.length === 0 ? 'passed' : 'failed',
    note: problems.length === 0 ? note : problems.slice(0, 5).join('; '),
    seconds: (systemClock.monotonicMs() - sinceMs) / 1_000,
    records: written,
    twice: last.writtenTwice - first.writtenTwice + (last.deliveredTwice - first.deliveredTwice),
    moves,
    missing: last.problems.length,
  };
}
