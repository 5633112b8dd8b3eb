/** Law 5: one lease after a worker died, or froze, no reader sees a task of it that is RUNNING. */
import type { ClusterSnapshot } from '@sluice/coordination';

import { profile } from '../timing.ts';
import type { World } from '../world.ts';

export class StatusWatch {
  readonly #world: World;
  readonly #diedAtMs = new Map<string, number>();
  readonly #beatAtMs = new Map<string, number>();
  /** Ages of beats are Redis' business, whose clock may jump: what was shown before counts for nothing then. */
  #clockJumpedAtMs = Number.NEGATIVE_INFINITY;

  constructor(world: World) {
    this.#world = world;
  }

  died(incarnation: string): void {
    this.#diedAtMs.set(incarnation, this.#world.time.nowMs);
  }

  /** Of a process that had died while Redis stood still: from then on its tasks count as alive for a lease. */
  beatRan(incarnation: string): void {
    this.#beatAtMs.set(incarnation, this.#world.time.nowMs);
    if (this.#diedAtMs.has(incarnation)) this.died(incarnation);
  }

  clockJumped(): void {
    this.#clockJumpedAtMs = this.#world.time.nowMs;
  }

  /** `askedAtMs`: of the world, before the reader asked. */
  look({ connectors, units }: ClusterSnapshot, askedAtMs: number): void {
    for (const { tasks } of connectors.values()) {
      for (const { unit, state } of tasks) {
        if (state !== 'RUNNING') continue;
        const record = units.get(unit);
        const diedAtMs = this.#diedAtMs.get(record?.incarnation ?? '');
        if (diedAtMs === undefined || diedAtMs <= this.#clockJumpedAtMs + profile.deadAfterMs)
          continue;
        // Its last beat has the time of before: its age is not known until the leader, who asks no clock, has judged.
        const beatAtMs = this.#beatAtMs.get(record?.incarnation ?? '') ?? diedAtMs;
        if (beatAtMs <= this.#clockJumpedAtMs) continue;
        const deadForMs = askedAtMs - diedAtMs;
        if (deadForMs <= profile.deadAfterMs || this.#clockJumpedAtMs > diedAtMs) continue;
        this.#world.violated(
          'law-5',
          `${unit} is RUNNING on ${record?.worker}, which died ${Math.round(deadForMs)} ms ago`,
        );
      }
    }
  }
}
