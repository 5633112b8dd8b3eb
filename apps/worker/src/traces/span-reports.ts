/** What executors tell of their spans, in the control thread: counted, and said once when it gets worse or better. */
import type { Clock, Logger } from '@sluice/kernel';

import type { SpansTold } from './spans-told.ts';

export interface SpanReportsOptions {
  readonly count: (told: Pick<SpansTold, 'exported' | 'dropped'>) => void;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** One that comes and goes is not told of more often. */
const warnEveryMs = 60_000;
/** A little longer than executors take at most. */
const flushedWithinMs = 2_500;

export class SpanReports {
  readonly #options: SpanReportsOptions;
  readonly #unflushed = new Set<string>();
  #flushed = Promise.withResolvers<void>();
  #isFailing = false;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: SpanReportsOptions) {
    this.#options = options;
  }

  told(executor: string, told: SpansTold): void {
    this.#options.count(told);
    if (told.problem !== undefined) this.#warn(told.problem);
    else if (told.exported > 0) this.#isWell();
    if (told.isFlushed && this.#unflushed.delete(executor) && this.#unflushed.size === 0)
      this.#flushed.resolve();
  }

  /** Until each of the executors, which `ask` asks, has exported what it had; within a limit. */
  async flush(executors: readonly string[], ask: () => void): Promise<void> {
    if (executors.length === 0) return;
    for (const each of executors) this.#unflushed.add(each);
    this.#flushed = Promise.withResolvers<void>();
    const { promise, resolve } = this.#flushed;
    const limit = this.#options.clock.after(flushedWithinMs, resolve);
    ask();
    await promise;
    limit.cancel();
    this.#unflushed.clear();
  }

  #warn(problem: string): void {
    const { clock, logger } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#isFailing || nowMs - this.#warnedAtMs < warnEveryMs) return;
    this.#isFailing = true;
    this.#warnedAtMs = nowMs;
    logger.warn(
      { problem },
      'spans cannot be exported and are dropped; records are not held up. Is the collector of OTEL_EXPORTER_OTLP_ENDPOINT up?',
    );
  }

  #isWell(): void {
    if (this.#isFailing) this.#options.logger.info({}, 'spans are exported again');
    this.#isFailing = false;
  }
}
