/** What a connector and its tasks did: a lane along time for each, and step by step. */
import { useEvents } from '../../api/use-events.ts';
import { useServerNow } from '../../live/use-live.ts';
import { connectorPath } from '../../paths.ts';
import type { ConnectorRow } from '../../state/connectors.ts';
import { lanesOf } from '../../state/lanes.ts';
import { AsBefore, Failed } from '../../ui/empty.tsx';
import { OverTime, Steps, useWindow } from '../../ui/timeline.tsx';

/** As many as one look gives. */
const eventsMax = 1_000;
/** More are read by nobody. */
const stepsMax = 100;

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
      <Steps events={data.slice(0, stepsMax)} />
    </>
  );
}
