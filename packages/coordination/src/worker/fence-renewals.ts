/**
 * New fences for units that go on here: their executor was given up, or a store refused the fence that they have.
 * A unit is marked meanwhile (`refences`), since what the store says about it is about to change.
 */
import type { UnitId } from '../model.ts';
import type { Ownership, WorkerStore } from '../store.ts';
import type { AssignmentReads } from './assignment-reads.ts';
import type { LocalUnit } from './local-unit.ts';

export interface FenceRenewalsOptions {
  readonly worker: string;
  readonly incarnation: () => string;
  readonly store: WorkerStore;
  /** What is owned. One that turns out not to be ours any more is taken out. */
  readonly local: Map<UnitId, LocalUnit>;
  readonly reads: Pick<AssignmentReads, 'now' | 'forget'>;
}

/** Of the fence that it had when it was asked for. */
interface Renewal extends Ownership {
  readonly local: LocalUnit;
}

/** Units in one round trip. */
const batchMax = 500;

export class FenceRenewals {
  readonly #options: FenceRenewalsOptions;

  constructor(options: FenceRenewalsOptions) {
    this.#options = options;
  }

  /** Repeatable: what was renewed by a call whose answer came too late, or in part, is told again. */
  async renew(units: readonly Ownership[]): Promise<ReadonlyMap<UnitId, number>> {
    const { local: owned, reads } = this.#options;
    const fences = new Map<UnitId, number>();
    const asked: Renewal[] = [];
    for (const { unit, fence } of units) {
      const local = owned.get(unit);
      if (!local || local.stopping) continue;
      if (local.runnable.fence > fence) fences.set(unit, local.runnable.fence);
      if (local.runnable.fence === fence) asked.push({ unit, fence, local });
    }
    for (const { local } of asked) local.refences += 1;
    try {
      for (let from = 0; from < asked.length; from += batchMax) {
        await this.#renewBatch(asked.slice(from, from + batchMax), fences);
      }
    } catch (error) {
      // It may have happened all the same.
      reads.forget();
      throw error;
    } finally {
      for (const { local } of asked) this.#ended(local);
    }
    return fences;
  }

  /**
   * For a store that lost a renewal. Returns what it is now; undefined if the store refuses, as it does where its answer
   * was only an old one and nothing was lost.
   */
  async renewAgain(local: LocalUnit, stored: number): Promise<number | undefined> {
    const { unit } = local.runnable;
    const [fence] = await this.#ask([{ unit, fence: stored }]);
    return this.#options.local.get(unit) === local ? fence : undefined;
  }

  async #renewBatch(batch: readonly Renewal[], fences: Map<UnitId, number>): Promise<void> {
    const { local: owned, reads } = this.#options;
    const results = await this.#ask(batch.map(({ unit, fence }) => ({ unit, fence })));
    for (const [index, { unit, local }] of batch.entries()) {
      // What was taken from us, or claimed anew, meanwhile is another life of the unit.
      if (owned.get(unit) !== local) continue;
      const fence = results[index];
      if (fence === undefined) {
        // Not ours, or ours under a fence whose answer was lost: the assignments tell.
        owned.delete(unit);
        reads.now();
        continue;
      }
      local.runnable = { ...local.runnable, fence };
      fences.set(unit, fence);
    }
  }

  #ask(units: readonly Ownership[]): Promise<readonly (number | undefined)[]> {
    const { store, worker, incarnation } = this.#options;
    return store.refence(worker, incarnation(), units);
  }

  #ended(local: LocalUnit): void {
    local.refences -= 1;
    if (!local.isPassedOver) return;
    local.isPassedOver = false;
    this.#options.reads.now();
  }
}
