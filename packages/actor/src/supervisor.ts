/**
 * When a failed actor is started again. The decision is pure; `Supervisor` applies it with a timer.
 * It lives in the control thread, so that the memory of failures outlives the executor they happened in.
 *
 *     running ──failed()──▶ waiting ──timer──▶ restart() … started() ──`resetAfterMs`──▶ failures forgotten
 *                  └─ more than `attemptsMax` failures in a row ──▶ given up
 */
import { backoffMs, type Clock, type Timer } from '@sluice/kernel';

export interface RestartPolicy {
  /** Restarts in a row; Infinity: it is never given up. */
  readonly attemptsMax: number;
  readonly initialMs: number;
  readonly maxMs: number;
  /** What ran for so long ran well: its failures are forgotten. */
  readonly resetAfterMs: number;
}

export const defaultRestartPolicy: RestartPolicy = {
  attemptsMax: 5,
  initialMs: 500,
  maxMs: 30_000,
  resetAfterMs: 60_000,
};

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number }
  | { readonly kind: 'give-up' };

/** After the last of so many failures in a row. */
export function decideRestart(
  failures: number,
  policy: RestartPolicy,
  random: () => number = Math.random,
): RestartDecision {
  if (failures > policy.attemptsMax) return { kind: 'give-up' };
  return { kind: 'restart', afterMs: backoffMs(failures, policy, random) };
}

export interface SupervisorOptions {
  /** As it is now: a definition may be changed. */
  readonly policy: () => RestartPolicy;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly restart: () => void;
  /** It ran well for as long as it takes. */
  readonly recovered?: () => void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #failures = 0;
  #startedAtMs: number | undefined;
  #timer: Timer | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Since it last ran well. */
  get failures(): number {
    return this.#failures;
  }

  started(): void {
    const { clock, policy, recovered } = this.#options;
    this.cancel();
    this.#startedAtMs = clock.monotonicMs();
    if (this.#failures === 0) return;
    this.#timer = clock.after(policy().resetAfterMs, () => {
      this.#failures = 0;
      recovered?.();
    });
  }

  /** Calls `restart` later if the answer is `restart`. */
  failed(): RestartDecision {
    const { clock, random, restart } = this.#options;
    const policy = this.#options.policy();
    this.cancel();
    // The timer that would have said so may be late.
    const ranMs = clock.monotonicMs() - (this.#startedAtMs ?? Number.POSITIVE_INFINITY);
    this.#failures = ranMs >= policy.resetAfterMs ? 1 : this.#failures + 1;
    this.#startedAtMs = undefined;
    const decision = decideRestart(this.#failures, policy, random);
    if (decision.kind === 'restart') this.#timer = clock.after(decision.afterMs, restart);
    return decision;
  }

  /** It stopped running without a failure of its own: what it ran so far does not count as running well. */
  interrupted(): void {
    this.cancel();
    this.#startedAtMs = undefined;
  }

  reset(): void {
    this.interrupted();
    this.#failures = 0;
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
