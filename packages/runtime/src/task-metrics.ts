/** Counters of a task, counted per batch, and the one ticker that tells them for all tasks of an executor. */
import { outsideActors } from '@sluice/actor/executor';
import type { Clock, Timer } from '@sluice/kernel';

import type { TaskCounters } from './payloads.ts';

export type MutableCounters = { -readonly [Name in keyof TaskCounters]: TaskCounters[Name] };

export function newCounters(kind: TaskCounters['kind']): MutableCounters {
  return {
    kind,
    recordsIn: 0,
    recordsOut: 0,
    bytes: 0,
    batches: 0,
    commits: 0,
    commitFailures: 0,
    lastCommitAtMs: 0,
    retries: 0,
    errors: 0,
    recordFailures: 0,
    recordErrors: 0,
    recordsSkipped: 0,
    errorsLogged: 0,
    deadLetterRequests: 0,
    deadLetterFailures: 0,
    lastErrorAtMs: 0,
    recordsActive: 0,
    partitions: 0,
    lag: 0,
    sourceDelayMs: null,
  };
}

interface Reported {
  readonly counters: MutableCounters;
  readonly tell: (counters: TaskCounters) => void;
  readonly onTick: (() => void) | undefined;
  last: TaskCounters;
}

const tellEveryMs = 1_000;

/** One timer for thousands of tasks; it runs only while there are tasks. */
export class MetricsTicker {
  readonly #clock: Clock;
  readonly #reported = new Set<Reported>();
  #timer: Timer | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Tells the counters about once a second if they changed, and a last time when ended; `onTick` is called then in any
   * case.
   */
  add(
    counters: MutableCounters,
    tell: (counters: TaskCounters) => void,
    onTick?: () => void,
  ): () => void {
    const reported: Reported = { counters, tell, onTick, last: { ...counters } };
    this.#reported.add(reported);
    // Of no actor: whatever it costs must not be blamed on the one that happened to be first.
    this.#timer ??= outsideActors(() => this.#clock.after(tellEveryMs, () => this.#tick()));
    return () => {
      if (!this.#reported.delete(reported)) return;
      tellIfChanged(reported);
      onTick?.();
      if (this.#reported.size === 0) {
        this.#timer?.cancel();
        this.#timer = undefined;
      }
    };
  }

  #tick(): void {
    this.#timer = this.#clock.after(tellEveryMs, () => this.#tick());
    for (const reported of this.#reported) {
      tellIfChanged(reported);
      reported.onTick?.();
    }
  }
}

function tellIfChanged(reported: Reported): void {
  const { counters, last } = reported;
  let isChanged = false;
  for (const name of Object.keys(counters) as (keyof TaskCounters)[]) {
    if (counters[name] !== last[name]) isChanged = true;
  }
  if (!isChanged) return;
  reported.last = { ...counters };
  reported.tell(reported.last);
}
