/** Source → transforms → topics, or topics → transforms → target, with what flows at each end. */
import type { ReactNode } from 'react';
import { connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { count, rate, short } from '../../format/numbers.ts';
import { span } from '../../format/times.ts';
import { connectorPath } from '../../paths.ts';
import { Link } from '../../router.tsx';
import type { Config } from '../../state/config-diff.ts';
import { type ConnectorRow, shortClass } from '../../state/connectors.ts';
import { deadLetterTopic, sinkTopics, transformsOf } from '../../state/flow.ts';

/** `GET /connectors/{name}/topics` */
export type TopicsAnswer = Readonly<Record<string, { readonly topics: readonly string[] }>>;

export function Flow({
  row,
  config = {},
}: {
  readonly row: ConnectorRow;
  readonly config: Config | undefined;
}) {
  const { name, type } = row;
  const topics = useQuery<TopicsAnswer>(connectorUrl(name, '/topics'), { everyMs: 15_000 });
  const used = topics.data?.[name]?.topics ?? [];
  const isSink = type === 'sink';
  const dead = deadLetterTopic(config);
  const delays = row.tasks.flatMap(({ load }) => load?.source_delay_ms ?? []);
  const system = (
    <Stage
      label={isSink ? 'Target' : 'Source'}
      value={shortClass(row.class)}
      note={
        isSink || delays.length === 0
          ? count(row.tasks.length, 'task')
          : `${count(row.tasks.length, 'task')}, newest record ${span(Math.max(...delays))} old`
      }
    />
  );
  const topicStage = (
    <Stage
      label="Topics"
      value={topicsText(isSink ? (sinkTopics(config) ?? '') : used.join(', '))}
      note={
        <>
          {isSink && row.lag !== null && `lag ${short(row.lag)} · `}
          <Link to={connectorPath(name, 'topics')}>{count(used.length, 'topic')} used</Link>
        </>
      }
    />
  );
  const transforms = transformsOf(config).map((transform) => (
    <Stage
      key={transform.name}
      label={transform.name}
      value={transform.type}
      note={transform.predicate === undefined ? 'transform' : `if ${transform.predicate}`}
    />
  ));
  return (
    <div className="flow" role="group" aria-label="The way of the data">
      {isSink ? topicStage : system}
      <Arrow rate={row.recordsIn} />
      {transforms.length > 0 && (
        <>
          <span className="stages">{transforms}</span>
          <Arrow rate={row.recordsOut} />
        </>
      )}
      {isSink ? system : topicStage}
      {dead !== undefined && (
        <Link to={connectorPath(name, 'dead-letters')} className="stage aside">
          <span className="stage-label">Dead letters</span>
          <span className="stage-value">{dead}</span>
          <span className="dim">
            {count(
              row.tasks.reduce((total, { load }) => total + (load?.dead_letters ?? 0), 0),
              'letter',
            )}{' '}
            since start
          </span>
        </Link>
      )}
    </div>
  );
}

function topicsText(text: string): string {
  return text === '' ? 'none yet' : text;
}

function Stage({
  label,
  value,
  note,
}: {
  readonly label: string;
  readonly value: string;
  readonly note: ReactNode;
}) {
  return (
    <span className="stage">
      <span className="stage-label">{label}</span>
      <span className="stage-value" title={value}>
        {value}
      </span>
      <span className="dim">{note}</span>
    </span>
  );
}

function Arrow({ rate: value }: { readonly rate: number }) {
  return (
    <span className="arrow">
      <span className="count">{rate(value)} /s</span>
      <svg viewBox="0 0 40 8" width="40" height="8" aria-hidden="true">
        <path d="M0 4h37M33 1l4 3-4 3" stroke="currentColor" fill="none" />
      </svg>
    </span>
  );
}
