/** Records of one topic, as the connector's converters read them: looked at, and nobody who reads the topic notices. */
import type { RecordsAnswer } from '@sluice/rest-api/shapes';
import { useState } from 'react';
import { useQuery } from '../../api/use-query.ts';
import { bytes, count, grouped } from '../../format/numbers.ts';
import { wholeTime } from '../../format/times.ts';
import { usePlace } from '../../router.tsx';
import {
  type RecordRow,
  type RecordsPlace,
  recordRow,
  recordsPlace,
  recordsQuestion,
  spreadText,
} from '../../state/records.ts';
import { shellWord } from '../../state/shell.ts';
import { AsBefore, Empty, Failed } from '../../ui/empty.tsx';
import { Pages } from '../../ui/pages.tsx';
import { RecordsBar } from './records-bar.tsx';

const columns = 5;

export function Records({
  name,
  topics,
  topic,
}: {
  readonly name: string;
  readonly topics: readonly string[];
  readonly topic: string;
}) {
  const { query } = usePlace();
  const place = recordsPlace(query, topic);
  const { data, error, isLoading, again } = useQuery<RecordsAnswer>(recordsQuestion(name, place));
  return (
    <>
      <RecordsBar topics={topics} place={place} partitions={data?.partitions} onAgain={again} />
      <AsBefore error={data && error} />
      {data ? (
        <Found name={name} place={place} answer={data} />
      ) : error ? (
        <Failed what="records" why={error.message} onRetry={again} />
      ) : (
        <p className="loading">{isLoading ? 'Reading …' : 'Choose a time to begin at.'}</p>
      )}
    </>
  );
}

function Found({
  name,
  place,
  answer: { records, next, partitions, problems },
}: {
  readonly name: string;
  readonly place: RecordsPlace;
  readonly answer: RecordsAnswer;
}) {
  const { topic, begin, page } = place;
  const held = partitions.reduce((sum, { low, high }) => sum + high - low, 0);
  if (records.length === 0 && next === null && page === undefined) {
    return (
      <Empty
        title={partitions.length === 0 ? `There is no topic ${topic} yet` : 'No records here'}
        command={`sluice records ${shellWord(name)} --topic ${shellWord(topic)}`}
      >
        {held === 0 ? 'Nothing is in it.' : `${count(held, 'record')} are elsewhere in it.`}
      </Empty>
    );
  }
  return (
    <>
      {Object.entries(problems).map(([part, why]) => (
        <p key={part} className="own-error">
          What is a {part} is shown as it is stored, for there is no converter for it here: {why}
        </p>
      ))}
      <p className="dim above">
        {records.length === 0
          ? 'Nothing is left of what was here.'
          : `${count(records.length, 'record')}, ${begin === 'newest' ? 'the newest first' : 'the oldest first'}, of ${grouped(held)} in ${count(partitions.length, 'partition')}.`}
      </p>
      <table className="table letters topic-records">
        <thead>
          <tr>
            <th>Partition/offset</th>
            <th className="minor">At</th>
            <th className="minor">Key</th>
            <th className="why">Value</th>
            <th className="number minor">Headers</th>
          </tr>
        </thead>
        <tbody>
          {records.map(recordRow).map((row) => (
            <RecordRows key={row.id} row={row} />
          ))}
        </tbody>
      </table>
      <Pages
        next={next}
        words={
          begin === 'newest'
            ? { first: '↑ Newest', more: 'Older ↓', end: 'These are the oldest that are kept.' }
            : { first: '↑ Back to the first', more: 'Newer ↓', end: 'These are the newest.' }
        }
      />
    </>
  );
}

function RecordRows({ row }: { readonly row: RecordRow }) {
  const [isOpen, setOpen] = useState(false);
  const { id, atMs, key, value, error, parts } = row;
  return (
    <>
      <tr data-record={id}>
        <td>
          <button
            type="button"
            className="link mono"
            aria-expanded={isOpen}
            aria-label={`Record ${id}`}
            onClick={() => setOpen(!isOpen)}
          >
            {id}
          </button>
        </td>
        <td className="dim minor">{wholeTime(atMs)}</td>
        <td className="value mono minor">{key ?? <span className="dim">null</span>}</td>
        <td className="why mono" title={error}>
          {error === undefined ? (
            (value ?? <span className="dim">null</span>)
          ) : (
            <span className="tone-bad">{error}</span>
          )}
        </td>
        <td className="number minor">{parts.length - 2 || ''}</td>
      </tr>
      {isOpen && (
        <tr className="opened">
          <td colSpan={columns}>
            <dl className="facts">
              <div>
                <dt>At</dt>
                <dd className="mono">{wholeTime(atMs)}</dd>
              </div>
              {parts.map(({ name, part }, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: headers may have the same name, and stay where they are
                <div key={index}>
                  <dt title={index > 1 ? `Header ${name}` : undefined}>{name}</dt>
                  <dd>
                    <div className="mono">{spreadText(part)}</div>
                    {part?.error !== undefined && <div className="tone-bad">{part.error}</div>}
                    {part !== null && <div className="dim">{bytes(part.length)}</div>}
                  </dd>
                </div>
              ))}
            </dl>
          </td>
        </tr>
      )}
    </>
  );
}
