/**
 * The lease of an actor whose every effect is fenced outside the store that leases come from. While that store is
 * away nobody can grant its unit to anybody else; if only we are cut off from it, the successor's fence refuses us.
 *
 *     held ──the executor's lease ran out──▶ held, for `ms` more ──▶ expired ──renewed──▶ held …
 *       └──────executor abandoned, actor revoked──▶ ended, for ever
 *
 * It says nothing about the executor's other actors, which are quiet at the deadlines.
 */
import type { Clock, Timer } from '@sluice/kernel';
import type { ActorLease } from './lease.ts';
import type { Lease } from './types.ts';

export class LeaseBeyond implements Lease {
  readonly #lease: ActorLease;
  readonly #clock: Clock;
  readonly #ms: number;

  constructor(lease: ActorLease, clock: Clock, ms: number) {
    this.#lease = lease;
    this.#clock = clock;
    this.#ms = ms;
  }

  isFresh(): boolean {
    return this.isHeld();
  }

  isHeld(): boolean {
    return this.#lease.leftMs(this.#ms) > 0;
  }

  assertHeld(): void {
    if (!this.isHeld()) this.#lease.assertHeld();
  }

  onExpired(listener: () => void): () => void {
    let timer: Timer | undefined;
    const look = (): void => {
      timer?.cancel();
      const leftMs = this.#lease.leftMs(this.#ms);
      if (leftMs === 0) listener();
      else timer = this.#clock.after(Math.ceil(leftMs), lookAgain);
    };
    const lookAgain = (): void => {
      // Renewed meanwhile: the next expiry is told anew. Ended in order: there is nothing left to cut.
      if (this.#lease.isRevoked || this.#lease.leftMs(0) > 0) return;
      look();
    };
    const unsubscribe = this.#lease.onExpired(look);
    return () => {
      timer?.cancel();
      unsubscribe();
    };
  }

  untilFresh(signal: AbortSignal): Promise<void> {
    if (this.isHeld() && !signal.aborted) return Promise.resolve();
    return this.#lease.untilFresh(signal);
  }
}
