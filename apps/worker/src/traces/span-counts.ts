/** Counts an executor's spans on their way out, and tells the control thread. */
import { type Clock, type Timer, toError, withoutPasswords } from '@sluice/kernel';

import type { SpansTold } from './spans-told.ts';

const tellEveryMs = 1_000;
const problemMax = 300;

export interface SpanCountsOptions {
  readonly clock: Clock;
  readonly tell: (told: SpansTold) => void;
}

export class SpanCounts {
  readonly #options: SpanCountsOptions;
  #exported = 0;
  #dropped = 0;
  #problem: string | undefined;
  #timer: Timer | undefined;

  constructor(options: SpanCountsOptions) {
    this.#options = options;
  }

  exported(spans: number): void {
    this.#exported += spans;
    this.#problem = undefined;
    this.#tellLater();
  }

  failed(spans: number, error: unknown): void {
    this.#dropped += spans;
    this.#problem = withoutPasswords(toError(error).message).slice(0, problemMax);
    this.#tellLater();
  }

  /** There is no room for it. */
  dropped(): void {
    this.#dropped += 1;
    this.#tellLater();
  }

  tellNow(isFlushed: boolean): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    const [exported, dropped, problem] = [this.#exported, this.#dropped, this.#problem];
    this.#exported = 0;
    this.#dropped = 0;
    this.#options.tell({ type: 'spans', exported, dropped, problem, isFlushed });
  }

  #tellLater(): void {
    this.#timer ??= this.#options.clock.after(tellEveryMs, () => this.tellNow(false));
  }
}
