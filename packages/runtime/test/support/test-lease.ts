import type { Lease } from '@sluice/actor';
import { SluiceError } from '@sluice/kernel';

type LeaseState = 'fresh' | 'held' | 'lapsed' | 'expired' | 'revoked';

/** A lease that a test moves by hand. */
export class TestLease implements Lease {
  #state: LeaseState;
  readonly #listeners = new Set<() => void>();
  readonly #waiters = new Set<() => void>();

  constructor(state: LeaseState = 'fresh') {
    this.#state = state;
  }

  set(state: LeaseState): void {
    if (this.#state === 'revoked') return;
    const wasHeld = this.isHeld();
    this.#state = state;
    if (wasHeld && !this.isHeld()) this.#notifyExpired();
    if (state === 'fresh') for (const wake of this.#waiters) wake();
  }

  /** The deadline passes without a timer noticing it: the next check is the first to know. */
  lapse(): void {
    if (this.isHeld()) this.#state = 'lapsed';
  }

  isFresh(): boolean {
    return this.isHeld() && this.#state === 'fresh';
  }

  isHeld(): boolean {
    if (this.#state === 'lapsed') {
      this.#state = 'expired';
      this.#notifyExpired();
    }
    return this.#state === 'fresh' || this.#state === 'held';
  }

  #notifyExpired(): void {
    for (const listener of this.#listeners) listener();
  }

  assertHeld(): void {
    if (!this.isHeld()) throw new SluiceError('lease.expired', 'expired', { fenced: true });
  }

  onExpired(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  untilFresh(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      if (this.isFresh()) return resolve();
      const wake = (): void => {
        this.#waiters.delete(wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener(
        'abort',
        () => {
          this.#waiters.delete(wake);
          reject(signal.reason as Error);
        },
        { once: true },
      );
    });
  }
}
