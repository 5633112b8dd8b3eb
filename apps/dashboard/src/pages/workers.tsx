/** The members of the cluster: who beats, what each carries, taking work away from one, and giving it none. */
import type { LiveWorker } from '@sluice/rest-api/live';
import { useRef } from 'react';
import { bytes, count, grouped, rate } from '../format/numbers.ts';
import { shortSpan, span } from '../format/times.ts';
import { useServerNow, useView } from '../live/use-live.ts';
import { tasksPath } from '../paths.ts';
import { Link, navigate, setQuery, usePlace } from '../router.tsx';
import { cordonWorker, drainWorker } from '../state/actions.ts';
import { useRefusal } from '../state/session.ts';
import { isAbnormal } from '../state/task-rows.ts';
import {
  beatTone,
  marksOf,
  matchingWorkers,
  parseWorkerFilter,
  type WorkerFilter,
  type WorkerRow,
  workerMarks,
  workerRows,
} from '../state/workers.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';
import { useRowCursor } from '../ui/row-cursor.ts';
import { StateMark } from '../ui/state-mark.tsx';

const columns = 13;

export function Workers() {
  const all = workerRows(useView());
  const { query } = usePlace();
  const filter = parseWorkerFilter(query);
  const rows = matchingWorkers(all, filter);
  const tasksMax = Math.max(1, ...rows.map(({ tasks }) => tasks.length));
  const ref = useRef<HTMLTableSectionElement>(null);
  const cursor = useRowCursor({ ref, count: rows.length }, (index) => {
    const row = rows[index];
    return row ? { Enter: () => navigate(tasksPath({ worker: row.name })) } : {};
  });
  return (
    <Page
      title="Workers"
      note={rows.length === all.length ? String(all.length) : `${rows.length} of ${all.length}`}
    >
      <Filters rows={all} filter={filter} />
      {all.length === 0 ? (
        <Empty title="No workers" command="sluice-worker">
          Connectors wait until one joins the cluster.
        </Empty>
      ) : (
        <table className="table workers">
          <thead>
            <tr>
              <th>State</th>
              <th>Worker</th>
              <th className="minor">
                <span className="hidden">Start queue</span>
              </th>
              <th className="number minor">Slot</th>
              <th className="number">Last beat</th>
              <th>Tasks</th>
              <th className="number minor spare">In /s</th>
              <th className="number minor spare">Out /s</th>
              <th className="number minor">CPU</th>
              <th className="number minor">Memory</th>
              <th className="number minor" title="Delay of each executor's event loop">
                Loops, p99 ms
              </th>
              <th className="number minor spare">Up</th>
              <th className="end">
                <span className="hidden">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody ref={ref}>
            {rows.map((row, index) => (
              <Row key={row.name} row={row} tasksMax={tasksMax} isCurrent={index === cursor} />
            ))}
            {rows.length === 0 && (
              <tr>
                <td colSpan={columns} className="quiet">
                  No worker matches the filter.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      )}
    </Page>
  );
}

function Filters({
  rows,
  filter: { mark, text },
}: {
  readonly rows: readonly WorkerRow[];
  readonly filter: WorkerFilter;
}) {
  const marks = rows.flatMap(marksOf);
  const counted = workerMarks
    .map((each) => ({ each, number: marks.filter((other) => other === each).length }))
    .filter(({ each, number }) => number > 0 || each === mark);
  return (
    <div className="filters" role="search">
      <input
        data-search
        type="search"
        placeholder="Search names, hosts"
        aria-label="Search workers"
        value={text}
        onChange={(event) => setQuery({ q: event.target.value })}
      />
      <div className="chips" role="group" aria-label="States">
        {counted.map(({ each, number }) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={each === mark}
            onClick={() => setQuery({ state: each === mark ? undefined : each }, { asStep: true })}
          >
            {each === 'cordoned' ? each : <StateMark state={each} />}
            <span className="count">{number}</span>
          </button>
        ))}
      </div>
    </div>
  );
}

function Row({
  row,
  tasksMax,
  isCurrent,
}: {
  readonly row: WorkerRow;
  readonly tasksMax: number;
  readonly isCurrent: boolean;
}) {
  const nowMs = useServerNow();
  const { name, state, load, host, pid, tasks, cordoned } = row;
  const isHere = state === 'up' || state === 'draining';
  return (
    <tr data-worker={name} className={isCurrent ? 'current' : undefined}>
      <td>
        <StateMark state={state} />
        {cordoned && <span className="tag">cordoned</span>}
      </td>
      <td className="name" title={`${name}, ${host}, process ${pid}`}>
        <Link to={tasksPath({ worker: name })}>{name}</Link>
        <span className="dim minor"> {host}</span>
      </td>
      <td className="minor">
        {row.board !== null && (
          <a
            href={row.board}
            target="_blank"
            rel="noreferrer"
            title={`Start queue of ${name}`}
            aria-label={`Start queue of ${name}`}
          >
            queue <span aria-hidden="true">↗</span>
          </a>
        )}
      </td>
      <td className="number minor">{row.slot}</td>
      <td className="number">
        <Beat row={row} nowMs={nowMs} />
      </td>
      <td>
        <Link to={tasksPath({ worker: name })} className="tasks-bar">
          <span className="meter spare" aria-hidden="true">
            <TaskShares row={row} tasksMax={tasksMax} />
          </span>
          {grouped(tasks.length)}
          {row.connectors > 0 && (
            <span className="dim minor" title={`and ${count(row.connectors, 'connector')}`}>
              + {row.connectors}
            </span>
          )}
        </Link>
      </td>
      <td className="number minor spare">{load ? rate(row.recordsIn) : ''}</td>
      <td className="number minor spare">{load ? rate(row.recordsOut) : ''}</td>
      <td className="number minor">{load ? `${(load.cpu_cores * 100).toFixed(0)} %` : ''}</td>
      <td className="number minor">{load ? bytes(load.rss_bytes) : ''}</td>
      <td className="minor">
        <Delays load={load} />
      </td>
      <td className="number minor spare dim" title={span(nowMs - row.joined_at_ms)}>
        {shortSpan(nowMs - row.joined_at_ms)}
      </td>
      <td className="end">{isHere && <Actions row={row} />}</td>
    </tr>
  );
}

function Beat({ row, nowMs }: { readonly row: WorkerRow; readonly nowMs: number }) {
  if (row.beat_at_ms === null) return <span className="tone-bad">none</span>;
  const ageMs = Math.max(0, nowMs - row.beat_at_ms);
  const tone = beatTone(ageMs);
  return (
    <span className={tone === 'calm' ? undefined : `tone-${tone === 'late' ? 'warn' : 'bad'}`}>
      {span(ageMs)}
    </span>
  );
}

function TaskShares({ row, tasksMax }: { readonly row: WorkerRow; readonly tasksMax: number }) {
  const bad = row.tasks.filter(({ shown }) => isAbnormal(shown)).length;
  const width = (tasks: number): string => `${(tasks / tasksMax) * 100}%`;
  return (
    <>
      {bad > 0 && <span className="fill-bad" style={{ width: width(bad) }} />}
      <span className="fill-accent" style={{ width: width(row.tasks.length - bad) }} />
    </>
  );
}

/** A loop that is 50 ms late answers slowly; one of 250 ms is held up by what it runs. */
function delayTone(ms: number): string {
  if (ms < 50) return 'idle';
  return ms < 250 ? 'warn' : 'bad';
}

function Delays({ load }: { readonly load: LiveWorker['load'] }) {
  if (!load) return null;
  return (
    <ul className="delays" aria-label="Delay of each executor's event loop, p99 in ms">
      {load.executors.map(
        ({ id, kind, actors, heap_used_bytes: heap, event_loop_delay_ms: ms }) => (
          <li
            key={id}
            className={`tone-${delayTone(ms)}`}
            title={`${kind} executor ${id}: ${actors} actors, heap ${bytes(heap)}`}
          >
            {ms < 10 ? ms.toFixed(1) : ms.toFixed(0)}
          </li>
        ),
      )}
    </ul>
  );
}

function Actions({ row: { name, state, tasks, cordoned } }: { readonly row: WorkerRow }) {
  const refused = useRefusal('operator');
  const op = cordoned ? 'uncordon' : 'cordon';
  return (
    <span className="row">
      <Button kind="quiet" refused={refused} onPress={() => void cordonWorker(name, op)}>
        {cordoned ? 'Uncordon' : 'Cordon'}
      </Button>
      <Button
        kind="quiet"
        refused={refused ?? (state === 'draining' ? 'It is draining already' : undefined)}
        onPress={() => void drainWorker(name, tasks.length)}
      >
        Drain
      </Button>
    </span>
  );
}
