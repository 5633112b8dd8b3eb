/**
 * Steps of a cluster's life as small records of numbers, which shrink well and are read easily: what to do, to
 * whom, and which argument to get wrong. What a number means is decided from what the store holds at that moment,
 * so that most steps do something.
 */
import type { CoordinationStore } from '@sluice/coordination';
import { hasCode } from '@sluice/kernel';
import * as fc from 'fast-check';

import { clientSteps } from './client-steps.ts';
import { disturbances } from './disturbances.ts';
import { leaderSteps } from './leader-steps.ts';
import { Scene } from './scene.ts';
import type { TwinRedis } from './twin-redis.ts';
import { workerSteps } from './worker-steps.ts';

export interface Step {
  readonly do: string;
  readonly who: number;
  readonly what: number;
  /** 0: nothing. */
  readonly wrong: number;
}

/** Asks the store, or disturbs it; the twin compares. */
export type TakeStep = (scene: Scene, step: Step) => Promise<unknown>;

const takers: Readonly<Record<string, TakeStep>> = {
  ...workerSteps,
  ...leaderSteps,
  ...clientSteps,
  ...disturbances,
};

/** How often a step is taken, beside the others; most once. */
const weights: Readonly<Record<string, number>> = {
  alter: 4,
  adopt: 3,
  assignments: 3,
  beat: 6,
  changes: 3,
  claim: 10,
  declareDead: 4,
  define: 4,
  endQuarantine: 3,
  fenceOffsets: 2,
  grant: 12,
  join: 6,
  lead: 4,
  leave: 3,
  orphan: 3,
  publish: 6,
  refence: 3,
  rejoin: 3,
  release: 6,
  report: 4,
  restore: 4,
  revoke: 5,
  save: 2,
  revert: 2,
};

export const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  do: fc.oneof(
    ...Object.keys(takers).map((name) => ({
      weight: weights[name] ?? 1,
      arbitrary: fc.constant(name),
    })),
  ),
  who: fc.nat(11),
  what: fc.nat(11),
  // Most are right.
  wrong: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(6) }),
});

/** A cluster at work: a leader, two workers, two connectors of which one runs with its tasks. */
export const founding: readonly Step[] = (
  [
    ['lead', 0, 1],
    ['join', 0, 0],
    ['join', 1, 0],
    ['define', 0, 0],
    ['define', 0, 1],
    ['grant', 0, 0],
    ['claim', 0, 0],
    ['publish', 3, 0],
    ['grant', 1, 1],
    ['claim', 0, 0],
  ] as const
).map(([what, who, number]) => ({ do: what, who, what: number, wrong: 0 }));

/** @throws what the twin found to differ. */
export async function takeSteps(
  twin: TwinRedis,
  store: CoordinationStore,
  steps: readonly Step[],
): Promise<void> {
  const scene = new Scene(twin, store);
  for (const step of steps) {
    try {
      await takers[step.do]?.(scene, step);
    } catch (error) {
      // The store would call a difference an unreachable Redis.
      if (twin.difference) throw twin.difference;
      // An answer like any other, and compared like any other.
      if (!hasCode(error, 'coordination.not_leader')) throw error;
    }
  }
}
