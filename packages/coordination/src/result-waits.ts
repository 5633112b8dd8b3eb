/**
 * Waits for what becomes of requests. Where the leader is in this process it says when one was applied; elsewhere, and
 * if that gets lost, the store is asked again and again.
 */
import type { Clock } from '@sluice/kernel';

import type { RequestResult } from './requests.ts';
import type { ClusterStore } from './store.ts';

export interface ResultWaitsOptions {
  readonly store: Pick<ClusterStore, 'result'>;
  readonly clock: Clock;
}

interface Waiter {
  readonly id: string;
  /** It was applied after the store was asked. */
  isTold: boolean;
  wake: () => void;
}

/** Between two looks: each time longer by a half, so that nobody waits by much more than that for nothing. */
const lookAgainMs = { first: 5, growth: 1.5, max: 100 };

export class ResultWaits {
  readonly #options: ResultWaitsOptions;
  readonly #waiters = new Set<Waiter>();

  constructor(options: ResultWaitsOptions) {
    this.#options = options;
  }

  /** Undefined if there is none within the time. @throws what the store throws. */
  async of(id: string, timeoutMs: number): Promise<RequestResult | undefined> {
    const { store, clock } = this.#options;
    const { first, growth, max } = lookAgainMs;
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    const waiter: Waiter = { id, isTold: false, wake: () => {} };
    this.#waiters.add(waiter);
    try {
      for (let pauseMs = first; ; pauseMs = Math.min(pauseMs * growth, max)) {
        const leftMs = deadlineMs - clock.monotonicMs();
        await this.#untilTold(waiter, Math.min(pauseMs, leftMs));
        waiter.isTold = false;
        const result = await store.result(id);
        if (result) return result;
        if (clock.monotonicMs() >= deadlineMs) return undefined;
      }
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  /** The leader here has applied a request: its result is in the store. */
  applied(id: string): void {
    for (const waiter of this.#waiters) {
      if (waiter.id !== id) continue;
      waiter.isTold = true;
      waiter.wake();
    }
  }

  async #untilTold(waiter: Waiter, ms: number): Promise<void> {
    if (waiter.isTold) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiter.wake = resolve;
    const timer = this.#options.clock.after(ms, resolve);
    await promise;
    timer.cancel();
  }
}
