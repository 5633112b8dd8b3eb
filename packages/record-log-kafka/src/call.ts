import { backoffMs, isRetriable, SluiceError, toError } from '@sluice/kernel';

import type { CompiledKafkaLogOptions } from './options.ts';

const retry = { initialMs: 10, maxMs: 500 };
const partMsMin = 1_000;

export interface CallParts {
  readonly clock: CompiledKafkaLogOptions['clock'];
  readonly random: () => number;
  readonly address: string;
  readonly deadlineMs: number;
  /** Why it must not go on. */
  readonly problem: () => SluiceError | undefined;
}

/** Work with a deadline, over when the sockets are cut. */
export class Call {
  readonly #parts: CallParts;

  constructor(parts: CallParts) {
    this.#parts = parts;
  }

  get leftMs(): number {
    return Math.max(1, Math.ceil(this.#parts.deadlineMs - this.#parts.clock.monotonicMs()));
  }

  get isOver(): boolean {
    return this.#parts.clock.monotonicMs() >= this.#parts.deadlineMs;
  }

  /** For one of several attempts: half of what is left. */
  part(): Call {
    const partMs = Math.min(this.leftMs, Math.max(partMsMin, this.leftMs / 2));
    const { clock } = this.#parts;
    return new Call({ ...this.#parts, deadlineMs: clock.monotonicMs() + partMs });
  }

  /** Waits no longer than the call may last. @throws `log.unreachable`. */
  async within<Result>(work: Promise<Result>, what: string): Promise<Result> {
    const late = Promise.withResolvers<never>();
    const { clock, address } = this.#parts;
    const timer = clock.after(this.leftMs, () => late.reject(lateError(address, what)));
    try {
      return await Promise.race([work, late.promise]);
    } finally {
      timer.cancel();
    }
  }

  /** @throws `log.closed` or `log.unreachable`. */
  assertGoing(): void {
    const problem = this.#parts.problem();
    if (problem) throw problem;
  }

  /**
   * Repeats an attempt that fails retriably, with back-off, until the deadline; at once if it fails for what only
   * somebody's hand can change. @throws its last error, or the one before if the time was up meanwhile.
   */
  async retrying<Result>(attempt: () => Promise<Result>): Promise<Result> {
    const { clock, random } = this.#parts;
    let told: unknown;
    for (let count = 1; ; count += 1) {
      this.assertGoing();
      try {
        return await attempt();
      } catch (error) {
        this.assertGoing();
        const pauseMs = backoffMs(count, retry, random);
        const isLasting = !isRetriable(error) || isMisconfigured(error);
        if (told === undefined || !isLate(error)) told = error;
        if (isLasting || pauseMs >= this.leftMs) throw toError(told);
        await clock.sleep(pauseMs);
      }
    }
  }
}

/** It says less than what went wrong before. */
export function isLate(error: unknown): boolean {
  return error instanceof SluiceError && error.details['isLate'] === true;
}

function lateError(address: string, what: string): SluiceError {
  return new SluiceError(
    'log.unreachable',
    `Kafka at ${address} does not answer (${what} did not come about in time): check that its brokers run and can be reached`,
    { retriable: true, details: { address, isLate: true } },
  );
}

function isMisconfigured(error: unknown): boolean {
  return error instanceof SluiceError && error.details['isMisconfigured'] === true;
}
