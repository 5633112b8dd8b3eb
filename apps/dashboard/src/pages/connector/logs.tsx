/** The last lines that a connector and its tasks wrote, wherever they ran. */
import type { LogPage } from '@sluice/rest-api/shapes';
import { useQuery } from '../../api/use-query.ts';
import { clockTime, wholeTime } from '../../format/times.ts';
import { setQuery, usePlace } from '../../router.tsx';
import type { ConnectorRow } from '../../state/connectors.ts';
import { shellWord } from '../../state/shell.ts';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';
import { olderThan, Pages } from '../../ui/pages.tsx';

const levels = ['debug', 'info', 'warn', 'error'] as const;

const tones: Readonly<Record<string, string>> = { warn: 'tone-warn', error: 'tone-bad' };

export function Logs({ row: { name, tasks } }: { readonly row: ConnectorRow }) {
  const { query } = usePlace();
  const level = levels.find((each) => each === query.get('level')) ?? 'info';
  const task = /^\d{1,6}$/.exec(query.get('of') ?? '')?.[0];
  const ofTask = task === undefined ? '' : `&task=${task}`;
  const { data, error } = useQuery<LogPage>(
    `/sluice/logs?connector=${encodeURIComponent(name)}&level=${level}&limit=300${ofTask}${olderThan(query)}`,
    { everyMs: 2_000 },
  );
  return (
    <>
      <div className="row above">
        <label className="row">
          From level
          <select
            value={level}
            onChange={(event) =>
              setQuery({ level: event.target.value, before: undefined }, { asStep: true })
            }
          >
            {levels.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        </label>
        <label className="row">
          Of
          <select
            value={task ?? ''}
            onChange={(event) =>
              setQuery({ of: event.target.value, before: undefined }, { asStep: true })
            }
          >
            <option value="">the connector and its tasks</option>
            {tasks.map(({ task: number }) => (
              <option key={number} value={number}>
                task {number}
              </option>
            ))}
          </select>
        </label>
        <span className="dim">The newest first. The logs of the workers themselves have all.</span>
      </div>
      {!data && error && <Failed what="log lines" why={error.message} />}
      {data && <AsBefore error={error} />}
      {data?.lines.length === 0 && (
        <Empty
          title="No lines"
          command={`sluice loggers set ${shellWord(`connector.${name}`)} debug`}
        >
          A healthy connector is quiet. More is written at another level.
        </Empty>
      )}
      {data && data.lines.length > 0 && (
        <ol className="log-lines panel" tabIndex={0} aria-label="Log lines">
          {data.lines.map((line) => (
            <li key={line.id}>
              <time title={wholeTime(line.at_ms)}>{clockTime(line.at_ms)}</time>
              <span className={tones[line.level] ?? 'dim'}>{line.level}</span>
              <span className="dim">
                {line.worker}
                {line.task === null ? '' : ` /${line.task}`}
              </span>
              <span>{line.message}</span>
            </li>
          ))}
        </ol>
      )}
      <Pages next={data?.next} />
    </>
  );
}
