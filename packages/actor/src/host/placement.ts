/** Which executor an actor goes to: pure. */

export interface PlacementCandidate<Executor> {
  readonly executor: Executor;
  readonly actors: number;
  readonly sameGroup: number;
  /** Actors in it that are under suspicion at least as much as the one to be placed. */
  readonly suspects: number;
}

/**
 * Suspects are kept apart above all, so that a repeat halves their number. Then the fewest actors, where
 * one of the same group counts twice: they fail for the same reasons, but balance matters as much.
 */
export function choosePlacement<Executor>(
  candidates: readonly PlacementCandidate<Executor>[],
  isSuspect: boolean,
): Executor | undefined {
  let best: PlacementCandidate<Executor> | undefined;
  for (const candidate of candidates) {
    if (!best || isBetter(candidate, best, isSuspect)) best = candidate;
  }
  return best?.executor;
}

function isBetter<Executor>(
  candidate: PlacementCandidate<Executor>,
  best: PlacementCandidate<Executor>,
  isSuspect: boolean,
): boolean {
  if (isSuspect && candidate.suspects !== best.suspects) return candidate.suspects < best.suspects;
  return candidate.actors + candidate.sameGroup < best.actors + best.sameGroup;
}
