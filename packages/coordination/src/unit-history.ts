/**
 * Tells, step by step, what happens to units: for people who ask why a task is where it is. The leader tells what it
 * does itself, and what owners did, which it sees in the records that changed; a step that is over before it looks is
 * left out.
 *
 * It owns what is not told yet. Bounded: of what happens at once only so much is told, and how much is not. Best effort:
 * what cannot be told is forgotten, and nothing is decided by it.
 */
import type { Clock } from '@sluice/kernel';
import { hasCode } from '@sluice/kernel';

import { unitEventPrefix } from './event-history.ts';
import type { NewEvent, StatusReport, UnitId, UnitRecord } from './model.ts';
import type { LeaderStore, LeaderTerm } from './store.ts';

/** A cold start of thousands of tasks is no story of each. */
const toldPerSecondMax = 300;
const windowMs = 1_000;
const errorCharactersMax = 300;

type Unit = Pick<UnitRecord, 'unit' | 'connector'>;

export class UnitHistory {
  readonly #clock: Clock;
  #waiting: NewEvent[] = [];
  #leftOut = 0;
  #windowFromMs = Number.NEGATIVE_INFINITY;
  #noted = 0;
  /** Of units that the leader frees itself: not by their owner. */
  readonly #orphaned = new Set<UnitId>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  granted(unit: Unit, to: { readonly worker: string; readonly fence: number }, why: string): void {
    const { worker, fence } = to;
    this.#note(unit, 'granted', `granted to ${worker}: ${why}`, { worker, fence, reason: why });
  }

  revoked(unit: Unit, worker: string, why: string): void {
    this.#note(unit, 'revoked', `has to leave ${worker}: ${why}`, { worker, reason: why });
  }

  orphaned(unit: Unit, worker: string, why: string): void {
    this.#orphaned.add(unit.unit);
    this.#note(unit, 'orphaned', `has lost its worker ${worker}: ${why}`, { worker, reason: why });
  }

  /** What owners did. `before`: as it was seen last. */
  changed(before: UnitRecord | undefined, after: UnitRecord | undefined): void {
    if (!after) return;
    const worker = after.worker ?? before?.worker ?? '';
    if (after.state === 'free') {
      const wasOwned = before !== undefined && before.state !== 'free';
      if (this.#orphaned.delete(after.unit) || !wasOwned) return;
      this.#note(after, 'released', `released by ${worker}`, { worker, fence: before.fence });
      return;
    }
    const isNewOwner = before?.fence !== after.fence;
    if (after.state !== 'granted' && (isNewOwner || before?.state === 'granted')) {
      this.#note(after, 'claimed', `claimed by ${worker}`, { worker, fence: after.fence });
    }
    const old = isNewOwner ? undefined : before?.status;
    if (after.status && isNews(old, after.status)) this.#status(after, after.status, worker);
  }

  /** What was noted in a term that is over belongs to another leader. */
  reset(): void {
    this.#waiting = [];
    this.#leftOut = 0;
    this.#orphaned.clear();
  }

  /** @throws only that the term is over. */
  async tell(term: LeaderTerm, store: Pick<LeaderStore, 'appendEvents'>): Promise<void> {
    if (this.#waiting.length === 0 && this.#leftOut === 0) return;
    const events = this.#waiting;
    if (this.#leftOut > 0) {
      events.push({
        type: `${unitEventPrefix}left_out`,
        message: `${this.#leftOut} more steps of units at about this time are not told`,
        facts: { count: this.#leftOut },
      });
    }
    this.#waiting = [];
    this.#leftOut = 0;
    try {
      await store.appendEvents(term, events);
    } catch (error) {
      if (hasCode(error, 'coordination.not_leader')) throw error;
    }
  }

  #status(unit: UnitRecord, status: StatusReport, worker: string): void {
    const { state, attempts, nextRetryAtMs, trace, stalled, executor } = status;
    const error = trace?.split('\n', 1)[0]?.slice(0, errorCharactersMax);
    const facts = {
      worker,
      fence: unit.fence,
      attempts,
      since_ms: status.sinceMs,
      ...(executor !== undefined && { executor }),
      ...(error !== undefined && { error }),
      ...(nextRetryAtMs !== undefined && { next_retry_at_ms: nextRetryAtMs }),
    };
    const failed = error === undefined ? '' : `: ${error}`;
    if (stalled)
      return this.#note(unit, 'stalled', `its executor on ${worker} does not answer`, facts);
    switch (state) {
      case 'RUNNING':
        return this.#note(unit, 'running', `running on ${worker}`, facts);
      case 'PAUSED':
        return this.#note(unit, 'paused', `paused on ${worker}`, facts);
      case 'RESTARTING':
        return this.#note(
          unit,
          'backing_off',
          `failed on ${worker}, start ${attempts}${failed}`,
          facts,
        );
      case 'FAILED':
        return this.#note(unit, 'failed', `failed on ${worker} for good${failed}`, facts);
    }
  }

  #note({ unit, connector }: Unit, step: string, what: string, facts: NewEvent['facts']): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowFromMs >= windowMs) {
      this.#windowFromMs = nowMs;
      this.#noted = 0;
    }
    if (this.#noted >= toldPerSecondMax) {
      this.#leftOut++;
      return;
    }
    this.#noted++;
    this.#waiting.push({
      type: unitEventPrefix + step,
      message: `${unit} ${what}`,
      facts: { unit, connector, ...facts },
    });
  }
}

function isNews(before: StatusReport | undefined, after: StatusReport): boolean {
  return (
    before?.state !== after.state ||
    before.attempts !== after.attempts ||
    (before.stalled ?? false) !== (after.stalled ?? false)
  );
}
