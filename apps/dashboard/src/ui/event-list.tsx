/** Events, one line each, the newest first. */
import type { LiveEvent } from '@sluice/rest-api/live';
import { clockTime, shortSpan, wholeTime } from '../format/times.ts';
import { useServerNow } from '../live/use-live.ts';
import { Link } from '../router.tsx';
import { placeOfEvent, toneOfEvent } from '../state/events.ts';

export function EventList({
  events,
  empty = 'Nothing happened that is still remembered.',
}: {
  readonly events: readonly LiveEvent[];
  readonly empty?: string;
}) {
  const nowMs = useServerNow();
  if (events.length === 0) return <p className="quiet">{empty}</p>;
  return (
    <ol className="event-list">
      {events.map(({ id, at_ms: atMs, type, message, facts }) => (
        <li key={id}>
          <time dateTime={new Date(atMs).toISOString()} title={wholeTime(atMs)}>
            {clockTime(atMs)}
          </time>
          <span className="ago">{shortSpan(nowMs - atMs)}</span>
          <EventType type={type} facts={facts} />
          <span className="event-message" title={message}>
            {message}
          </span>
        </li>
      ))}
    </ol>
  );
}

function EventType({ type, facts }: Pick<LiveEvent, 'type' | 'facts'>) {
  const className = `event-type tone-${toneOfEvent(type)}`;
  const place = placeOfEvent({ facts });
  if (!place) return <span className={className}>{type}</span>;
  return (
    <Link className={className} to={place.to} title={place.name}>
      {type}
    </Link>
  );
}
