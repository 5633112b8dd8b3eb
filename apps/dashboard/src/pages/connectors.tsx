/** All connectors, what is wrong first. */
import { rate, short } from '../format/numbers.ts';
import { useView } from '../live/use-live.ts';
import { connectorPath, tasksPath } from '../paths.ts';
import { Link, navigate, setQuery, usePlace } from '../router.tsx';
import { type ConnectorRow, connectorRows, shortClass } from '../state/connectors.ts';
import { useRefusal } from '../state/session.ts';
import { countByState, shownStates } from '../state/task-rows.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';
import { useRowCursor } from '../ui/row-cursor.ts';
import { StateMark, stateWord } from '../ui/state-mark.tsx';
import { Spacer, useRowWindow } from '../ui/windowed.tsx';

const columns = 8;

export function Connectors() {
  const all = connectorRows(useView());
  const { query } = usePlace();
  const refused = useRefusal('admin');
  const text = query.get('q') ?? '';
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const rows = all.filter(({ name, class: className, type, health }) =>
    words.every((word) => `${name} ${className} ${type} ${health}`.toLowerCase().includes(word)),
  );
  const { ref, first, last, before, after } = useRowWindow(rows.length);
  const cursor = useRowCursor({ ref, count: rows.length }, (index) => {
    const row = rows[index];
    return row ? { Enter: () => navigate(connectorPath(row.name)) } : {};
  });
  return (
    <Page
      title="Connectors"
      note={rows.length === all.length ? String(all.length) : `${rows.length} of ${all.length}`}
      actions={
        <Button kind="primary" refused={refused} onPress={() => navigate('/create')}>
          New connector
        </Button>
      }
    >
      <div className="filters" role="search">
        <input
          data-search
          type="search"
          placeholder="Search names, classes, health"
          aria-label="Search connectors"
          value={text}
          onChange={(event) => setQuery({ q: event.target.value })}
        />
      </div>
      {all.length === 0 ? (
        <Empty title="No connectors yet" command="sluice apply -f connector.yaml" />
      ) : (
        <table className="table connectors">
          <thead>
            <tr>
              <th>Health</th>
              <th>Connector</th>
              <th className="minor spare">Class</th>
              <th>Tasks</th>
              <th className="number minor">In /s</th>
              <th className="number minor spare">Out /s</th>
              <th className="number minor">Lag</th>
              <th className="why">Why</th>
            </tr>
          </thead>
          <tbody ref={ref}>
            <Spacer height={before} columns={columns} />
            {rows.slice(first, last).map((row, index) => (
              <Row key={row.name} row={row} isCurrent={first + index === cursor} />
            ))}
            <Spacer height={after} columns={columns} />
            {rows.length === 0 && (
              <tr>
                <td colSpan={columns} className="quiet">
                  No connector matches.
                </td>
              </tr>
            )}
          </tbody>
        </table>
      )}
    </Page>
  );
}

function Row({ row, isCurrent }: { readonly row: ConnectorRow; readonly isCurrent: boolean }) {
  return (
    <tr data-connector={row.name} className={isCurrent ? 'current' : undefined}>
      <td>
        <StateMark state={row.health} />
      </td>
      <td className="name cut" title={row.name}>
        <Link to={connectorPath(row.name)}>{row.name}</Link>
      </td>
      <td className="cut minor spare" title={row.class}>
        {shortClass(row.class)} <span className="dim">{row.type}</span>
      </td>
      <td>
        <TaskCounts row={row} />
      </td>
      <td className="number minor">{rate(row.recordsIn)}</td>
      <td className="number minor spare">{rate(row.recordsOut)}</td>
      <td className="number minor">{row.lag === null ? '' : short(row.lag)}</td>
      <td className="why" title={row.problem ?? undefined}>
        {row.problem !== null && <span className="tone-bad">{row.problem}</span>}
      </td>
    </tr>
  );
}

/** One click from a count to the tasks that it counts. */
export function TaskCounts({ row }: { readonly row: Pick<ConnectorRow, 'name' | 'tasks'> }) {
  const counts = countByState(row.tasks);
  if (row.tasks.length === 0) return <span className="dim">none</span>;
  const states = shownStates.filter((state) => counts.has(state));
  return (
    <span className="counts">
      {states.map((state, index) => {
        const number = String(counts.get(state) ?? 0);
        const words = `${number} ${stateWord(state)}`;
        // Beside many, marks without words: the column would take the room of the cause.
        const isShort = index > 0 && states.length > 2;
        return (
          <Link
            key={state}
            to={tasksPath({ connector: row.name, state })}
            title={words}
            aria-label={words}
          >
            <StateMark state={state} label={isShort ? number : words} />
          </Link>
        );
      })}
    </span>
  );
}
