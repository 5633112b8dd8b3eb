import type { Clock } from '@sluice/kernel';

/**
 * The wait inside a reader's poll: ends when somebody wakes it, when the time is over or when the signal
 * is aborted. One waiter at a time. A wake without a waiter is forgotten, so look for data first.
 */
export class PollWait {
  readonly #clock: Clock;
  #end: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wait(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms <= 0 || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', end);
        if (this.#end === end) this.#end = undefined;
        resolve();
      };
      const timer = this.#clock.after(ms, end);
      signal?.addEventListener('abort', end, { once: true });
      this.#end = end;
    });
  }

  wake(): void {
    this.#end?.();
  }
}
