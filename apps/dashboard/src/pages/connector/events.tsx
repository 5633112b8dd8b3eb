/** What a connector and its tasks did: a lane along time for each, and step by step. */
import type { LiveEvent } from '@sluice/rest-api/live';
import { useEvents } from '../../api/use-events.ts';
import { useQuery } from '../../api/use-query.ts';
import { useServerNow } from '../../live/use-live.ts';
import { connectorPath } from '../../paths.ts';
import { usePlace } from '../../router.tsx';
import type { ConnectorRow } from '../../state/connectors.ts';
import { nextOf } from '../../state/events.ts';
import { lanesOf } from '../../state/lanes.ts';
import { AsBefore, Failed } from '../../ui/empty.tsx';
import { olderThan, Pages } from '../../ui/pages.tsx';
import { OverTime, Steps, useWindow } from '../../ui/timeline.tsx';

/** As many as one look gives. */
const eventsMax = 1_000;
/** Of a page. */
const stepsMax = 100;

/** Step by step; the oldest by themselves, since lanes are of what was lately. */
function StepPages({
  name,
  newest,
}: {
  readonly name: string;
  readonly newest: readonly LiveEvent[];
}) {
  const { query } = usePlace();
  const older = useQuery<readonly LiveEvent[]>(
    query.has('before')
      ? `/sluice/events?connector=${encodeURIComponent(name)}&limit=${stepsMax}${olderThan(query)}`
      : undefined,
  );
  const steps = query.has('before') ? older.data : newest.slice(0, stepsMax);
  if (!steps) return older.error ? <Failed what="older events" why={older.error.message} /> : null;
  return (
    <>
      <Steps events={steps} />
      <Pages next={nextOf(steps, stepsMax)} />
    </>
  );
}

export function ConnectorEvents({ row: { name, own, tasks } }: { readonly row: ConnectorRow }) {
  const nowMs = useServerNow();
  const { fromMs } = useWindow(nowMs);
  const { data, error } = useEvents(`connector=${encodeURIComponent(name)}`, {
    limit: eventsMax,
    units: own ? [own, ...tasks] : tasks,
  });
  if (!data) return error ? <Failed what="events" why={error.message} /> : null;
  const units = Object.fromEntries([
    ...(own ? [[`connector/${name}`, own] as const] : []),
    ...tasks.map((task) => [task.id, task] as const),
  ]);
  const lanes = lanesOf(data, units, nowMs).filter(({ bars }) =>
    bars.some(({ toMs }) => toMs >= fromMs),
  );
  const path = connectorPath(name, 'events');
  return (
    <>
      <AsBefore error={error} />
      <OverTime
        lanes={lanes}
        nowMs={nowMs}
        pathOf={(unit) =>
          unit.startsWith('task/') ? `${path}?task=${encodeURIComponent(unit.slice(5))}` : path
        }
        empty="It has no tasks, and had none in this span of time."
      />
      <StepPages name={name} newest={data} />
    </>
  );
}
