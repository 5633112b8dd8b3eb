/**
 * What workers do, told about once a second, for people to look at. Nothing is decided by it: a report may be lost, and
 * what is older than some seconds is gone. The fields are named as dashboards get them, in JSON.
 */
import type { UnitId } from './model.ts';

export interface ExecutorLoad {
  readonly id: string;
  readonly kind: 'shared' | 'dedicated';
  readonly actors: number;
  readonly heap_used_bytes: number;
  /** p99 of the delay of its event loop over the last second. */
  readonly event_loop_delay_ms: number;
}

/** Of the last second. */
export interface WorkerLoad {
  /** When it was told: by the worker's clock as it tells it, by the reader's when it was read. */
  readonly at_ms: number;
  /** Of all its processes; 1: one core. */
  readonly cpu_cores: number;
  readonly rss_bytes: number;
  readonly executors: readonly ExecutorLoad[];
}

export interface TaskLoad {
  /** Per second, over the last second that was told. */
  readonly records_in: number;
  readonly records_out: number;
  readonly bytes: number;
  /** Sink: records not read yet. Source: null. */
  readonly lag_records: number | null;
  /** Source: how old the newest record was when it was polled; null where its records have no time. */
  readonly source_delay_ms: number | null;
  /** Since the task started: records given up, and calls of the connector that failed. */
  readonly errors: number;
  readonly retries: number;
  readonly skipped: number;
  readonly dead_letters: number;
  /** In the order of the chain, at most 20; absent: it has none. */
  readonly transforms?: readonly TransformLoad[];
}

/** Over the last second that was told. */
export interface TransformLoad {
  /** As the definition names it. */
  readonly name: string;
  /** Per second: records that came to it, those that its predicate leaves out among them, and that went on. */
  readonly records_in: number;
  readonly records_out: number;
  /** Part of the time that records were in it, waits between attempts included. */
  readonly busy: number;
}

/** Since the task started; a restart begins at 0 again. */
export interface TaskTotals {
  readonly records_in: number;
  readonly records_out: number;
  readonly bytes: number;
}

export interface TaskReport {
  readonly load: TaskLoad;
  readonly totals: TaskTotals;
}

export interface LoadReport {
  readonly worker: WorkerLoad;
  readonly tasks: ReadonlyMap<UnitId, TaskReport>;
  /** Tasks beyond the most that a report tells. */
  readonly tasks_left_out: number;
}

export interface LoadReports {
  tell(worker: string, report: LoadReport): Promise<void>;
  /** Workers that have not told lately, or tell what nobody can read, are absent. */
  readAll(workers: readonly string[]): Promise<ReadonlyMap<string, LoadReport>>;
}

export const loadLimits = {
  /** Of a report. */
  tasks: 5_000,
  /** Of a task. */
  transforms: 20,
  keptMs: 10_000,
  everyMs: 1_000,
} as const;
