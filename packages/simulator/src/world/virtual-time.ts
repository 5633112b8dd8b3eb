/**
 * Time that stands still while something happens. Events run one after another in the order of their time,
 * and of when they were scheduled; after each, every promise that is ready has run before the next begins.
 * Nothing in a simulation may wait for anything real.
 */
import { EventHeap, type TimedEvent } from './event-heap.ts';

export interface Cancellable {
  cancel(): void;
}

/** Of Node's event loop. */
const eventsATurn = 256;

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

  /**
   * Runs all events up to `untilMs`, or until `isOver` says so, which is asked before each.
   *
   * Node runs the immediates that wait one after another, and between two of them every promise that is ready: one
   * turn of its event loop serves many events.
   */
  runUntil(untilMs: number, isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let isDone = false;
      const step = (): void => {
        if (isDone) return;
        try {
          isDone = isOver() || !this.#runNext(untilMs);
        } catch (error) {
          isDone = true;
          reject(error);
        }
        if (isDone) resolve();
      };
      const turn = (): void => {
        if (isDone) return;
        for (let count = 0; count < eventsATurn; count++) setImmediate(step);
        setImmediate(turn);
      };
      turn();
    });
  }

  /** False: there is none up to that time, which it is now. */
  #runNext(untilMs: number): boolean {
    for (;;) {
      const event = this.#events.popUntil(untilMs);
      if (!event) break;
      if (event.isCancelled) continue;
      this.#nowMs = event.atMs;
      this.steps++;
      event.action();
      return true;
    }
    this.#nowMs = untilMs;
    return false;
  }
}
