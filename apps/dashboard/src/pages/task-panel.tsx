/** One task, beside whatever page is shown: why it is where it is, its error, its timeline. Opened by `?task=`. */
import type { UnitInfo } from '@sluice/rest-api/shapes';
import { type RefObject, useEffect, useRef } from 'react';
import { call, connectorUrl } from '../api/client.ts';
import { useEvents } from '../api/use-events.ts';
import { useQuery } from '../api/use-query.ts';
import { bytes, grouped, rate } from '../format/numbers.ts';
import { countdown, span, wholeTime } from '../format/times.ts';
import { useServerNow, useView } from '../live/use-live.ts';
import { connectorPath, tasksPath } from '../paths.ts';
import { Link, setQuery, usePlace } from '../router.tsx';
import { perform } from '../state/actions.ts';
import { lanesOf, windowFor } from '../state/lanes.ts';
import { useRefusal } from '../state/session.ts';
import { type TaskRow, taskRows } from '../state/task-rows.ts';
import { Button, CopyButton } from '../ui/button.tsx';
import { AsBefore, Failed } from '../ui/empty.tsx';
import { useKeys } from '../ui/keys.ts';
import { Lanes } from '../ui/lanes.tsx';
import { StateMark } from '../ui/state-mark.tsx';
import { Steps } from '../ui/timeline.tsx';

export function TaskPanel() {
  const { query } = usePlace();
  const wanted = query.get('task');
  if (wanted === null) return null;
  return <Shown key={wanted} name={wanted} />;
}

function close(): void {
  setQuery({ task: undefined });
}

function Shown({ name }: { readonly name: string }) {
  const view = useView();
  const panel = usePanelFocus();
  useKeys({ Escape: close });
  const row = taskRows({ units: view.units }).find(({ id }) => id === `task/${name}`);
  return (
    <aside ref={panel} className="side-panel" aria-label={`Task ${name}`} tabIndex={-1}>
      <header>
        <h2>{name}</h2>
        {row && <StateMark state={row.shown} />}
        <Button kind="quiet" label="Close" onPress={close}>
          ×
        </Button>
      </header>
      {row ? <Details row={row} name={name} /> : <p className="quiet">There is no such task.</p>}
    </aside>
  );
}

/** Who goes by keyboard is in the panel once it opens, and back where they were once it is closed. */
function usePanelFocus(): RefObject<HTMLElement | null> {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return panel;
}

function Details({ row, name }: { readonly row: TaskRow; readonly name: string }) {
  const refused = useRefusal('operator');
  const { connector, task } = row;
  const restart = async (): Promise<void> => {
    await perform(
      `Restart ${name}`,
      async () => await call('POST', connectorUrl(connector, `/tasks/${task}/restart`)),
      `Restarted ${name}`,
    );
  };
  return (
    <>
      <div className="row">
        <Button refused={refused} onPress={() => void restart()}>
          Restart
        </Button>
        <Link to={connectorPath(connector)}>Connector {connector}</Link>
        <Link to={`${connectorPath(connector, 'logs')}?of=${task}`}>Its log lines</Link>
      </div>
      <Facts row={row} />
      <Load row={row} />
      <Trace row={row} />
      <h3>Timeline</h3>
      <TaskSteps row={row} />
    </>
  );
}

function Facts({ row }: { readonly row: TaskRow }) {
  const nowMs = useServerNow();
  const { workers } = useView();
  const board = row.worker === null ? null : (workers[row.worker]?.board ?? null);
  return (
    <dl className="facts">
      <div>
        <dt>Why here</dt>
        <dd>{row.reason ?? 'nothing is told'}</dd>
      </div>
      <div>
        <dt>Worker</dt>
        <dd>
          {row.worker === null ? (
            'none'
          ) : (
            <Link to={tasksPath({ worker: row.worker })}>{row.worker}</Link>
          )}
          {row.executor !== null && <span className="dim"> · executor {row.executor}</span>}
          {board !== null && (
            <>
              {' · '}
              <a href={board} target="_blank" rel="noreferrer">
                start queue ↗
              </a>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt>Fence</dt>
        <dd className="mono">{row.fence}</dd>
      </div>
      {row.since_ms !== null && (
        <div>
          <dt>Since</dt>
          <dd title={wholeTime(row.since_ms)}>{span(nowMs - row.since_ms)}</dd>
        </div>
      )}
      {row.attempts > 0 && (
        <div>
          <dt>Attempt</dt>
          <dd>
            {row.attempts}
            {row.attempts_max === null ? ', no limit' : ` of ${row.attempts_max}`}
            {row.next_retry_at_ms !== null &&
              `, next in ${countdown(row.next_retry_at_ms - nowMs)}`}
          </dd>
        </div>
      )}
    </dl>
  );
}

function Load({ row: { load } }: { readonly row: TaskRow }) {
  if (!load) return null;
  return (
    <dl className="numbers">
      <Number label="In" value={`${rate(load.records_in)} /s`} />
      <Number label="Out" value={`${rate(load.records_out)} /s`} />
      <Number label="Bytes" value={`${bytes(load.bytes)}/s`} />
      {load.lag_records !== null && <Number label="Lag" value={grouped(load.lag_records)} />}
      {load.source_delay_ms !== null && (
        <Number label="Source delay" value={span(load.source_delay_ms)} />
      )}
      <Number label="Errors" value={grouped(load.errors)} />
      <Number label="Retries" value={grouped(load.retries)} />
      <Number label="Skipped" value={grouped(load.skipped)} />
      <Number label="Dead letters" value={grouped(load.dead_letters)} />
    </dl>
  );
}

function Number({ label, value }: { readonly label: string; readonly value: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The stream has its first line; the whole is asked for. */
function Trace({ row }: { readonly row: TaskRow }) {
  const path =
    row.error === null ? undefined : `/sluice/tasks?connector=${encodeURIComponent(row.connector)}`;
  const { data } = useQuery<readonly UnitInfo[]>(path);
  if (row.error === null) return null;
  const trace = data?.find(({ id }) => id === row.id)?.trace ?? row.error;
  return (
    <>
      <h3>
        Error <CopyButton text={trace} what="the trace" />
      </h3>
      <pre className="trace" tabIndex={0}>
        {trace}
      </pre>
    </>
  );
}

function TaskSteps({ row }: { readonly row: TaskRow }) {
  const nowMs = useServerNow();
  const { data, error } = useEvents(`unit=${encodeURIComponent(row.id)}`, {
    limit: 100,
    units: [row],
  });
  if (!data) return error ? <Failed what="its timeline" why={error.message} /> : null;
  const [lane] = lanesOf(data, { [row.id]: row }, nowMs);
  return (
    <>
      <AsBefore error={error} />
      {lane && <Lanes lanes={[lane]} fromMs={nowMs - windowFor(lane, nowMs)} toMs={nowMs} />}
      <Steps events={data} />
    </>
  );
}
