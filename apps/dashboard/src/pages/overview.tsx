/** The cluster at a glance: what is wrong first, then how it flows. Each number leads to what it counts. */
import type { LiveLeader } from '@sluice/rest-api/live';
import type { ReactNode } from 'react';
import { grouped, rate, short } from '../format/numbers.ts';
import { useLive, useServerNow, useView } from '../live/use-live.ts';
import { tasksPath, workersPath } from '../paths.ts';
import { Link } from '../router.tsx';
import { shownLease } from '../state/lease.ts';
import { type Problem, problemsOf } from '../state/problems.ts';
import { shownStates } from '../state/task-rows.ts';
import { type Totals, totals } from '../state/totals.ts';
import { Chart } from '../ui/chart.tsx';
import { Empty } from '../ui/empty.tsx';
import { EventList } from '../ui/event-list.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { StateMark, stateWord, toneOf } from '../ui/state-mark.tsx';
import { TaskName } from '../ui/task-name.tsx';

/** More are on the pages that are linked. */
const problemsMax = 8;
const eventsMax = 10;

export function Overview() {
  const view = useView();
  const sums = totals(view);
  const problems = problemsOf(view);
  const isEmpty = Object.keys(view.connectors).length === 0;
  return (
    <Page title="Overview">
      <Fleet sums={sums} />
      {isEmpty ? (
        <Empty title="No connectors yet" command="sluice apply -f connector.yaml">
          <Link to="/create">Create one here</Link>, or with the command line.
        </Empty>
      ) : (
        <StateBar sums={sums} />
      )}
      <div className="columns">
        <Panel
          title="Needs a look"
          aside={problems.length > 0 && <span className="count">{problems.length}</span>}
        >
          <Problems problems={problems} />
        </Panel>
        <Panel title="What happened" aside={<Link to="/events">All events</Link>}>
          <EventList events={view.events.slice(0, eventsMax)} />
        </Panel>
      </div>
      <Charts />
    </Page>
  );
}

function Fleet({ sums }: { readonly sums: Totals }) {
  const { leader } = useView();
  const nowMs = useServerNow();
  const { workers, byState, stalled, tasks } = sums;
  return (
    <section className="fleet" aria-label="The cluster in numbers">
      <Figure to={workersPath('up')} label="Workers" value={String(workers.up)} unit="up">
        <Part count={workers.cordoned} word="cordoned" tone="warn" to={workersPath('cordoned')} />
        <Part count={workers.draining} word="draining" tone="warn" to={workersPath('draining')} />
        <Part count={workers.lost} word="lost" tone="bad" to={workersPath('lost')} />
      </Figure>
      <Figure
        to={tasksPath({ state: 'RUNNING' })}
        label="Tasks running"
        value={grouped(byState.RUNNING - stalled)}
        unit={`of ${grouped(tasks)}`}
      >
        <Part count={byState.FAILED} word="failed" tone="bad" to={tasksPath({ state: 'FAILED' })} />
        <Part count={stalled} word="stalled" tone="bad" to={tasksPath({ state: 'STALLED' })} />
        <Part
          count={byState.UNASSIGNED}
          word="unassigned"
          tone="move"
          to={tasksPath({ state: 'UNASSIGNED' })}
        />
      </Figure>
      <Figure to="/tasks?sort=rate" label="Records in" value={rate(sums.recordsIn)} unit="/s" />
      <Figure to="/tasks?sort=rate" label="Records out" value={rate(sums.recordsOut)} unit="/s" />
      <Figure
        to="/tasks?sort=lag"
        label="Lag"
        value={sums.lag === null ? '–' : short(sums.lag)}
        unit={sums.lag === null ? 'no sink tells' : 'records'}
      >
        <Part count={sums.deadLetters} word="dead letters" tone="warn" to="/tasks?sort=letters" />
      </Figure>
      <Figure
        to="/events?type=leader"
        label="Leader"
        value={leader?.coordinator ?? 'none'}
        unit={leader ? 'leads' : 'nothing is assigned anew'}
        title={leader ? `epoch ${leader.epoch}` : undefined}
        isText
      >
        {leader && <Lease leader={leader} nowMs={nowMs} />}
      </Figure>
    </section>
  );
}

function Lease({ leader, nowMs }: { readonly leader: LiveLeader; readonly nowMs: number }) {
  const { text, tone } = shownLease(leader, useLive().stream, nowMs);
  return <span className={tone}>{text}</span>;
}

function Figure({
  to,
  label,
  value,
  unit,
  title,
  isText = false,
  children,
}: {
  readonly to: string;
  readonly label: string;
  readonly value: string;
  readonly unit: string;
  readonly title?: string | undefined;
  readonly isText?: boolean;
  readonly children?: ReactNode;
}) {
  return (
    <div className={isText ? 'figure text' : 'figure'}>
      <Link to={to} className="figure-link" title={title}>
        <span className="figure-label">{label}</span>
        <span className="figure-value">
          {value} <small>{unit}</small>
        </span>
      </Link>
      <span className="figure-parts">{children}</span>
    </div>
  );
}

function Part({
  count,
  word,
  tone,
  to,
}: {
  readonly count: number;
  readonly word: string;
  readonly tone: string;
  readonly to: string;
}) {
  if (count === 0) return null;
  return (
    <Link to={to} className={`tone-${tone}`}>
      {grouped(count)} {word}
    </Link>
  );
}

function StateBar({ sums }: { readonly sums: Totals }) {
  const { byState, stalled, tasks } = sums;
  const counts = shownStates
    .map((state) => ({
      state,
      count:
        state === 'STALLED'
          ? stalled
          : state === 'RUNNING'
            ? byState.RUNNING - stalled
            : byState[state],
    }))
    .filter(({ count }) => count > 0);
  return (
    <section className="state-bar" aria-label="Tasks by state">
      <div className="bar" aria-hidden="true">
        {counts.map(({ state, count }) => (
          <span key={state} className={`fill-${toneOf(state)}`} style={{ flexGrow: count }} />
        ))}
      </div>
      <ul>
        {counts.map(({ state, count }) => (
          <li key={state}>
            <Link to={tasksPath({ state })}>
              <StateMark state={state} label={`${grouped(count)} ${stateWord(state)}`} />
            </Link>
          </li>
        ))}
        {tasks === 0 && <li>No tasks</li>}
      </ul>
    </section>
  );
}

function Problems({ problems }: { readonly problems: readonly Problem[] }) {
  if (problems.length === 0) {
    return <p className="quiet">Nothing. All is as it was asked for.</p>;
  }
  return (
    <>
      <ul className="problems">
        {problems.slice(0, problemsMax).map(({ key, state, name, to, text }) => (
          <li key={key}>
            <Link to={to}>
              <StateMark state={state} />
              <span className="problem-name" title={name}>
                <TaskName name={name} />
              </span>
              <span className="problem-text cut" title={text}>
                {text}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {problems.length > problemsMax && (
        <p className="more">
          <Link to="/tasks">{problems.length - problemsMax} more</Link>
        </p>
      )}
    </>
  );
}

function Charts() {
  const { history } = useLive();
  const times = history.map(({ atMs }) => atMs);
  const last = history.at(-1);
  return (
    <div className="charts">
      <Panel
        title="Records a second"
        aside={
          <Legend
            entries={[
              { color: '--series-1', label: 'in' },
              { color: '--series-2', label: 'out' },
            ]}
          />
        }
      >
        <Chart
          summary={`Records a second of the last minutes; now ${rate(last?.recordsIn ?? 0)} in and ${rate(last?.recordsOut ?? 0)} out`}
          timesMs={times}
          series={[
            { label: 'in', color: '--series-1', values: history.map((each) => each.recordsIn) },
            { label: 'out', color: '--series-2', values: history.map((each) => each.recordsOut) },
          ]}
        />
      </Panel>
      <Panel title="Lag of sinks, records">
        <Chart
          summary={`Lag of sinks in records; now ${last?.lag === null || last === undefined ? 'not told' : short(last.lag)}`}
          timesMs={times}
          series={[{ label: 'lag', color: '--series-3', values: history.map((each) => each.lag) }]}
        />
      </Panel>
      <Panel
        title="Tasks"
        aside={
          <Legend
            entries={[
              { color: '--ok', label: 'running' },
              { color: '--bad', label: 'not as asked' },
            ]}
          />
        }
      >
        <Chart
          summary={`Tasks running and not; now ${last?.running ?? 0} running, ${last?.abnormal ?? 0} not as asked`}
          timesMs={times}
          series={[
            { label: 'running', color: '--ok', values: history.map((each) => each.running) },
            { label: 'abnormal', color: '--bad', values: history.map((each) => each.abnormal) },
          ]}
        />
      </Panel>
    </div>
  );
}

function Legend({
  entries,
}: {
  readonly entries: readonly { readonly color: string; readonly label: string }[];
}) {
  return (
    <ul className="legend">
      {entries.map(({ color, label }) => (
        <li key={label}>
          <span style={{ background: `var(${color})` }} aria-hidden="true" />
          {label}
        </li>
      ))}
    </ul>
  );
}
