/** Small helpers that keep every wait on Redis bounded and every outage down to a few log lines. */
import { type Clock, type Logger, SluiceError, toError } from '@sluice/kernel';

/** Rejects after `ms`; the work itself goes on, and its late failure is nobody's any more. */
export async function within<Value>(
  work: Promise<Value>,
  { ms, what, clock }: { ms: number; what: string; clock: Clock },
): Promise<Value> {
  work.catch(() => {});
  const expiry = Promise.withResolvers<never>();
  const timer = clock.after(ms, () =>
    expiry.reject(
      new SluiceError('queue.timeout', `${what} took longer than ${ms} ms: is Redis reachable?`, {
        retriable: true,
      }),
    ),
  );
  try {
    return await Promise.race([work, expiry.promise]);
  } finally {
    timer.cancel();
  }
}

/** Between two lines about the same trouble. */
const quietMs = 5_000;

/**
 * Reports trouble that repeats with every attempt: the first time at once, then at most once in a
 * while with the number of times that were not told, and once when it is over.
 */
export class TroubleLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #what: string;
  #untold = 0;
  #lastToldMs: number | undefined;

  constructor(options: { logger: Logger; clock: Clock; what: string }) {
    this.#logger = options.logger;
    this.#clock = options.clock;
    this.#what = options.what;
  }

  failed(thrown: unknown, fields: object = {}): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#lastToldMs !== undefined && nowMs - this.#lastToldMs < quietMs) {
      this.#untold += 1;
      return;
    }
    const { message } = toError(thrown);
    this.#logger.warn({ ...fields, error: message, untold: this.#untold }, this.#what);
    this.#lastToldMs = nowMs;
    this.#untold = 0;
  }

  succeeded(): void {
    if (this.#lastToldMs === undefined) return;
    this.#logger.info({ untold: this.#untold }, `over: ${this.#what}`);
    this.#lastToldMs = undefined;
    this.#untold = 0;
  }
}
