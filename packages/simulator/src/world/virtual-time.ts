/**
 * Time that stands still while something happens. Events run one after another in the order of their time,
 * and of when they were scheduled; after each, every promise that is ready has run before the next begins.
 * Nothing in a simulation may wait for anything real.
 */
import { setImmediate as untilSettled } from 'node:timers/promises';

import { EventHeap, type TimedEvent } from './event-heap.ts';

export interface Cancellable {
  cancel(): void;
}

export class VirtualTime {
  /** Events run so far. */
  steps = 0;
  #nowMs = 0;
  #sequence = 0;
  readonly #events = new EventHeap();

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Runs `action` after `ms`, but never before what was scheduled earlier for the same time. */
  after(ms: number, action: () => void): Cancellable {
    const event: TimedEvent = {
      atMs: this.#nowMs + Math.max(0, ms),
      sequence: this.#sequence++,
      action,
      isCancelled: false,
    };
    this.#events.push(event);
    return {
      cancel: () => {
        event.isCancelled = true;
      },
    };
  }

  /** Runs all events up to `untilMs`, or until `isOver` says so, which is asked after each. */
  async runUntil(untilMs: number, isOver: () => boolean): Promise<void> {
    await untilSettled();
    for (;;) {
      const event = this.#events.popUntil(untilMs);
      if (!event) break;
      if (event.isCancelled) continue;
      this.#nowMs = event.atMs;
      this.steps++;
      event.action();
      await untilSettled();
      if (isOver()) return;
    }
    this.#nowMs = untilMs;
  }
}
