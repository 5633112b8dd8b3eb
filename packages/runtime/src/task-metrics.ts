/** Counters of a task, counted per batch, and the one ticker that tells them for all tasks of an executor. */
import { outsideActors } from '@sluice/actor/executor';
import type { Clock, Timer } from '@sluice/kernel';

import {
  copyOf,
  histogramBounds,
  type MutableHistogram,
  newHistogram,
  observe,
} from './histogram.ts';
import type { TaskCounters } from './payloads.ts';
import type { MutableTransformCounters } from './transform-counts.ts';

interface Live {
  readonly batchRecords: MutableHistogram;
  readonly callSeconds: MutableHistogram;
  readonly commitSeconds: MutableHistogram;
  readonly lags: Map<string, number>;
  readonly transforms: MutableTransformCounters[];
}

type Scalars = Omit<TaskCounters, keyof Live>;

/** What a task counts in. */
export type MutableCounters = { -readonly [Name in keyof Scalars]: Scalars[Name] } & Live;

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
    batchRecordsMax: 0,
    batchRecords: newHistogram(histogramBounds.records),
    callSeconds: newHistogram(histogramBounds.seconds),
    commitSeconds: newHistogram(histogramBounds.seconds),
    lags: new Map(),
    transforms: [],
  };
}

/** A batch that was polled, or put, and what the call took. */
export function countBatch(counters: MutableCounters, records: number, ms: number): void {
  counters.batches += 1;
  counters.batchRecordsMax = Math.max(counters.batchRecordsMax, records);
  observe(counters.batchRecords, histogramBounds.records, records);
  observe(counters.callSeconds, histogramBounds.seconds, ms / 1_000);
}

export function countCommit(counters: MutableCounters, ms: number): void {
  counters.commits += 1;
  observe(counters.commitSeconds, histogramBounds.seconds, ms / 1_000);
}

interface Reported {
  readonly counters: MutableCounters;
  readonly tell: (counters: TaskCounters) => void;
  readonly onTick: (() => void) | undefined;
  last: TaskCounters;
}

const tellEveryMs = 1_000;
/** Of one task; the largest are told. */
const lagsMax = 200;

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
    const reported: Reported = { counters, tell, onTick, last: counted(counters) };
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
    if (typeof counters[name] !== 'object' && counters[name] !== last[name]) isChanged = true;
  }
  if (!isChanged) return;
  reported.last = counted(counters);
  reported.tell(reported.last);
}

/** As they are now. */
function counted(counters: MutableCounters): TaskCounters {
  const { batchRecords, callSeconds, commitSeconds, lags, transforms } = counters;
  return {
    ...counters,
    batchRecords: copyOf(batchRecords),
    callSeconds: copyOf(callSeconds),
    commitSeconds: copyOf(commitSeconds),
    lags: new Map(
      lags.size <= lagsMax ? lags : [...lags].sort(([, a], [, b]) => b - a).slice(0, lagsMax),
    ),
    transforms: transforms.map((each) => ({ ...each })),
  };
}
