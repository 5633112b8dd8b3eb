import type { Clock, Timer } from '@sluice/kernel';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly action: () => void;
}

/**
 * Time that jumps to the next timer whenever nothing else is left to do, so that hours pass in
 * milliseconds and every run with the same decisions is the same.
 */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #order = 0;
  #spunMs = 0;
  #pending: Pending[] = [];

  /** Passes by being asked for: a machine with more to do than it can changes nothing. */
  readonly threadMs = (): number => {
    this.#spunMs += 0.1;
    return this.#spunMs;
  };

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return 1_700_000_000_000 + this.#nowMs;
  }

  after(ms: number, action: () => void): Timer {
    const pending = { dueMs: this.#nowMs + Math.max(0, ms), order: this.#order++, action };
    this.#pending.push(pending);
    return {
      cancel: () => {
        this.#pending = this.#pending.filter((each) => each !== pending);
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        timer.cancel();
        reject(signal?.reason as Error);
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  #fireNext(): void {
    const next = this.#pending.reduce<Pending | undefined>(
      (first, each) =>
        !first ||
        each.dueMs < first.dueMs ||
        (each.dueMs === first.dueMs && each.order < first.order)
          ? each
          : first,
      undefined,
    );
    if (!next) return;
    this.#pending = this.#pending.filter((each) => each !== next);
    this.#nowMs = Math.max(this.#nowMs, next.dueMs);
    next.action();
  }

  /** Lets time pass until the condition holds; fails after `limitMs`, or when nothing can happen any more. */
  async until(what: string, condition: () => boolean, limitMs = 120_000): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    let idle = 0;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (condition()) return;
      if (this.#nowMs > endMs) throw new Error(`not within ${limitMs} virtual ms: ${what}`);
      idle = this.#pending.length === 0 ? idle + 1 : 0;
      if (idle > 50) throw new Error(`nothing is left to happen, but not yet: ${what}`);
      this.#fireNext();
    }
  }

  async settled<Result>(work: Promise<Result>, limitMs?: number): Promise<Result> {
    let isSettled = false;
    void Promise.allSettled([work]).then(() => {
      isSettled = true;
    });
    await this.until('the promise settles', () => isSettled, limitMs);
    return work;
  }

  /** Lets `ms` pass. */
  async pass(ms: number): Promise<void> {
    let isOver = false;
    this.after(ms, () => {
      isOver = true;
    });
    await this.until('time passes', () => isOver, ms + 1);
  }
}
