/** What happened in the cluster, and which errors there are, grouped so that one cause is one line. */
import type { ErrorGroup } from '@sluice/rest-api/shapes';
import { useState } from 'react';
import { useEvents } from '../api/use-events.ts';
import { useQuery } from '../api/use-query.ts';
import { useLast, useRested } from '../api/use-rested.ts';
import { count } from '../format/numbers.ts';
import { shortSpan, wholeTime } from '../format/times.ts';
import { useServerNow, useView } from '../live/use-live.ts';
import { connectorPath, type EventsTab } from '../paths.ts';
import { Link, openTask, setQuery, usePlace } from '../router.tsx';
import { restartTasks } from '../state/actions.ts';
import {
  areaOf,
  connectorsAmong,
  eventAreas,
  mergedEvents,
  nextOf,
  siftedEvents,
} from '../state/events.ts';
import { busyLanes } from '../state/lanes.ts';
import { useRefusal } from '../state/session.ts';
import { taskRows } from '../state/task-rows.ts';
import { Button, CopyButton } from '../ui/button.tsx';
import { AsBefore, Empty, Failed } from '../ui/empty.tsx';
import { EventList } from '../ui/event-list.tsx';
import { Page, Panel } from '../ui/page.tsx';
import { olderThan, Pages } from '../ui/pages.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { OverTime, useWindow } from '../ui/timeline.tsx';

const titles: Readonly<Record<EventsTab, string>> = {
  latest: 'Events',
  tasks: 'Tasks over time',
  errors: 'Errors',
};

export function Events({ tab }: { readonly tab: EventsTab }) {
  return (
    <Page title={titles[tab]}>
      <Tabs
        label="Events"
        tabs={[
          { to: '/events', label: 'What happened', isCurrent: tab === 'latest' },
          { to: '/events/tasks', label: 'Tasks over time', isCurrent: tab === 'tasks' },
          { to: '/events/errors', label: 'Errors by cause', isCurrent: tab === 'errors' },
        ]}
      />
      {tab === 'latest' ? <Latest /> : tab === 'tasks' ? <BusyTasks /> : <Errors />}
    </Page>
  );
}

/** More are not looked through. */
const stepsMax = 1_000;

/** Of all connectors: those of which something changed in the span of time. */
function BusyTasks() {
  const nowMs = useServerNow();
  const { units } = useView();
  const { fromMs } = useWindow(nowMs);
  const { data, error } = useEvents('type=unit', { limit: stepsMax });
  if (!data) return error ? <Failed what="what tasks did" why={error.message} /> : null;
  return (
    <>
      <AsBefore error={error} />
      <OverTime
        lanes={busyLanes(data, units, { fromMs, nowMs })}
        nowMs={nowMs}
        pathOf={(unit) =>
          unit.startsWith('task/')
            ? `/events/tasks?task=${encodeURIComponent(unit.slice(5))}`
            : connectorPath(unit.replace(/^connector\//, ''), 'events')
        }
        empty="No task has changed in this span of time."
      />
    </>
  );
}

/** Of a page. */
const eventsMax = 200;

function Latest() {
  const { query } = usePlace();
  const { events: live } = useView();
  const type = query.get('type') ?? '';
  const text = query.get('q') ?? '';
  const asked = new URLSearchParams({ ...(type !== '' && { type }), ...(text !== '' && { text }) });
  const isOlder = query.has('before');
  const stored = useEvents(useRested(`${asked.toString()}${olderThan(query)}`), {
    limit: eventsMax,
  });
  // What was there stays, sifted here, until the answer has come to what is typed.
  const known = useLast(stored.data) ?? [];
  const events = siftedEvents(isOlder ? known : mergedEvents(live, known), { type, text });
  const areas = [...new Set([...eventAreas, ...events.map(({ type: each }) => areaOf(each))])];
  return (
    <>
      <div className="filters" role="search">
        <input
          data-search
          type="search"
          placeholder="Search all events"
          aria-label="Search all events"
          maxLength={200}
          value={text}
          onChange={(event) => setQuery({ q: event.target.value, before: undefined })}
        />
        <div className="chips" role="group" aria-label="What they are about">
          {areas.map((area) => (
            <button
              key={area}
              type="button"
              className="chip"
              aria-pressed={type === area}
              onClick={() =>
                setQuery(
                  { type: type === area ? undefined : area, before: undefined },
                  { asStep: true },
                )
              }
            >
              {area}
            </button>
          ))}
        </div>
      </div>
      {stored.error && (
        <p className="own-error" role="alert">
          Older events could not be loaded: {stored.error.message}
        </p>
      )}
      <Panel>
        <EventList events={events} empty={emptyText(stored.isLoading, type + text)} />
      </Panel>
      <Pages next={stored.data && nextOf(stored.data, eventsMax)} />
    </>
  );
}

function emptyText(isLoading: boolean, wanted: string): string {
  if (isLoading) return 'Looking …';
  return wanted === ''
    ? 'Nothing happened that is still remembered.'
    : 'No event that is kept matches.';
}

function Errors() {
  const { data, error } = useQuery<readonly ErrorGroup[]>('/sluice/errors', { everyMs: 5_000 });
  if (!data) return error ? <Failed what="errors" why={error.message} /> : null;
  if (data.length === 0) {
    return (
      <Empty title="No task has failed">
        Errors of tasks that fail or wait to be tried again are grouped here.
      </Empty>
    );
  }
  return (
    <>
      <AsBefore error={error} />
      <ul className="error-groups">
        {data.map((group) => (
          <Group key={group.fingerprint} group={group} />
        ))}
      </ul>
    </>
  );
}

function Group({ group }: { readonly group: ErrorGroup }) {
  const [isOpen, setOpen] = useState(false);
  const view = useView();
  const nowMs = useServerNow();
  const refused = useRefusal('operator');
  const { message, units, trace } = group;
  const wanted = new Set(units);
  const rows = taskRows(view).filter(({ id }) => wanted.has(id));
  const failedConnectors = connectorsAmong(units);
  const why =
    rows.length > 0
      ? undefined
      : failedConnectors.length > 0
        ? 'No task has it: a connector is restarted on its own page'
        : 'No task has it any more';
  return (
    <li className="panel">
      <div className="panel-head">
        <button
          type="button"
          className="link error-message"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        >
          {message}
        </button>
        <Button refused={refused ?? why} onPress={() => void restartTasks(rows)}>
          Restart {count(rows.length, 'task')}
          {rows.length < group.count && units.length < group.count && ` of ${group.count}`}
        </Button>
      </div>
      <p className="dim">
        {count(group.count, 'unit')} of {count(group.connectors.length, 'connector')}
        {group.first_ms !== null && (
          <>
            {' · first '}
            <time title={wholeTime(group.first_ms)}>{shortSpan(nowMs - group.first_ms)}</time> ago
          </>
        )}
        {group.last_ms !== null && (
          <>
            {', last '}
            <time title={wholeTime(group.last_ms)}>{shortSpan(nowMs - group.last_ms)}</time> ago
          </>
        )}
      </p>
      {isOpen && (
        <>
          <p className="units">
            {failedConnectors.map((name) => (
              <Link key={name} to={connectorPath(name)} className="link">
                {name}
              </Link>
            ))}
            {rows.map(({ id, connector, task }) => (
              <button
                key={id}
                type="button"
                className="link"
                onClick={() => openTask(`${connector}/${task}`)}
              >
                {connector}/{task}
              </button>
            ))}
          </p>
          <h3>
            Trace <CopyButton text={trace} what="the trace" />
          </h3>
          <pre className="trace">{trace}</pre>
        </>
      )}
    </li>
  );
}
