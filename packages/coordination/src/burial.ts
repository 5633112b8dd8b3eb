/**
 * Buries the dead: declares workers dead whose beats stood still, and frees what dead incarnations held,
 * whoever declared them dead.
 */
import { batchSize, type LeaderContext } from './leader-context.ts';
import { parseUnit } from './model.ts';
import type { LeaderTerm } from './store.ts';

export class Burial {
  readonly #leader: LeaderContext;
  /** Of the view in which nothing was left to free. */
  #lookedAtRevision = -1;
  /** Dead incarnations whose last lease is over too: see BeatObserver. */
  readonly #quiet = new Set<string>();
  /** For how long those had been silent whose units are not freed yet: for people who ask why they moved. */
  readonly #silence = new Map<string, string>();
  #doubtUntilMs = Number.NEGATIVE_INFINITY;

  constructor(leader: LeaderContext) {
    this.#leader = leader;
  }

  /** Another term: whatever was seen is to be looked at again. */
  reset(): void {
    this.#lookedAtRevision = -1;
  }

  /** Returns whether anything was freed, which the view does not show yet. */
  async bury(term: LeaderTerm, nowMs: number): Promise<boolean> {
    const { store, profile, clock } = this.#leader.options;
    const silent = this.#leader.observer.silentFor(profile.deadAfterMs, nowMs).flatMap((worker) => {
      const member = this.#leader.view.members.get(worker.worker);
      // One that runs by a longer profile may still act.
      const isOver = member && worker.silentMs >= member.leaseMs;
      return isOver && member.state !== 'dead' ? [{ ...worker, member }] : [];
    });
    if (this.#doubtsItself(silent.length, nowMs)) return false;

    for (const { worker, beat, silentMs, member } of silent) {
      if ((await store.declareDead(term, worker, member.incarnation, beat)) === 'alive') continue;
      this.#isQuiet(worker, member.incarnation, nowMs);
      this.#leader.settling.died(worker, nowMs);
      this.#leader.stats.deaths++;
      const seconds = (silentMs / 1000).toFixed(1);
      this.#silence.set(member.incarnation, ` ${seconds} s after its last beat`);
      this.#leader.options.logger.warn(
        { worker, incarnation: member.incarnation, silentMs },
        'worker declared dead',
      );
      this.#leader.changes.note(`lease of ${worker} expired`);
      await store.appendEvents(term, [
        {
          type: 'worker.dead',
          message: `lease of ${worker} expired: no beat for ${seconds} s`,
          facts: { worker, silent_ms: Math.round(silentMs) },
        },
      ]);
    }
    if (silent.length > 0) await this.#leader.refresh();
    const orphaned = await this.#orphanLost(term, nowMs);
    if (silent.length > 0) {
      this.#leader.options.logger.debug(
        { tookMs: clock.monotonicMs() - nowMs, orphaned },
        'dead workers buried',
      );
    }
    return orphaned > 0;
  }

  /** If most workers vanish at once, the likelier fault is here: look for another window first. */
  #doubtsItself(silent: number, nowMs: number): boolean {
    const live = [...this.#leader.view.members.values()].filter(
      ({ state }) => state !== 'dead',
    ).length;
    if (silent < 3 || silent * 2 <= live || nowMs < this.#doubtUntilMs) return false;
    const { deadAfterMs } = this.#leader.options.profile;
    this.#doubtUntilMs = nowMs + 3 * deadAfterMs;
    this.#leader.observer.restart(nowMs);
    this.#leader.options.logger.warn(
      { silent, live },
      'most workers fell silent at once: looking again',
    );
    return true;
  }

  /** Frees what dead incarnations held, whoever declared them dead. */
  async #orphanLost(term: LeaderTerm, nowMs: number): Promise<number> {
    const { store } = this.#leader.options;
    // Nothing has changed hands, and nobody's last lease was waited for.
    const { planRevision } = this.#leader.view;
    if (planRevision === this.#lookedAtRevision) return 0;
    const lost = new Map<string, string>();
    for (const unit of this.#leader.view.units.values()) {
      if (unit.worker === undefined || unit.incarnation === undefined) continue;
      if (!this.#leader.view.liveOwner(unit)) lost.set(unit.incarnation, unit.worker);
    }
    for (const member of this.#leader.view.members.values()) {
      if (member.state === 'dead') lost.set(member.incarnation, member.worker);
    }
    let orphaned = 0;
    let waits = false;
    for (const [incarnation, worker] of lost) {
      if (!this.#isQuiet(worker, incarnation, nowMs)) {
        waits = true;
        continue;
      }
      for (;;) {
        const freed = await store.orphan(term, worker, incarnation, batchSize);
        for (const unit of freed) {
          const why = `lease of ${worker} expired`;
          this.#leader.reasons.set(unit, why);
          this.#leader.history.orphaned(
            { unit, connector: parseUnit(unit).connector },
            worker,
            why + (this.#silence.get(incarnation) ?? ''),
          );
        }
        orphaned += freed.length;
        if (freed.length < batchSize) break;
      }
      await store.forget(term, worker, incarnation);
      this.#quiet.delete(incarnation);
    }
    // What was freed changes the plan, and is looked at again.
    if (!waits) {
      this.#lookedAtRevision = planRevision;
      this.#silence.clear();
    }
    return orphaned;
  }

  #isQuiet(worker: string, incarnation: string, nowMs: number): boolean {
    if (this.#quiet.has(incarnation)) return true;
    const member = this.#leader.view.members.get(worker);
    if (member?.incarnation === incarnation) {
      const leaseMs = Math.max(this.#leader.options.profile.deadAfterMs, member.leaseMs);
      if (!this.#leader.observer.beatStoodStill(worker, leaseMs, nowMs)) return false;
    }
    this.#quiet.add(incarnation);
    return true;
  }
}
