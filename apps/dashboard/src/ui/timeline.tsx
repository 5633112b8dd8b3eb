/** What happened to something: as bars along time, and step by step with how long each took. */
import type { LiveEvent } from '@sluice/rest-api/live';
import { count } from '../format/numbers.ts';
import { clockTime, span, wholeTime } from '../format/times.ts';
import { setQuery, usePlace } from '../router.tsx';
import { stepsMs, toneOfEvent } from '../state/events.ts';
import { type Lane, type WindowName, windowsMs } from '../state/lanes.ts';
import { Lanes } from './lanes.tsx';
import { Panel } from './page.tsx';

/** More lanes than that are read by nobody; the rest is counted. */
const lanesMax = 100;
const names = Object.keys(windowsMs) as WindowName[];
const nameDefault: WindowName = '15m';

/** Since when is looked at; the span of time is in the address. */
export function useWindow(nowMs: number): { readonly name: WindowName; readonly fromMs: number } {
  const { query } = usePlace();
  const name = names.find((each) => each === query.get('span')) ?? nameDefault;
  return { name, fromMs: nowMs - windowsMs[name] };
}

export function OverTime({
  lanes,
  nowMs,
  pathOf,
  empty,
}: {
  readonly lanes: readonly Lane[];
  readonly nowMs: number;
  readonly pathOf: (unit: string) => string;
  readonly empty: string;
}) {
  const { name: chosen, fromMs } = useWindow(nowMs);
  const keptPath = (unit: string): string => {
    const path = pathOf(unit);
    if (chosen === nameDefault) return path;
    return `${path}${path.includes('?') ? '&' : '?'}span=${chosen}`;
  };
  return (
    <Panel
      title="Over time"
      aside={
        <fieldset className="switch">
          <legend className="hidden">The last</legend>
          {names.map((name) => (
            <label key={name}>
              <input
                type="radio"
                name="span"
                checked={chosen === name}
                onChange={() =>
                  setQuery({ span: name === nameDefault ? undefined : name }, { asStep: true })
                }
              />
              <span>{name}</span>
            </label>
          ))}
        </fieldset>
      }
      className="over-time"
    >
      {lanes.length === 0 ? (
        <p className="quiet">{empty}</p>
      ) : (
        <Lanes lanes={lanes.slice(0, lanesMax)} fromMs={fromMs} toMs={nowMs} pathOf={keptPath} />
      )}
      {lanes.length > lanesMax && (
        <p className="dim">and {count(lanes.length - lanesMax, 'more unit')}</p>
      )}
    </Panel>
  );
}

/** The newest first. */
export function Steps({ events }: { readonly events: readonly LiveEvent[] }) {
  if (events.length === 0) {
    return <p className="quiet">Nothing happened that is still remembered.</p>;
  }
  const lasted = stepsMs(events);
  return (
    <ol className="timeline">
      {events.map((event) => {
        const ms = lasted.get(event.id);
        return (
          <li key={event.id} className={`tone-${toneOfEvent(event.type)}`}>
            <time title={wholeTime(event.at_ms)}>{clockTime(event.at_ms)}</time>
            <div>
              <p>
                <strong>{event.type}</strong>
                {ms !== undefined && <span className="dim"> for {span(ms)}</span>}
              </p>
              <p className="event-message">{event.message}</p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
