/**
 * When to balance. Orphans are dealt at once, since downtime is worse than a move; moves that only even
 * out the load wait until membership has been quiet, and then go in bounded rounds, the next one after
 * the last has settled. Also damps workers that keep dying: they get work last.
 */

export interface SettlingOptions {
  /** Balance after membership was quiet for this long … */
  readonly quietMs: number;
  /** … or this long after the first change, however restless it is. */
  readonly maxMs: number;
  /** Share of all tasks that one round may move. */
  readonly roundShare: number;
  /** A death counts half after this long. */
  readonly penaltyHalfLifeMs: number;
}

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

  /** How many balancing moves may start now; `moving`: units still on their way. */
  balanceMovesMax(nowMs: number, tasks: number, moving: number): number {
    if (moving > 0 || !this.isSettled(nowMs)) return 0;
    return Math.max(1, Math.ceil(tasks * this.#options.roundShare));
  }

  died(worker: string, nowMs: number): void {
    this.#deaths.set(worker, { score: this.#score(worker, nowMs) + 1, atMs: nowMs });
  }

  /** Above one death that has not faded. */
  penalties(nowMs: number): Map<string, number> {
    const penalties = new Map<string, number>();
    for (const worker of this.#deaths.keys()) {
      const score = this.#score(worker, nowMs);
      if (score < 0.05) this.#deaths.delete(worker);
      else if (score > 1) penalties.set(worker, score);
    }
    return penalties;
  }

  #score(worker: string, nowMs: number): number {
    const death = this.#deaths.get(worker);
    if (!death) return 0;
    return death.score * 0.5 ** ((nowMs - death.atMs) / this.#options.penaltyHalfLifeMs);
  }
}
