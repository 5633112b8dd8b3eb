import { setTimeout as sleepFor } from 'node:timers/promises';

/** A timer that can be cancelled; cancelling twice, or after it fired, does nothing. */
export interface Timer {
  cancel(): void;
}

/**
 * Time as a parameter. Decisions about safety use `monotonicMs` only: a wall clock may jump.
 * The monotonic clock is the same in all threads and processes of one machine.
 */
export interface Clock {
  /** Milliseconds, with fraction, of a clock that never goes back. Origin unspecified. */
  monotonicMs(): number;
  /** Milliseconds since 1970, for records and display. */
  wallMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `action` once after `ms`. Does not keep the process alive. */
  after(ms: number, action: () => void): Timer;
}

export const systemClock: Clock = {
  // hrtime, and not performance.now(): the latter has an origin of its own in each thread.
  monotonicMs: () => Number(process.hrtime.bigint()) / 1e6,
  wallMs: () => Date.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, signal ? { signal } : {}),
  after: (ms, action) => {
    const handle = setTimeout(action, ms);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
