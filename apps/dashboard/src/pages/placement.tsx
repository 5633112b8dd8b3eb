/** Workers × connectors: who runs what, with its state and load. What just moved is marked, and a rerun can be asked for beforehand. */
import { memo, useEffect, useMemo, useRef, useState } from 'react';
import { count, rate } from '../format/numbers.ts';
import { useView } from '../live/use-live.ts';
import { connectorPath, tasksPath } from '../paths.ts';
import { Link, setQuery, usePlace } from '../router.tsx';
import {
  type Cell,
  cellLooks,
  type Matrix,
  type MatrixRow,
  matrixOf,
  movesBetween,
  nothingPlanned,
  type PlannedMoves,
  plannedMoves,
  shade,
} from '../state/placement.ts';
import type { TaskRow } from '../state/task-rows.ts';
import { Empty } from '../ui/empty.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { useSquareKeys } from '../ui/square-keys.ts';
import { StateMark, toneOf } from '../ui/state-mark.tsx';
import { PlanPanel, type ShownPlan } from './plan-panel.tsx';

/** As long as the eye needs to find it. */
const movedMs = 6_000;
/** Columns with names that lie fit into a page up to that. */
const upright = 10;

export function Placement() {
  const view = useView();
  const { query } = usePlace();
  const moved = useMoved();
  const [shown, setShown] = useState<ShownPlan>();
  const planned = useMemo(() => (shown ? plannedMoves(shown.plan) : nothingPlanned), [shown]);
  const text = (query.get('q') ?? '').toLowerCase();
  const matrix = matrixOf(view);
  const rows = matrix.rows.filter(({ connector }) => connector.toLowerCase().includes(text));
  return (
    <Page title="Placement" note="A square is a task; the shade of its cell is the load">
      <PlanPanel shown={shown} onShow={setShown} />
      <div className="filters" role="search">
        <input
          data-search
          type="search"
          placeholder="Search connectors"
          aria-label="Search connectors"
          value={query.get('q') ?? ''}
          onChange={(event) => setQuery({ q: event.target.value })}
        />
        <ul className="legend states">
          {['RUNNING', 'RESTARTING', 'FAILED', 'UNASSIGNED', 'PAUSED'].map((state) => (
            <li key={state}>
              <StateMark state={state} />
            </li>
          ))}
          <li>
            <span className="task-square moved" aria-hidden="true" /> just moved
          </li>
          {shown && (
            <>
              <li>
                <span className="task-square tone-ok leaving" aria-hidden="true" /> would leave
              </li>
              <li>
                <span className="task-square coming" aria-hidden="true" /> would come
              </li>
            </>
          )}
        </ul>
      </div>
      {matrix.rows.length === 0 ? (
        <Empty title="Nothing is placed" command="sluice get tasks" />
      ) : (
        <Panel className="matrix-panel">
          <MatrixTable matrix={matrix} rows={rows} moved={moved} planned={planned} />
        </Panel>
      )}
    </Page>
  );
}

function MatrixTable({
  matrix,
  rows,
  moved,
  planned,
}: {
  readonly matrix: Matrix;
  readonly rows: readonly MatrixRow[];
  readonly moved: ReadonlySet<string>;
  readonly planned: PlannedMoves;
}) {
  const { workers } = useView();
  const columns = [...matrix.workers, ...planned.added];
  const { ref, onKeyDown, onFocus } = useSquareKeys();
  return (
    <table
      ref={ref}
      className={columns.length > upright ? 'matrix narrow' : 'matrix'}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
    >
      <thead>
        <tr>
          <th>Connector</th>
          {matrix.workers.map((name) => (
            <th key={name ?? ''} scope="col">
              {name === null ? (
                <StateMark state="UNASSIGNED" label="no worker" />
              ) : (
                <Link to={tasksPath({ worker: name })}>
                  <StateMark state={workers[name]?.state ?? 'dead'} label={name} />
                </Link>
              )}
            </th>
          ))}
          {planned.added.map((name) => (
            <th key={name} scope="col">
              <StateMark state="UNASSIGNED" label={name} />
            </th>
          ))}
          <th className="number">Tasks</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <ConnectorCells
            key={row.connector}
            row={row}
            workers={columns}
            loadMax={matrix.loadMax}
            moved={moved}
            planned={planned}
            looks={looksOf(row, { workers: columns, loadMax: matrix.loadMax }, moved)}
          />
        ))}
      </tbody>
    </table>
  );
}

interface ConnectorCellsProps {
  readonly row: MatrixRow;
  readonly workers: Matrix['workers'];
  readonly loadMax: number;
  readonly moved: ReadonlySet<string>;
  readonly planned: PlannedMoves;
  /** All that is seen of it but a plan, as text: rendered anew only when that is another. */
  readonly looks: string;
}

const ConnectorCells = memo(
  ({ row, workers, loadMax, moved, planned }: ConnectorCellsProps) => (
    <tr data-connector={row.connector}>
      <th scope="row" className="cut" title={row.connector}>
        <Link to={connectorPath(row.connector)}>{row.connector}</Link>
      </th>
      {workers.map((worker) => (
        <MatrixCell
          key={worker ?? ''}
          worker={worker}
          cell={row.cells.get(worker)}
          loadMax={loadMax}
          moved={moved}
          leaving={planned.leaving}
          coming={planned.coming.get(row.connector)?.get(worker ?? '') ?? nobody}
        />
      ))}
      <td className="number">{row.tasks}</td>
    </tr>
  ),
  (before, after) => before.looks === after.looks && before.planned === after.planned,
);

const nobody: readonly string[] = [];

function looksOf(
  row: MatrixRow,
  { workers, loadMax }: Pick<Matrix, 'workers' | 'loadMax'>,
  moved: ReadonlySet<string>,
): string {
  return workers
    .map((worker) => {
      const cell = row.cells.get(worker);
      if (!cell) return worker;
      const load = `${shade(cell.load, loadMax)} ${rate(cell.load)}`;
      return `${worker ?? ''}:${load}:${cellLooks(cell, moved)}`;
    })
    .join(';');
}

function MatrixCell({
  worker,
  cell,
  loadMax,
  moved,
  leaving,
  coming,
}: {
  readonly worker: string | null;
  readonly cell: Cell | undefined;
  readonly loadMax: number;
  readonly moved: ReadonlySet<string>;
  readonly leaving: ReadonlySet<string>;
  /** Names of tasks. */
  readonly coming: readonly string[];
}) {
  if (!cell && coming.length === 0) return <td data-worker={worker ?? ''} />;
  const { tasks = [], load = 0 } = cell ?? {};
  return (
    <td
      data-worker={worker ?? ''}
      className={`shade-${shade(load, loadMax)}`}
      title={`${count(tasks.length, 'task')}, ${rate(load)} records/s`}
    >
      <Squares
        tasks={tasks}
        looks={cellLooks({ tasks }, moved)}
        moved={moved}
        leaving={leaving}
        coming={coming}
      />
    </td>
  );
}

interface SquaresProps {
  readonly tasks: readonly TaskRow[];
  /** All that is seen of the tasks but a plan: rates change each second, and squares seldom. */
  readonly looks: string;
  readonly moved: ReadonlySet<string>;
  readonly leaving: ReadonlySet<string>;
  readonly coming: readonly string[];
}

const Squares = memo(
  ({ tasks, moved, leaving, coming }: SquaresProps) => (
    <span className="squares">
      {tasks.map((task) => (
        <TaskSquare
          key={task.id}
          task={task}
          marks={`${moved.has(task.id) ? 'moved' : ''} ${leaving.has(task.id) ? 'leaving' : ''}`}
        />
      ))}
      {coming.map((name) => (
        <span
          key={name}
          className="task-square coming"
          role="img"
          aria-label={`${name} would come`}
          title={`${name} would come`}
        />
      ))}
    </span>
  ),
  (before, after) =>
    before.looks === after.looks &&
    before.leaving === after.leaving &&
    before.coming === after.coming,
);

function TaskSquare({ task: row, marks }: { readonly task: TaskRow; readonly marks: string }) {
  const { connector, task, shown, reason, error } = row;
  const name = `${connector}/${task}`;
  return (
    <button
      type="button"
      className={`task-square tone-${toneOf(shown)} ${marks}`}
      tabIndex={-1}
      data-state={shown}
      data-task={row.id}
      aria-label={`${name}, ${shown.toLowerCase()}`}
      title={`${name}: ${shown.toLowerCase()}\n${error ?? reason ?? ''}`}
      onClick={() => setQuery({ task: name })}
    />
  );
}

/** Ids of the units whose worker changed a moment ago. */
function useMoved(): ReadonlySet<string> {
  const { units } = useView();
  const before = useRef(units);
  const [moved, setMoved] = useState<ReadonlyMap<string, number>>(new Map());
  useEffect(() => {
    const moves = movesBetween(before.current, units);
    before.current = units;
    if (moves.length === 0) return;
    const untilMs = Date.now() + movedMs;
    setMoved((known) => new Map([...known, ...moves.map(({ unit }) => [unit, untilMs] as const)]));
  }, [units]);
  useEffect(() => {
    if (moved.size === 0) return undefined;
    const timer = window.setTimeout(() => {
      const nowMs = Date.now();
      setMoved((known) => new Map([...known].filter(([, untilMs]) => untilMs > nowMs)));
    }, movedMs / 2);
    return () => window.clearTimeout(timer);
  }, [moved]);
  return new Set(moved.keys());
}
