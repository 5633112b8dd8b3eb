/** Source → transforms → topics, or topics → transforms → target, with what flows at each end. */
import type { TopicsAnswer } from '@sluice/rest-api/shapes';
import { Fragment, type ReactNode } from 'react';
import { connectorUrl } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { count, rate, short } from '../../format/numbers.ts';
import { span } from '../../format/times.ts';
import { connectorPath } from '../../paths.ts';
import { Link } from '../../router.tsx';
import type { Config } from '../../state/config-diff.ts';
import { type ConnectorRow, shortClass } from '../../state/connectors.ts';
import {
  deadLetterTopic,
  sinkTopics,
  type Transform,
  type TransformRate,
  transformRates,
  transformsOf,
} from '../../state/flow.ts';

/** It was not told yet, or could not be: that is not none. */
const notKnown = 'not known yet';

export function Flow({
  row,
  config: given,
}: {
  readonly row: ConnectorRow;
  readonly config: Config | undefined;
}) {
  const { name, type } = row;
  const config = given ?? {};
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
      value={
        (isSink ? given : topics.data)
          ? topicsText(isSink ? (sinkTopics(config) ?? '') : used.join(', '))
          : notKnown
      }
      note={
        <>
          {isSink && row.lag !== null && (
            <>
              <Link to={connectorPath(name, 'offsets')}>lag {short(row.lag)}</Link> ·{' '}
            </>
          )}
          <Link to={connectorPath(name, 'topics')}>
            {topics.data ? `${count(used.length, 'topic')} used` : 'topics'}
          </Link>
        </>
      }
    />
  );
  const transforms = transformsOf(config);
  const rates = transformRates(row.tasks.flatMap(({ load }) => load ?? []));
  return (
    <div className="flow" role="group" aria-label="The way of the data">
      {isSink ? topicStage : system}
      <Arrow rate={row.recordsIn} />
      {transforms.map((transform, index) => (
        <Fragment key={transform.name}>
          <TransformStage transform={transform} passed={rates.get(transform.name)} />
          <Arrow
            rate={
              index === transforms.length - 1
                ? row.recordsOut
                : rates.get(transform.name)?.recordsOut
            }
          />
        </Fragment>
      ))}
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

/** Of a task's time: less is not worth a word. */
const busyMin = 0.01;

function TransformStage({
  transform: { name, type, predicate },
  passed,
}: {
  readonly transform: Transform;
  readonly passed: TransformRate | undefined;
}) {
  const notes = [predicate === undefined ? 'transform' : `if ${predicate}`];
  if (passed && passed.recordsIn - passed.recordsOut >= 0.05) {
    notes.push(`drops ${rate(passed.recordsIn - passed.recordsOut)} /s`);
  }
  if (passed && passed.busy >= busyMin) notes.push(`busy ${(passed.busy * 100).toFixed(0)} %`);
  return <Stage label={name} value={type} note={notes.join(' · ')} />;
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
      <span className="stage-label cut" title={label}>
        {label}
      </span>
      <span className="stage-value" title={value}>
        {value}
      </span>
      <span className="dim">{note}</span>
    </span>
  );
}

/** Undefined: nobody tells. */
function Arrow({ rate: value }: { readonly rate: number | undefined }) {
  return (
    <span className="arrow">
      {value !== undefined && <span className="count">{rate(value)} /s</span>}
      <svg viewBox="0 0 40 8" width="40" height="8" aria-hidden="true">
        <path d="M0 4h37M33 1l4 3-4 3" stroke="currentColor" fill="none" />
      </svg>
    </span>
  );
}
