/**
 * When a failed actor is started again. The decision is pure; `Supervisor` applies it with a timer.
 * It lives in the control thread, so that the memory of failures outlives the executor they happened in.
 *
 *     running ──failed()──▶ waiting ──timer──▶ restart() … started() ──a whole window──▶ history forgotten
 *                  └─ more than `intensity` failures within the window ──▶ given up
 */
import { backoffMs, type Clock, type Timer } from '@sluice/kernel';

export interface RestartPolicy {
  /** Restarts allowed within the window. */
  readonly intensity: number;
  readonly windowMs: number;
  readonly initialMs: number;
  readonly maxMs: number;
}

export const defaultRestartPolicy: RestartPolicy = {
  intensity: 5,
  windowMs: 60_000,
  initialMs: 500,
  maxMs: 30_000,
};

export interface RestartHistory {
  /** Failures since it last ran well for a whole window. */
  readonly failures: number;
  /** Monotonic times of the last failures, oldest first; never more than decide anything. */
  readonly failedAtMs: readonly number[];
}

export const cleanHistory: RestartHistory = { failures: 0, failedAtMs: [] };

export type RestartDecision =
  | { readonly kind: 'restart'; readonly afterMs: number }
  | { readonly kind: 'give-up' };

/** `startedAtMs` is undefined if it failed before it ever ran. */
export function recordFailure(
  history: RestartHistory,
  times: { readonly startedAtMs: number | undefined; readonly failedAtMs: number },
  policy: RestartPolicy,
): RestartHistory {
  const ranMs = times.startedAtMs === undefined ? 0 : times.failedAtMs - times.startedAtMs;
  const before = ranMs >= policy.windowMs ? cleanHistory : history;
  return {
    failures: before.failures + 1,
    failedAtMs: [...before.failedAtMs, times.failedAtMs].slice(-(policy.intensity + 1)),
  };
}

/** What to do now that the last failure of `history` happened. */
export function decideRestart(
  history: RestartHistory,
  nowMs: number,
  policy: RestartPolicy,
  random: () => number = Math.random,
): RestartDecision {
  const recent = history.failedAtMs.filter((atMs) => nowMs - atMs < policy.windowMs);
  if (recent.length > policy.intensity) return { kind: 'give-up' };
  return { kind: 'restart', afterMs: backoffMs(history.failures, policy, random) };
}

export interface SupervisorOptions {
  readonly policy: RestartPolicy;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly restart: () => void;
  /** It ran well for a whole window. */
  readonly recovered?: () => void;
}

export class Supervisor {
  readonly #options: SupervisorOptions;
  #history = cleanHistory;
  #startedAtMs: number | undefined;
  #timer: Timer | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
  }

  /** Failures since it last ran well for a whole window. */
  get failures(): number {
    return this.#history.failures;
  }

  started(): void {
    const { clock, policy, recovered } = this.#options;
    this.cancel();
    this.#startedAtMs = clock.monotonicMs();
    if (this.#history.failures === 0) return;
    this.#timer = clock.after(policy.windowMs, () => {
      this.#history = cleanHistory;
      recovered?.();
    });
  }

  /** Calls `restart` later if the answer is `restart`. */
  failed(): RestartDecision {
    const { clock, policy, random, restart } = this.#options;
    this.cancel();
    const nowMs = clock.monotonicMs();
    this.#history = recordFailure(
      this.#history,
      { startedAtMs: this.#startedAtMs, failedAtMs: nowMs },
      policy,
    );
    this.#startedAtMs = undefined;
    const decision = decideRestart(this.#history, nowMs, policy, random);
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
    this.#history = cleanHistory;
  }

  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }
}
