/** Workers as one row each: the lost first, then by slot. Pure. */
import type { LiveView, LiveWorker } from '@sluice/rest-api/live';
import { collate, type TaskRow, taskRows } from './task-rows.ts';

export interface WorkerRow extends LiveWorker {
  readonly name: string;
  readonly tasks: readonly TaskRow[];
  readonly connectors: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  /** The worst of its executors, ms; null: it has not told. */
  readonly delayMs: number | null;
}

const order: readonly LiveWorker['state'][] = ['lost', 'dead', 'draining', 'up'];

export function workerRows(view: LiveView): WorkerRow[] {
  const tasksOf = Map.groupBy(taskRows(view), ({ worker }) => worker);
  const connectorsOf = new Map<string, number>();
  for (const { task, worker } of Object.values(view.units)) {
    if (task === null && worker !== null) {
      connectorsOf.set(worker, (connectorsOf.get(worker) ?? 0) + 1);
    }
  }
  return Object.entries(view.workers)
    .map(([name, worker]) => {
      const tasks = tasksOf.get(name) ?? [];
      return {
        ...worker,
        name,
        tasks,
        connectors: connectorsOf.get(name) ?? 0,
        recordsIn: tasks.reduce((total, { load }) => total + (load?.records_in ?? 0), 0),
        recordsOut: tasks.reduce((total, { load }) => total + (load?.records_out ?? 0), 0),
        delayMs: worstDelay(worker),
      };
    })
    .toSorted(
      (a, b) =>
        order.indexOf(a.state) - order.indexOf(b.state) ||
        a.slot - b.slot ||
        collate(a.name, b.name),
    );
}

function worstDelay({ load }: LiveWorker): number | null {
  if (!load || load.executors.length === 0) return null;
  return Math.max(...load.executors.map(({ event_loop_delay_ms: delay }) => delay));
}

/** Half a second is a beat: older ones are worth a look, those of a lease ago are lost. */
export function beatTone(ageMs: number): 'calm' | 'late' | 'gone' {
  if (ageMs < 1_700) return 'calm';
  return ageMs < 4_000 ? 'late' : 'gone';
}

export const workerMarks = ['up', 'draining', 'lost', 'cordoned'] as const;
export type WorkerMark = (typeof workerMarks)[number];

/** What a worker is counted as: also as cordoned, whatever else it is. */
export function marksOf({ state, cordoned }: Pick<LiveWorker, 'state' | 'cordoned'>): WorkerMark[] {
  const own = state === 'up' || state === 'draining' ? state : 'lost';
  return cordoned ? [own, 'cordoned'] : [own];
}

export interface WorkerFilter {
  /** undefined: all. */
  readonly mark: WorkerMark | undefined;
  readonly text: string;
}

export function parseWorkerFilter(query: URLSearchParams): WorkerFilter {
  const mark = workerMarks.find((each) => each === query.get('state'));
  return { mark, text: query.get('q') ?? '' };
}

export function matchingWorkers(
  rows: readonly WorkerRow[],
  { mark, text }: WorkerFilter,
): readonly WorkerRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    const said = `${row.name} ${row.host} ${row.pid}`.toLowerCase();
    const isMeant = mark === undefined || marksOf(row).includes(mark);
    return isMeant && words.every((word) => said.includes(word));
  });
}
