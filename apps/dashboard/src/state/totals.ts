/** The cluster in a few numbers. Pure. */
import type { LiveView, TaskState } from '@sluice/rest-api/live';

export interface Totals {
  readonly byState: Readonly<Record<TaskState, number>>;
  readonly tasks: number;
  /** Of those RUNNING. */
  readonly stalled: number;
  readonly connectorsFailed: number;
  readonly workers: {
    readonly up: number;
    readonly draining: number;
    readonly lost: number;
    /** Of those up. */
    readonly cordoned: number;
  };
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytes: number;
  /** null: no task knows its lag. */
  readonly lag: number | null;
  readonly deadLetters: number;
}

export function totals(view: LiveView): Totals {
  const byState = { RUNNING: 0, PAUSED: 0, FAILED: 0, RESTARTING: 0, UNASSIGNED: 0, STOPPED: 0 };
  const sums = { tasks: 0, stalled: 0, connectorsFailed: 0 };
  const flow = { recordsIn: 0, recordsOut: 0, bytes: 0, deadLetters: 0 };
  let lag: number | null = null;
  for (const unit of Object.values(view.units)) {
    if (unit.task === null) {
      if (unit.state === 'FAILED') sums.connectorsFailed += 1;
      continue;
    }
    sums.tasks += 1;
    byState[unit.state] += 1;
    if (unit.stalled && unit.state === 'RUNNING') sums.stalled += 1;
    if (!unit.load) continue;
    flow.recordsIn += unit.load.records_in;
    flow.recordsOut += unit.load.records_out;
    flow.bytes += unit.load.bytes;
    flow.deadLetters += unit.load.dead_letters;
    if (unit.load.lag_records !== null) lag = (lag ?? 0) + unit.load.lag_records;
  }
  const workers = { up: 0, draining: 0, lost: 0, cordoned: 0 };
  for (const { state, cordoned } of Object.values(view.workers)) {
    workers[state === 'up' || state === 'draining' ? state : 'lost'] += 1;
    if (state === 'up' && cordoned) workers.cordoned += 1;
  }
  return { byState, ...sums, workers, ...flow, lag };
}
