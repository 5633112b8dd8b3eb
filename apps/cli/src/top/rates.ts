/** What tasks do, as their workers told last, and sums of it. Pure. */
import type {
  ClusterSnapshot,
  LoadReport,
  TaskReport,
  UnitId,
  WorkerLoad,
} from '@sluice/coordination';

/** A second; undefined: not known. */
export interface TaskRates {
  readonly recordsIn: number | undefined;
  readonly recordsOut: number | undefined;
  readonly bytes: number | undefined;
  readonly errors: number;
  readonly lag: number | undefined;
}

export interface Loads {
  readonly rates: ReadonlyMap<UnitId, TaskRates>;
  readonly workers: ReadonlyMap<string, WorkerLoad>;
  /** Workers that should have told something lately, and did not. */
  readonly silent: ReadonlySet<string>;
}

export function loadsOf(
  { workers }: ClusterSnapshot,
  reports: ReadonlyMap<string, LoadReport>,
): Loads {
  const rates = new Map<UnitId, TaskRates>();
  const told = new Map<string, WorkerLoad>();
  const silent = new Set<string>();
  for (const { member, state, units } of workers) {
    if (state !== 'up' && state !== 'draining') continue;
    const report = reports.get(member.worker);
    if (!report) {
      silent.add(member.worker);
      continue;
    }
    told.set(member.worker, report.worker);
    // What it ran before may still be told by it.
    for (const unit of units) {
      const task = report.tasks.get(unit);
      if (task) rates.set(unit, ratesOf(task));
    }
  }
  return { rates, workers: told, silent };
}

function ratesOf({ load }: TaskReport): TaskRates {
  return {
    recordsIn: load.records_in,
    recordsOut: load.records_out,
    bytes: load.bytes,
    errors: load.errors,
    lag: load.lag_records ?? undefined,
  };
}

/** What is not known of one is left out of the sum; of all, the sum is not known. */
export function sumRates(all: readonly TaskRates[]): TaskRates {
  const sum = (field: keyof TaskRates): number | undefined => {
    const known = all.flatMap((each) => each[field] ?? []);
    return known.length === 0 ? undefined : known.reduce((total, each) => total + each, 0);
  };
  return {
    recordsIn: sum('recordsIn'),
    recordsOut: sum('recordsOut'),
    bytes: sum('bytes'),
    errors: sum('errors') ?? 0,
    lag: sum('lag'),
  };
}
