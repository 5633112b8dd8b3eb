/** How late an event loop is, over about a second at a time: a native timer of Node's, which runs no JavaScript. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

import type { Clock } from '@sluice/kernel';

/** The timer's own interval is part of what it measures. */
const resolutionMs = 20;
const windowMs = 1_000;

export class DelayMeter {
  readonly #clock: Clock;
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  #beganAtMs: number;
  #p99Ms = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAtMs = clock.monotonicMs();
    this.#histogram.enable();
  }

  /** p99 of the last whole window. To be asked more often than there are windows. */
  p99Ms(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#beganAtMs < windowMs || this.#histogram.count === 0) return this.#p99Ms;
    this.#beganAtMs = nowMs;
    // After the timers of this turn: a reset forgets how long its own timer has been waiting.
    setImmediate(() => {
      this.#p99Ms = Math.max(0, this.#histogram.percentile(99) / 1e6 - resolutionMs);
      this.#histogram.reset();
    }).unref();
    return this.#p99Ms;
  }
}
