/**
 * Leadership of one coordinator: follows, leads, and says when that changes. Owns the term.
 *
 *     following ──lease free, or its value stood still for a whole lease on my clock──▶ leading
 *     leading ──another term began, or the store did not answer for a lease──▶ following
 *
 * Nothing unsafe hangs on this loop: every write of a leader is checked against its epoch by the store.
 * Losing track of leadership for a moment only costs time.
 */
import { type Clock, hasCode, type Logger, type Service, toError } from '@sluice/kernel';

import type { Agreement, Disagreement } from './agreement.ts';
import type { TimingProfile } from './profile.ts';
import type { LeaderStore, LeaderTerm } from './store.ts';

export interface ElectionOptions {
  readonly coordinator: string;
  readonly store: LeaderStore;
  readonly clock: Clock;
  readonly profile: TimingProfile;
  readonly logger: Logger;
  /** Called on each change; must not throw. `founded`: the data set was empty and is new. */
  readonly onChange: (term: LeaderTerm | undefined, founded: boolean) => void;
  readonly agreement: Agreement;
  /** Must not throw. Asked again at the next attempt. */
  readonly onRefused: (disagreement: Disagreement) => void;
  /** Another log, whose users were all seen to be silent. */
  readonly abandonedLog: () => string | undefined;
}

export class Election implements Service {
  readonly #options: ElectionOptions;
  readonly #stopping = new AbortController();
  #term: LeaderTerm | undefined;
  #lastOkMs = 0;
  #observed: { value: string; sinceMs: number } | undefined;
  #running: Promise<void> | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  get term(): LeaderTerm | undefined {
    return this.#term;
  }

  async start(): Promise<void> {
    this.#running ??= this.#run();
  }

  /** Resigns, so that a follower takes over at once. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const { store, coordinator } = this.#options;
    const term = this.#term;
    if (term) {
      this.#change(undefined);
      await store.resign(term).catch(() => {}); // The lease ends by itself.
    }
    await store.withdraw(coordinator).catch(() => {}); // It is forgotten by itself, too.
  }

  /** Another part of the leader was told that its term is over. */
  deposed(term: LeaderTerm): void {
    if (this.#term?.epoch === term.epoch) this.#change(undefined);
  }

  async #run(): Promise<void> {
    const { clock, profile } = this.#options;
    const { signal } = this.#stopping;
    // A follower looks four times as often as the leader renews: it is what recovery waits for.
    const followMs = profile.leaderRenewMs / 4;
    while (!signal.aborted) {
      await this.#tryLead();
      const waitMs = this.#term ? profile.leaderRenewMs : followMs;
      await clock.sleep(waitMs, signal).catch(() => {});
    }
  }

  async #tryLead(): Promise<void> {
    const { store, coordinator, profile, clock, logger, agreement } = this.#options;
    const sentMs = clock.monotonicMs();
    const takeOver = this.#takeOverValue(sentMs);
    const abandonedLog = this.#options.abandonedLog();
    try {
      const reply = await store.lead({
        ...agreement,
        coordinator,
        leaseMs: profile.leaderLeaseMs,
        ...(takeOver === undefined ? {} : { takeOver }),
        ...(abandonedLog === undefined ? {} : { abandonedLog }),
      });
      this.#lastOkMs = sentMs;
      if (reply.kind === 'refused') {
        if (this.#term) this.#change(undefined);
        this.#options.onRefused(reply.disagreement);
        return;
      }
      if (reply.kind === 'leading') {
        this.#observed = undefined;
        if (this.#term?.epoch !== reply.term.epoch) this.#change(reply.term, reply.founded);
        return;
      }
      if (this.#observed?.value !== reply.observed) {
        this.#observed = { value: reply.observed, sinceMs: sentMs };
      }
      if (this.#term) this.#change(undefined);
    } catch (error) {
      const silentMs = clock.monotonicMs() - this.#lastOkMs;
      if (this.#term && silentMs > profile.leaderLeaseMs) this.#change(undefined);
      if (!hasCode(error, 'store.unreachable')) {
        logger.error({ error: toError(error).message }, 'election failed');
      }
    }
  }

  /** The value that stood still for longer than a leader may go without renewing it. */
  #takeOverValue(nowMs: number): string | undefined {
    const { leaderLeaseMs, leaderRenewMs } = this.#options.profile;
    const observed = this.#observed;
    return observed && nowMs - observed.sinceMs > leaderLeaseMs + leaderRenewMs
      ? observed.value
      : undefined;
  }

  #change(term: LeaderTerm | undefined, founded = false): void {
    this.#term = term;
    this.#options.onChange(term, founded);
  }
}
