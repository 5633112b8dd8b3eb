/** Remembers which grants were dispatched and not claimed yet, so that their workers are told to look. */
import type { StartJob } from './dispatch.ts';
import type { UnitId, UnitRecord } from './model.ts';

/** Afterwards the worker's own reconciliation is what is left; a job more would not help. */
const remindersMax = 3;

export class UnclaimedGrants {
  readonly #grants = new Map<UnitId, { job: StartJob; sentMs: number; reminders: number }>();

  granted(job: StartJob, nowMs: number): void {
    this.#grants.set(job.unit, { job, sentMs: nowMs, reminders: 0 });
  }

  clear(): void {
    this.#grants.clear();
  }

  /** Whose worker is to be told again; forgets those that were claimed, revoked or granted anew. */
  overdue(units: ReadonlyMap<UnitId, UnitRecord>, nowMs: number, afterMs: number): StartJob[] {
    const overdue: StartJob[] = [];
    for (const [id, grant] of this.#grants) {
      const unit = units.get(id);
      // The view may not show the grant yet: then its fence is still an older one.
      const pending = unit && unit.fence <= grant.job.fence;
      const isClaimed = unit?.fence === grant.job.fence && unit.state !== 'granted';
      if (!pending || isClaimed || grant.reminders >= remindersMax) {
        this.#grants.delete(id);
        continue;
      }
      if (nowMs - grant.sentMs < afterMs) continue;
      this.#grants.set(id, { ...grant, sentMs: nowMs, reminders: grant.reminders + 1 });
      overdue.push(grant.job);
    }
    return overdue;
  }
}
