/** What happened to something, in the order of time, with how long each step took. */
import type { LiveEvent } from '@sluice/rest-api/live';
import { useQuery } from '../api/use-query.ts';
import { clockTime, span, wholeTime } from '../format/times.ts';
import { toneOfEvent } from '../state/events.ts';
import { Failed } from './empty.tsx';

/** `query`: of `/sluice/events`, as `unit=task%2Forders%2F3`. */
export function Timeline({ query }: { readonly query: string }) {
  const { data, error } = useQuery<readonly LiveEvent[]>(`/sluice/events?${query}&limit=100`, {
    everyMs: 3_000,
  });
  if (!data) return error ? <Failed what="events" why={error.message} /> : null;
  if (data.length === 0) return <p className="quiet">Nothing happened that is still remembered.</p>;
  return (
    <ol className="timeline">
      {data.map((event, index) => {
        const later = data[index - 1];
        return (
          <li key={event.id} className={`tone-${toneOfEvent(event.type)}`}>
            <time title={wholeTime(event.at_ms)}>{clockTime(event.at_ms)}</time>
            <div>
              <p>
                <strong>{event.type}</strong>
                {later && <span className="dim"> for {span(later.at_ms - event.at_ms)}</span>}
              </p>
              <p className="event-message">{event.message}</p>
            </div>
          </li>
        );
      })}
    </ol>
  );
}
