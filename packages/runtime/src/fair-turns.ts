/**
 * Keeps a loop whose every await is already settled (a source that always has data, a log in memory) from
 * starving the event loop: timers, messages and other tasks of the executor get their turn again within
 * `sliceMs`. One for all tasks of an executor, so that many busy tasks share a slice.
 */
const sliceMs = 8;

export class FairTurns {
  readonly #threadMs: () => number;
  #turnStartedMs: number;
  #nextTurn: Promise<void> | undefined;

  constructor(threadMs: () => number) {
    this.#threadMs = threadMs;
    this.#turnStartedMs = threadMs();
  }

  /** A promise to wait for, or undefined when the slice is not used up. */
  take(): Promise<void> | undefined {
    if (this.#nextTurn) return this.#nextTurn;
    if (this.#threadMs() - this.#turnStartedMs < sliceMs) return undefined;
    this.#nextTurn = new Promise((resolve) => {
      setImmediate(() => {
        this.#nextTurn = undefined;
        this.#turnStartedMs = this.#threadMs();
        resolve();
      });
    });
    return this.#nextTurn;
  }
}
