/** What a leader does once the store has lost data: it asks who holds what, and decides nothing until that is known. */
import type { LeaderContext } from './leader-context.ts';
import { Quarantine } from './quarantine.ts';
import type { LeaderTerm } from './store.ts';

export class LostData {
  readonly #leader: LeaderContext;
  readonly #quarantine: Quarantine;
  /** When the view was found to know more than the store; until a quarantine has been started. */
  #noticedMs: number | undefined;

  constructor(leader: LeaderContext) {
    this.#leader = leader;
    this.#quarantine = new Quarantine(leader.options.profile);
  }

  noticed(nowMs: number): void {
    this.#noticedMs = nowMs;
  }

  /** Nobody has been asked yet. */
  get isNew(): boolean {
    return this.#noticedMs !== undefined;
  }

  /**
   * Returns whether nothing may be decided, since ownership is being established anew. `nonce`: of the quarantine that
   * runs, if one does; `leaseMs`: the longest that a worker may act without the store.
   */
  async holdStill(
    term: LeaderTerm,
    nonce: string | undefined,
    nowMs: number,
    leaseMs: number,
  ): Promise<boolean> {
    const { options, observer, view, keeper, refresh } = this.#leader;
    const { store, logger } = options;
    const startsNow = await this.#startQuarantine(term, nowMs);
    const step = this.#quarantine.next(nonce, nowMs, leaseMs);
    switch (step.kind) {
      case 'none':
        return startsNow;
      case 'began': {
        observer.restart(nowMs);
        const message = 'the store lost data: waiting for the workers to say what they hold';
        logger.warn({}, message);
        await store.appendEvents(term, [{ type: 'store.data_lost', message, facts: {} }]);
        return true;
      }
      case 'waiting':
        return true;
      case 'over': {
        // What they hold can be given back only where it is known.
        if (keeper?.holdsUp(nowMs)) return true;
        const adoptions = this.#quarantine.adoptions(await store.held(), view.members);
        for (const { worker, incarnation, units } of adoptions) {
          await store.adopt(term, worker, incarnation, units);
        }
        await store.endQuarantine(term, step.nonce);
        await refresh();
        return false;
      }
    }
  }

  async #startQuarantine(term: LeaderTerm, nowMs: number): Promise<boolean> {
    if (this.#noticedMs === undefined) return false;
    const { store, profile } = this.#leader.options;
    // Seen long ago, as a follower: whoever led then has dealt with it.
    const isRecent = nowMs - this.#noticedMs <= 2 * profile.deadAfterMs;
    if (isRecent) await store.startQuarantine(term);
    this.#noticedMs = undefined;
    return isRecent;
  }
}
