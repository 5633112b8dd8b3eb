/** Which workers get work last, since they died often: as the leader reckons, from what it said of their deaths. Pure. */
import type { ClusterEvent } from './model.ts';
import { Settling, settlingDefaults } from './settling.ts';

export interface FlappingOptions {
  readonly nowMs: number;
  /** As the coordinators have it. */
  readonly halfLifeMs: number;
}

/** `events`: newest first. */
export function penaltiesOf(
  events: readonly ClusterEvent[],
  { nowMs, halfLifeMs }: FlappingOptions,
): ReadonlyMap<string, number> {
  const settling = new Settling({ ...settlingDefaults, penaltyHalfLifeMs: halfLifeMs });
  for (const { type, facts, atMs } of events.toReversed()) {
    if (type === 'worker.dead') settling.died(String(facts['worker']), Math.min(atMs, nowMs));
  }
  return settling.penalties(nowMs);
}
