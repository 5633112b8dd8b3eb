/** Workers × connectors: who runs what, with its state and load. What just moved is marked, and a rerun can be asked for beforehand. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { useView } from '../live/use-live.ts';
import { setQuery, usePlace } from '../router.tsx';
import { matrixOf, movesBetween, nothingPlanned, plannedMoves } from '../state/placement.ts';
import { Empty } from '../ui/empty.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { StateMark } from '../ui/state-mark.tsx';
import { MatrixTable } from './matrix-table.tsx';
import { PlanPanel, type ShownPlan } from './plan-panel.tsx';

/** As long as the eye needs to find it. */
const movedMs = 6_000;

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
          {['RUNNING', 'RESTARTING', 'STALLED', 'FAILED', 'UNASSIGNED', 'PAUSED'].map((state) => (
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
