/**
 * When to balance. Orphans are dealt at once, since downtime is worse than a move; moves that only even
 * out the load wait until membership has been quiet, and then only so many are under way at a time. Also damps workers that keep dying: they get work last.
 */

export interface SettlingOptions {
  /** Balance after membership was quiet for this long … */
  readonly quietMs: number;
  /** … or this long after the first change, however restless it is. */
  readonly maxMs: number;
  /** Share of all tasks that may be on their way at a time. */
  readonly roundShare: number;
  /** A death counts half after this long. */
  readonly penaltyHalfLifeMs: number;
}

/** Below it a death is forgotten. */
const fadedScore = 0.05;
/** Of a round, however few tasks there are: more than the one that may be stuck. */
const movesMin = 2;

export const settlingDefaults: SettlingOptions = {
  quietMs: 3_000,
  maxMs: 15_000,
  roundShare: 0.1,
  penaltyHalfLifeMs: 300_000,
};

export class Settling {
  readonly #options: SettlingOptions;
  #firstChangeMs: number | undefined;
  #lastChangeMs = Number.NEGATIVE_INFINITY;
  readonly #deaths = new Map<string, { score: number; atMs: number }>();

  constructor(options: SettlingOptions = settlingDefaults) {
    this.#options = options;
  }

  /** A worker joined, left or died. */
  membershipChanged(nowMs: number): void {
    this.#firstChangeMs ??= nowMs;
    this.#lastChangeMs = nowMs;
  }

  isSettled(nowMs: number): boolean {
    if (this.#firstChangeMs === undefined) return true;
    const { quietMs, maxMs } = this.#options;
    const settled = nowMs - this.#lastChangeMs >= quietMs || nowMs - this.#firstChangeMs >= maxMs;
    if (settled) this.#firstChangeMs = undefined;
    return settled;
  }

  /**
   * How many balancing moves may start now; `moving`: units still on their way. They count against the
   * round, but one that is stuck does not keep all others from moving.
   */
  balanceMovesMax(nowMs: number, tasks: number, moving: number): number {
    if (!this.isSettled(nowMs)) return 0;
    return Math.max(0, Math.max(movesMin, Math.ceil(tasks * this.#options.roundShare)) - moving);
  }

  died(worker: string, nowMs: number): void {
    this.#deaths.set(worker, { score: this.#score(worker, nowMs) + 1, atMs: nowMs });
  }

  /** Above one death that has not faded. */
  penalties(nowMs: number): Map<string, number> {
    const penalties = new Map<string, number>();
    for (const worker of this.#deaths.keys()) {
      const score = this.#score(worker, nowMs);
      if (score === 0) this.#deaths.delete(worker);
      else if (score > 1) penalties.set(worker, score);
    }
    return penalties;
  }

  #score(worker: string, nowMs: number): number {
    const death = this.#deaths.get(worker);
    if (!death) return 0;
    const score = death.score * 0.5 ** ((nowMs - death.atMs) / this.#options.penaltyHalfLifeMs);
    return score < fadedScore ? 0 : score;
  }
}
