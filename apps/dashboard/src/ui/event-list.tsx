/** Events, one line each, the newest first. */
import type { LiveEvent } from '@sluice/rest-api/live';
import { clockTime, shortSpan, wholeTime } from '../format/times.ts';
import { useServerNow } from '../live/use-live.ts';
import { toneOfEvent } from '../state/events.ts';

export function EventList({ events }: { readonly events: readonly LiveEvent[] }) {
  const nowMs = useServerNow();
  if (events.length === 0)
    return <p className="quiet">Nothing happened that is still remembered.</p>;
  return (
    <ol className="event-list">
      {events.map(({ id, at_ms: atMs, type, message }) => (
        <li key={id}>
          <time dateTime={new Date(atMs).toISOString()} title={wholeTime(atMs)}>
            {clockTime(atMs)}
          </time>
          <span className="ago">{shortSpan(nowMs - atMs)}</span>
          <span className={`event-type tone-${toneOfEvent(type)}`}>{type}</span>
          <span className="event-message">{message}</span>
        </li>
      ))}
    </ol>
  );
}
