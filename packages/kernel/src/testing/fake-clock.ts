import type { Clock, Timer } from '../clock.ts';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that moves only when told to. `advance` fires due timers in order and lets promises settle. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #wallOriginMs: number;
  readonly #pending = new Set<Pending>();

  constructor(wallOriginMs = 1_700_000_000_000) {
    this.#wallOriginMs = wallOriginMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallOriginMs + this.#nowMs;
  }

  after(ms: number, action: () => void): Timer {
    const pending = { dueMs: this.#nowMs + ms, order: this.#order++, action };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const next = this.#earliest();
      if (!next || next.dueMs > untilMs) break;
      this.#pending.delete(next);
      this.#nowMs = next.dueMs;
      next.action();
      await settle();
    }
    this.#nowMs = untilMs;
    await settle();
  }

  #earliest(): Pending | undefined {
    let earliest: Pending | undefined;
    for (const pending of this.#pending) {
      if (
        !earliest ||
        pending.dueMs < earliest.dueMs ||
        (pending.dueMs === earliest.dueMs && pending.order < earliest.order)
      ) {
        earliest = pending;
      }
    }
    return earliest;
  }
}

/** Lets chains of promises that are ready run to their next wait. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
