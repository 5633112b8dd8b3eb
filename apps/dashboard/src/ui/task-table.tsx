/** Tasks as rows: for the page of all of them, and for a connector's own. Long ones show what is in sight. */
import type { ReactNode } from 'react';
import { grouped, rate, short } from '../format/numbers.ts';
import { countdown, shortSpan } from '../format/times.ts';
import { useServerNow } from '../live/use-live.ts';
import { openTask, setQuery } from '../router.tsx';
import type { SortKey, TaskRow } from '../state/task-rows.ts';
import { useRowCursor } from './row-cursor.ts';
import { StateMark } from './state-mark.tsx';
import { TaskName } from './task-name.tsx';
import { Spacer, useRowWindow } from './windowed.tsx';

export interface TaskTableProps {
  readonly rows: readonly TaskRow[];
  readonly sort?: SortKey;
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (selected: ReadonlySet<string>) => void;
  readonly empty: string;
}

const columns = 11;

export function TaskTable({ rows, sort, selected, onSelect, empty }: TaskTableProps) {
  const { ref, first, last, before, after } = useRowWindow(rows.length);
  const nowMs = useServerNow();

  const toggle = (id: string): void => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  };
  const cursor = useRowCursor({ ref, count: rows.length }, (index) => {
    const row = rows[index];
    return row ? { x: () => toggle(row.id), Enter: () => open(row) } : {};
  });
  const areAll = rows.length > 0 && rows.every(({ id }) => selected.has(id));
  return (
    <table className="table tasks" aria-rowcount={rows.length}>
      <thead>
        <tr>
          <th className="box">
            <input
              type="checkbox"
              aria-label="Select all that are shown"
              checked={areAll}
              onChange={() => onSelect(areAll ? new Set() : new Set(rows.map(({ id }) => id)))}
            />
          </th>
          <Head name="urgency" sort={sort}>
            State
          </Head>
          <Head name="task" sort={sort}>
            Task
          </Head>
          <Head name="worker" sort={sort} isMinor>
            Worker
          </Head>
          <Head name="attempts" sort={sort} isNumber isMinor>
            Attempt
          </Head>
          <th className="number minor">Retry in</th>
          <Head name="rate" sort={sort} isNumber isMinor>
            In /s
          </Head>
          <th className="number minor spare">Out /s</th>
          <Head name="lag" sort={sort} isNumber isMinor>
            Lag
          </Head>
          <th className="number minor spare">Since</th>
          <th className="why">Why</th>
        </tr>
      </thead>
      <tbody ref={ref}>
        <Spacer height={before} columns={columns} />
        {rows.slice(first, last).map((row, index) => (
          <Row
            key={row.id}
            row={row}
            index={first + index}
            nowMs={nowMs}
            isCurrent={first + index === cursor}
            isSelected={selected.has(row.id)}
            onToggle={() => toggle(row.id)}
          />
        ))}
        <Spacer height={after} columns={columns} />
        {rows.length === 0 && (
          <tr>
            <td colSpan={columns} className="quiet">
              {empty}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

function open({ connector, task }: TaskRow): void {
  openTask(`${connector}/${task}`);
}

function Head({
  name,
  sort,
  isNumber = false,
  isMinor = false,
  children,
}: {
  readonly name: SortKey;
  readonly sort: SortKey | undefined;
  readonly isNumber?: boolean;
  /** Left out where there is no room. */
  readonly isMinor?: boolean;
  readonly children: ReactNode;
}) {
  const className = `${isNumber ? 'number' : ''} ${isMinor ? 'minor' : ''}`;
  // A table of few rows, which is in its own order.
  if (sort === undefined) return <th className={className}>{children}</th>;
  const isCurrent = sort === name;
  const isRising = name === 'task' || name === 'worker' || name === 'urgency';
  return (
    <th
      className={className}
      aria-sort={isCurrent ? (isRising ? 'ascending' : 'descending') : undefined}
    >
      <button
        type="button"
        className="sort"
        onClick={() => setQuery({ sort: name === 'urgency' ? undefined : name }, { asStep: true })}
      >
        {children}
        {isCurrent && <span aria-hidden="true">{isRising ? ' ↑' : ' ↓'}</span>}
      </button>
    </th>
  );
}

function Row({
  row,
  index,
  nowMs,
  isCurrent,
  isSelected,
  onToggle,
}: {
  readonly row: TaskRow;
  readonly index: number;
  readonly nowMs: number;
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
  readonly onToggle: () => void;
}) {
  const { connector, task, worker, load } = row;
  return (
    <tr
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      className={isCurrent ? 'current' : undefined}
      data-task={row.id}
    >
      <td className="box">
        <input
          type="checkbox"
          aria-label={`Select ${connector}/${task}`}
          checked={isSelected}
          onChange={onToggle}
        />
      </td>
      <td>
        <StateMark state={row.shown} />
      </td>
      <td className="name cut" title={`${connector}/${task}`}>
        <button type="button" className="link" onClick={() => open(row)}>
          <TaskName name={`${connector}/${task}`} />
        </button>
      </td>
      <td className="cut minor" title={worker ?? undefined}>
        {worker ?? <span className="dim">none</span>}
      </td>
      <td className="number minor">{attemptOf(row)}</td>
      <td className="number minor">
        {row.next_retry_at_ms === null ? '' : countdown(row.next_retry_at_ms - nowMs)}
      </td>
      <td className="number minor">{load ? rate(load.records_in) : ''}</td>
      <td className="number minor spare">{load ? rate(load.records_out) : ''}</td>
      <td
        className="number minor"
        title={load?.lag_records == null ? undefined : grouped(load.lag_records)}
      >
        {load?.lag_records == null ? '' : short(load.lag_records)}
      </td>
      <td className="number minor spare dim">
        {row.since_ms === null ? '' : shortSpan(nowMs - row.since_ms)}
      </td>
      <td className="why" title={row.error ?? row.reason ?? undefined}>
        {row.error === null ? (
          <span className="dim">{row.reason}</span>
        ) : (
          <span className="tone-bad">{row.error}</span>
        )}
      </td>
    </tr>
  );
}

/** Nothing for a task that runs since its first start. */
function attemptOf({ attempts, attempts_max: max, shown }: TaskRow): string {
  if (attempts === 0 || (attempts === 1 && shown === 'RUNNING')) return '';
  return max === null ? String(attempts) : `${attempts} of ${max}`;
}
