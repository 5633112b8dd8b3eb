/** What each task does now: rates of what it told last, about a second ago. Pure but for the clock. */
import type { RunnableUnit, TaskReport, TransformLoad, UnitId } from '@sluice/coordination';
import type { Clock } from '@sluice/kernel';
import type { TaskCounters } from '@sluice/runtime';

import type { UnitObserver } from '../unit-observer.ts';

/** Tasks tell about this often, if anything changed. */
const toldEveryMs = 1_000;
/** Whoever is silent for so long has nothing to tell: nothing changes. */
const silentMs = 2_500;

interface Told {
  readonly atMs: number;
  readonly counters: TaskCounters;
  readonly rates: Rates;
}

interface Rates {
  readonly in: number;
  readonly out: number;
  readonly bytes: number;
  readonly transforms: readonly TransformLoad[];
}

export class TaskLoads implements UnitObserver {
  readonly #clock: Clock;
  readonly #told = new Map<UnitId, Told>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  record({ unit }: RunnableUnit, counters: TaskCounters): void {
    const atMs = this.#clock.monotonicMs();
    const rates = ratesOf(this.#told.get(unit), counters, atMs);
    this.#told.set(unit, { atMs, counters, rates });
  }

  status(): void {}

  forget(unit: UnitId): void {
    this.#told.delete(unit);
  }

  /** As of now. */
  reports(): Map<UnitId, TaskReport> {
    const nowMs = this.#clock.monotonicMs();
    const reports = new Map<UnitId, TaskReport>();
    for (const [unit, { atMs, counters, rates }] of this.#told) {
      reports.set(unit, reportOf(counters, nowMs - atMs < silentMs ? rates : atRest(rates)));
    }
    return reports;
  }
}

function ratesOf(before: Told | undefined, now: TaskCounters, atMs: number): Rates {
  // What was not told for longer did not change for longer, but for the last second.
  const passedMs = Math.min(before ? atMs - before.atMs : toldEveryMs, 1.5 * toldEveryMs);
  const isLong = passedMs >= 1.5 * toldEveryMs;
  const seconds = Math.max(isLong ? toldEveryMs : passedMs, 100) / 1_000;
  const rate = (name: 'recordsIn' | 'recordsOut' | 'bytes'): number => {
    const grown = now[name] - (before?.counters[name] ?? 0);
    // One that was started anew counts from nothing.
    return rounded((grown >= 0 ? grown : now[name]) / seconds);
  };
  return {
    in: rate('recordsIn'),
    out: rate('recordsOut'),
    bytes: rate('bytes'),
    transforms: now.transforms.map((each) => {
      const earlier = before?.counters.transforms.find(({ name }) => name === each.name);
      const grown = (name: 'recordsIn' | 'recordsOut' | 'seconds'): number => {
        const since = each[name] - (earlier?.[name] ?? 0);
        return (since >= 0 ? since : each[name]) / seconds;
      };
      return {
        name: each.name,
        records_in: rounded(grown('recordsIn')),
        records_out: rounded(grown('recordsOut')),
        busy: Math.round(grown('seconds') * 1_000) / 1_000,
      };
    }),
  };
}

function atRest({ transforms }: Rates): Rates {
  const still = transforms.map(({ name }) => ({ name, records_in: 0, records_out: 0, busy: 0 }));
  return { in: 0, out: 0, bytes: 0, transforms: still };
}

function reportOf(counters: TaskCounters, rates: Rates): TaskReport {
  const { recordsIn, recordsOut, bytes } = counters;
  return {
    load: {
      records_in: rates.in,
      records_out: rates.out,
      bytes: rates.bytes,
      lag_records: counters.kind === 'sink' ? counters.lag : null,
      source_delay_ms: counters.sourceDelayMs,
      errors: counters.errors + counters.recordErrors,
      retries: counters.retries,
      skipped: counters.recordsSkipped,
      dead_letters: counters.deadLetterRequests - counters.deadLetterFailures,
      ...(rates.transforms.length > 0 && { transforms: rates.transforms }),
    },
    totals: { records_in: recordsIn, records_out: recordsOut, bytes },
  };
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10;
}
