/** Which topic, which partition, and from where on: all of it is in the address. */
import type { RecordsAnswer } from '@sluice/rest-api/shapes';
import { type FormEvent, useState } from 'react';
import { setQuery } from '../../router.tsx';
import { type Beginning, localTime, type RecordsPlace } from '../../state/records.ts';
import { Button } from '../../ui/button.tsx';

const beginnings: readonly (readonly [Beginning, string])[] = [
  ['newest', 'the newest'],
  ['offset', 'an offset'],
  ['time', 'a time'],
];

const hourMs = 3_600_000;

export function RecordsBar({
  topics,
  place: { topic, partition, begin, offset, since },
  partitions,
  onAgain,
}: {
  readonly topics: readonly string[];
  readonly place: RecordsPlace;
  /** Undefined: not known yet. */
  readonly partitions: RecordsAnswer['partitions'] | undefined;
  readonly onAgain: () => void;
}) {
  const go = (changes: Readonly<Record<string, string | undefined>>): void =>
    setQuery({ before: undefined, ...changes }, { asStep: true });
  const beginAt = (next: Beginning): void => {
    const isOffset = next === 'offset';
    go({
      begin: next === 'newest' ? undefined : next,
      offset: isOffset ? String(partitions?.[Number(partition ?? 0)]?.low ?? 0) : undefined,
      since: next === 'time' ? String(Date.now() - hourMs) : undefined,
      // An offset is one of a partition.
      partition: isOffset ? (partition ?? '0') : partition,
    });
  };
  const known = partitions ?? [];
  return (
    <div className="row above">
      <label className="row">
        Topic
        <select
          value={topic}
          onChange={(event) =>
            go({
              topic: event.target.value,
              partition: undefined,
              ...(begin === 'offset' && { begin: undefined, offset: undefined }),
            })
          }
        >
          {[...new Set([...topics, topic])].map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <label className="row">
        Partition
        <select value={partition ?? ''} onChange={(event) => go({ partition: event.target.value })}>
          {begin !== 'offset' && <option value="">all</option>}
          {partition !== undefined && known[Number(partition)] === undefined && (
            <option>{partition}</option>
          )}
          {known.map((each) => (
            <option key={each.partition}>{each.partition}</option>
          ))}
        </select>
      </label>
      <label className="row">
        From
        <select
          value={begin}
          onChange={(event) =>
            beginAt(beginnings.find(([each]) => each === event.target.value)?.[0] ?? 'newest')
          }
        >
          {beginnings.map(([each, label]) => (
            <option key={each} value={each}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {begin === 'offset' && (
        <Typed
          key={offset}
          label="Offset"
          type="number"
          value={offset}
          onGo={(text) => go({ offset: text })}
        />
      )}
      {begin === 'time' && (
        <Typed
          key={since}
          label="Time"
          type="datetime-local"
          value={since === '' ? '' : localTime(Number(since))}
          onGo={(text) => go({ since: String(new Date(text).getTime()) })}
        />
      )}
      <span className="push" />
      <Button onPress={onAgain}>Look again</Button>
    </div>
  );
}

/** Goes there on Enter, or by its button: not with each letter. */
function Typed({
  label,
  type,
  value,
  onGo,
}: {
  readonly label: string;
  readonly type: 'number' | 'datetime-local';
  readonly value: string;
  readonly onGo: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const send = (event: FormEvent): void => {
    event.preventDefault();
    if (text !== '') onGo(text);
  };
  return (
    <form className="row" onSubmit={send}>
      <input
        type={type}
        aria-label={label}
        min={type === 'number' ? 0 : undefined}
        step={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button type="submit" onPress={() => undefined}>
        Go
      </Button>
    </form>
  );
}
