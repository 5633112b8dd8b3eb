/** The matrix: which worker runs which tasks of which connector. Pure. */
import type { LiveView } from '@sluice/rest-api/live';
import type { PlanAnswer } from '@sluice/rest-api/shapes';
import { collate, isAbnormal, rateOf, type TaskRow, taskRows } from './task-rows.ts';
import { workerRows } from './workers.ts';

export interface Matrix {
  /** Columns, by slot; null: tasks that no worker has. It is there only while there are such. */
  readonly workers: readonly (string | null)[];
  readonly rows: readonly MatrixRow[];
  /** The greatest load of a cell, to which the others are compared. */
  readonly loadMax: number;
}

export interface MatrixRow {
  readonly connector: string;
  readonly tasks: number;
  readonly hasAbnormal: boolean;
  readonly cells: ReadonlyMap<string | null, Cell>;
}

export interface Cell {
  readonly tasks: readonly TaskRow[];
  /** Records a second. */
  readonly load: number;
}

export function matrixOf(view: LiveView): Matrix {
  const byConnector = Map.groupBy(taskRows(view), ({ connector }) => connector);
  const rows = [...byConnector]
    .map(([connector, tasks]) => matrixRow(connector, tasks))
    .toSorted(
      (a, b) => Number(b.hasAbnormal) - Number(a.hasAbnormal) || collate(a.connector, b.connector),
    );
  const names = workerRows(view)
    .toSorted((a, b) => a.slot - b.slot || collate(a.name, b.name))
    .map(({ name }) => name);
  const known = new Set<string | null>(names);
  const others = new Set(
    rows.flatMap(({ cells }) => [...cells.keys()].filter((worker) => !known.has(worker))),
  );
  const loads = rows.flatMap(({ cells }) => [...cells.values()].map(({ load }) => load));
  return { workers: [...names, ...others], rows, loadMax: Math.max(0, ...loads) };
}

function matrixRow(connector: string, tasks: readonly TaskRow[]): MatrixRow {
  const cells = new Map<string | null, Cell>();
  for (const [worker, some] of Map.groupBy(tasks, (task) => task.worker)) {
    const load = some.reduce((total, task) => total + Math.max(0, rateOf(task)), 0);
    cells.set(worker, { tasks: some.toSorted((a, b) => a.task - b.task), load });
  }
  return {
    connector,
    tasks: tasks.length,
    hasAbnormal: tasks.some(({ shown }) => isAbnormal(shown)),
    cells,
  };
}

/** All that is seen of the tasks of a cell, their titles too, as text: it looks the same as long as that is the same. */
export function cellLooks({ tasks }: Pick<Cell, 'tasks'>, moved: ReadonlySet<string>): string {
  return tasks
    .map(({ id, shown, reason, error }) => {
      const mark = moved.has(id) ? '!' : '';
      return `${id}=${shown}${mark} ${error ?? reason ?? ''}`;
    })
    .join(',');
}

/** In a cell side by side, so that twenty columns fit into a page; as many stand so in the fullest, at most. */
function perLineMax(columns: number): number {
  if (columns <= upright) return 8;
  return columns <= 15 ? 3 : 2;
}

/** Columns with names that lie fit into a page up to that. */
export const upright = 10;

/** px, as in the style sheet: of a square with the gap behind it, of a row, and of what is around the squares in one. */
const squareSize = 13;
const rowHeightMin = 30;
const aroundSquares = 5;

export interface MatrixSize {
  /** Of squares in each line of a cell: columns are as wide, whichever rows are in sight. */
  readonly perLine: number;
  /** Of each row, px. */
  readonly heights: readonly number[];
}

export function sizeOf(
  rows: readonly Pick<MatrixRow, 'connector' | 'cells'>[],
  columns: number,
  { coming }: Pick<PlannedMoves, 'coming'>,
): MatrixSize {
  const fullest = rows.map(({ connector, cells }) => {
    const planned = coming.get(connector);
    const workers = [...new Set([...cells.keys(), ...(planned?.keys() ?? [])])];
    const squares = workers.map(
      (worker) =>
        (cells.get(worker)?.tasks.length ?? 0) + (planned?.get(worker ?? '')?.length ?? 0),
    );
    return Math.max(0, ...squares);
  });
  const perLine = Math.min(perLineMax(columns), Math.max(1, ...fullest));
  const heights = fullest.map((squares) =>
    Math.max(rowHeightMin, Math.ceil(squares / perLine) * squareSize + aroundSquares),
  );
  return { perLine, heights };
}

/** Shade of a cell from 0 to 4: by magnitude, since rates differ by thousands. */
export function shade(load: number, loadMax: number): number {
  if (load <= 0 || loadMax <= 0) return 0;
  return Math.max(1, Math.ceil((Math.log1p(load) / Math.log1p(loadMax)) * 4));
}

export interface Move {
  readonly unit: string;
  readonly from: string | null;
  readonly to: string | null;
}

/** What moved between two looks. */
export function movesBetween(before: LiveView['units'], after: LiveView['units']): Move[] {
  return Object.entries(after).flatMap(([unit, { worker }]) => {
    const from = before[unit]?.worker ?? null;
    return from === worker ? [] : [{ unit, from, to: worker }];
  });
}

/** What a plan would do, as the matrix shows it. */
export interface PlannedMoves {
  /** Workers that there would be, and are not. */
  readonly added: readonly string[];
  /** Ids of tasks that would leave their cell. */
  readonly leaving: ReadonlySet<string>;
  /** `orders/3`, by connector and worker that they would come to. */
  readonly coming: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
}

export const nothingPlanned: PlannedMoves = {
  added: [],
  leaving: new Set(),
  coming: new Map(),
};

/** Of tasks only: a connector's own unit has no square. */
export function plannedMoves({ moves, added }: Pick<PlanAnswer, 'moves' | 'added'>): PlannedMoves {
  const leaving = new Set<string>();
  const coming = new Map<string, Map<string, string[]>>();
  for (const { unit, from, to } of moves) {
    const [, name, connector] = /^task\/((.+)\/\d+)$/.exec(unit) ?? [];
    if (name === undefined || connector === undefined) continue;
    if (from !== null) leaving.add(unit);
    if (to === null) continue;
    const workers = coming.get(connector) ?? new Map<string, string[]>();
    coming.set(connector, workers.set(to, [...(workers.get(to) ?? []), name]));
  }
  return { added, leaving, coming };
}
