/** Lets at most `max` run at a time; a few more wait for their turn, for a while. */
import { type Clock, systemClock } from '@sluice/kernel';
import { ApiError } from '@sluice/rest-api';

export interface TurnsOptions {
  readonly max: number;
  /** Of what, in errors: `validations`. */
  readonly what: string;
  /** Of the code in errors: `validation`. */
  readonly code: string;
  readonly clock?: Clock | undefined;
}

const waitingMax = 32;
const waitLimitMs = 15_000;

export class Turns {
  readonly #options: TurnsOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** @throws ApiError 503 when too many wait, or for too long. */
  async take<Result>(run: () => Promise<Result>): Promise<Result> {
    await this.#turn();
    try {
      return await run();
    } finally {
      this.#running -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(): Promise<void> {
    const { max, what } = this.#options;
    if (this.#running >= max) {
      if (this.#waiting.length >= waitingMax)
        throw this.#busy(`${waitingMax} ${what} wait already; try again`);
      await this.#waitForTurn();
    }
    this.#running += 1;
  }

  async #waitForTurn(): Promise<void> {
    const { clock = systemClock, what } = this.#options;
    const { promise, reject, resolve } = Promise.withResolvers<void>();
    const timer = clock.after(waitLimitMs, () => {
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      reject(this.#busy(`other ${what} took ${waitLimitMs} ms and more; try again`));
    });
    this.#waiting.push(resolve);
    try {
      await promise;
    } finally {
      timer.cancel();
    }
  }

  #busy(message: string): ApiError {
    return new ApiError(503, message, {
      extra: { code: `${this.#options.code}.busy` },
      headers: { 'retry-after': '5' },
    });
  }
}
