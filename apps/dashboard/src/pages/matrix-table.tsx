/** The table of the matrix: only the rows in sight are in the page, and only what looks otherwise is rendered anew. */
import { type CSSProperties, memo } from 'react';
import { count, rate } from '../format/numbers.ts';
import { useView } from '../live/use-live.ts';
import { connectorPath, tasksPath } from '../paths.ts';
import { Link, openTask } from '../router.tsx';
import {
  type Cell,
  cellLooks,
  type Matrix,
  type MatrixRow,
  type PlannedMoves,
  shade,
  sizeOf,
  upright,
} from '../state/placement.ts';
import type { TaskRow } from '../state/task-rows.ts';
import { useSquareKeys } from '../ui/square-keys.ts';
import { StateMark, toneOf } from '../ui/state-mark.tsx';
import { Spacer, useRowsAmong } from '../ui/windowed.tsx';

export function MatrixTable({
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
  const isNarrow = columns.length > upright;
  const { perLine, heights } = sizeOf(rows, columns.length, planned);
  const inSight = useRowsAmong(heights);
  const longest = Math.max(0, ...rows.map(({ connector }) => connector.length));
  return (
    <table
      ref={ref}
      className={isNarrow ? 'matrix narrow' : 'matrix'}
      aria-rowcount={rows.length}
      style={sizes({ '--per-line': perLine, '--name': `${longest}ch` })}
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
      <tbody ref={inSight.ref}>
        <Spacer height={inSight.before} columns={columns.length + 2} />
        {rows.slice(inSight.first, inSight.last).map((row, index) => (
          <ConnectorCells
            key={row.connector}
            row={row}
            number={inSight.first + index + 1}
            workers={columns}
            loadMax={matrix.loadMax}
            moved={moved}
            planned={planned}
            looks={looksOf(row, { workers: columns, loadMax: matrix.loadMax }, moved)}
          />
        ))}
        <Spacer height={inSight.after} columns={columns.length + 2} />
      </tbody>
    </table>
  );
}

/** Columns are of one width, whichever rows are in the page. */
function sizes(properties: Readonly<Record<`--${string}`, string | number>>): CSSProperties {
  return properties;
}

interface ConnectorCellsProps {
  readonly row: MatrixRow;
  /** Of all rows. */
  readonly number: number;
  readonly workers: Matrix['workers'];
  readonly loadMax: number;
  readonly moved: ReadonlySet<string>;
  readonly planned: PlannedMoves;
  /** All that is seen of it but a plan, as text: rendered anew only when that is another. */
  readonly looks: string;
}

const ConnectorCells = memo(
  ({ row, number, workers, loadMax, moved, planned }: ConnectorCellsProps) => (
    <tr data-connector={row.connector} aria-rowindex={number}>
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
  (before, after) =>
    before.looks === after.looks &&
    before.planned === after.planned &&
    before.number === after.number,
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
      onClick={() => openTask(name)}
    />
  );
}
