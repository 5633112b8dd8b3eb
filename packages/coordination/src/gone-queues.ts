/** Queues of workers that are gone: each is deleted after a while, unless its worker is back by then. */
import type { Dispatcher } from './dispatch.ts';

/** It may come back under its name. */
const forgetAfterMs = 30_000;

export class GoneQueues {
  readonly #dispatcher: Dispatcher;
  readonly #dueMs = new Map<string, number>();

  constructor(dispatcher: Dispatcher) {
    this.#dispatcher = dispatcher;
  }

  joined(worker: string): void {
    this.#dueMs.delete(worker);
  }

  gone(worker: string, nowMs: number): void {
    this.#dueMs.set(worker, nowMs + forgetAfterMs);
  }

  /** What is due is for whoever leads. */
  follow(nowMs: number): void {
    for (const [worker, dueMs] of this.#dueMs) {
      if (nowMs >= dueMs) this.#dueMs.delete(worker);
    }
  }

  async forget(nowMs: number): Promise<void> {
    for (const [worker, dueMs] of this.#dueMs) {
      if (nowMs < dueMs) continue;
      this.#dueMs.delete(worker);
      await this.#dispatcher.forget(worker);
    }
  }
}
