/** The rows of tables of tasks: which, and in which order. Pure. */
import type { LiveUnit, LiveView, TaskState } from '@sluice/rest-api/live';

export interface TaskRow extends LiveUnit {
  /** `task/orders/3` */
  readonly id: string;
  readonly task: number;
  /** What is shown and filtered by: a stalled task is no running one. */
  readonly shown: ShownState;
}

export type ShownState = TaskState | 'STALLED';

/** The abnormal first; what is intended last. */
const urgency: readonly ShownState[] = [
  'FAILED',
  'STALLED',
  'RESTARTING',
  'UNASSIGNED',
  'RUNNING',
  'PAUSED',
  'STOPPED',
];

export const shownStates = urgency;

export function shownState({ state, stalled }: Pick<LiveUnit, 'state' | 'stalled'>): ShownState {
  return stalled && state === 'RUNNING' ? 'STALLED' : state;
}

export function isAbnormal(state: ShownState): boolean {
  return urgency.indexOf(state) < urgency.indexOf('RUNNING');
}

export function urgencyOf(state: ShownState): number {
  return urgency.indexOf(state);
}

export function taskRows(view: Pick<LiveView, 'units'>): TaskRow[] {
  return Object.entries(view.units).flatMap(([id, unit]) =>
    unit.task === null ? [] : [{ ...unit, task: unit.task, id, shown: shownState(unit) }],
  );
}

export interface TaskFilter {
  readonly states: readonly ShownState[];
  readonly connector: string | undefined;
  readonly worker: string | undefined;
  /** In names, reasons and errors. */
  readonly text: string;
}

export function parseFilter(query: URLSearchParams): TaskFilter {
  const wanted = (query.get('state') ?? '').toUpperCase().split(',');
  return {
    states: urgency.filter((state) => wanted.includes(state)),
    connector: query.get('connector') ?? undefined,
    worker: query.get('worker') ?? undefined,
    text: query.get('q') ?? '',
  };
}

/** Those that the filter lets through, but for their state: what the numbers beside the states count. */
export function matchingButState(rows: readonly TaskRow[], filter: TaskFilter): TaskRow[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(
    (row) =>
      (filter.connector === undefined || row.connector === filter.connector) &&
      (filter.worker === undefined || row.worker === filter.worker) &&
      words.every((word) => textOf(row).includes(word)),
  );
}

export function ofStates(rows: readonly TaskRow[], states: readonly ShownState[]): TaskRow[] {
  return states.length === 0 ? [...rows] : rows.filter(({ shown }) => states.includes(shown));
}

function textOf({ connector, task, worker, reason, error }: TaskRow): string {
  return `${connector}/${task} ${worker ?? ''} ${reason ?? ''} ${error ?? ''}`.toLowerCase();
}

export function countByState(rows: readonly TaskRow[]): ReadonlyMap<ShownState, number> {
  const counts = new Map<ShownState, number>();
  for (const { shown } of rows) counts.set(shown, (counts.get(shown) ?? 0) + 1);
  return counts;
}

export const sortKeys = [
  'urgency',
  'task',
  'worker',
  'rate',
  'lag',
  'attempts',
  'letters',
] as const;
export type SortKey = (typeof sortKeys)[number];

/** Stable in what it does not say: by name, so that rows do not jump when rates change. */
export function sortRows(rows: readonly TaskRow[], key: SortKey): TaskRow[] {
  return rows.toSorted((a, b) => compare(a, b, key) || byName(a, b));
}

function compare(a: TaskRow, b: TaskRow, key: SortKey): number {
  switch (key) {
    case 'worker':
      return collate(a.worker ?? '', b.worker ?? '');
    case 'rate':
      return rateOf(b) - rateOf(a);
    case 'lag':
      return (b.load?.lag_records ?? -1) - (a.load?.lag_records ?? -1);
    case 'attempts':
      return b.attempts - a.attempts;
    case 'letters':
      return (b.load?.dead_letters ?? -1) - (a.load?.dead_letters ?? -1);
    case 'task':
      return 0;
    default:
      return urgency.indexOf(a.shown) - urgency.indexOf(b.shown);
  }
}

export function rateOf({ load }: Pick<LiveUnit, 'load'>): number {
  return load ? Math.max(load.records_in, load.records_out) : -1;
}

function byName(a: TaskRow, b: TaskRow): number {
  return collate(a.connector, b.connector) || a.task - b.task;
}

const collator = new Intl.Collator('en', { numeric: true });

export function collate(a: string, b: string): number {
  return collator.compare(a, b);
}
