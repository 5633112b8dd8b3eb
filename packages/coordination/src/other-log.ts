/**
 * What a coordinator does that is set to another record log than the cluster uses. It must not lead, as long as
 * somebody may be at work on that log. It watches the members' beats as every replica does: when all have been silent
 * for longer than they may act, they are gone (killed, when the whole cluster was moved), and it may lead. If they are
 * not gone within a time, its own settings are what is wrong.
 *
 *     agreed ──refused──▶ watching ──all silent──▶ abandoned (lead with it)
 *                            └──────still refused──▶ given up
 */
import type { BeatObserver } from './beat-observer.ts';
import type { ClusterView } from './cluster-view.ts';

/** Beyond twice the longest lease. */
const marginMs = 5_000;

export class OtherLog {
  #watching: { readonly inUse: string; readonly sinceMs: number } | undefined;

  /** Refused once more. Returns whether to give up. */
  refused(inUse: string, leaseMsMax: number, nowMs: number): boolean {
    if (this.#watching?.inUse !== inUse) this.#watching = { inUse, sinceMs: nowMs };
    return nowMs - this.#watching.sinceMs > 2 * leaseMsMax + marginMs;
  }

  agreed(): void {
    this.#watching = undefined;
  }

  /** The log whose users are all silent. */
  abandoned(
    view: ClusterView,
    observer: BeatObserver,
    leaseMsMax: number,
    nowMs: number,
  ): string | undefined {
    if (!this.#watching || nowMs - this.#watching.sinceMs <= leaseMsMax) return undefined;
    for (const { worker, state, leaseMs } of view.members.values()) {
      if (state !== 'dead' && !observer.beatStoodStill(worker, leaseMs, nowMs)) return undefined;
    }
    return this.#watching.inUse;
  }
}
