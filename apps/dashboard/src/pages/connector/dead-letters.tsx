/** Records that were left out, with why; to be looked at, and written back to where they are from. */
import type { LettersAnswer, ReplayAnswer } from '@sluice/rest-api/shapes';
import { useState } from 'react';
import { call } from '../../api/client.ts';
import { useQuery } from '../../api/use-query.ts';
import { count } from '../../format/numbers.ts';
import { wholeTime } from '../../format/times.ts';
import { usePlace } from '../../router.tsx';
import { perform } from '../../state/actions.ts';
import type { Config } from '../../state/config-diff.ts';
import { deadLetterTopic } from '../../state/flow.ts';
import { type LetterRow, letterRow, replayedText } from '../../state/letters.ts';
import { ask } from '../../state/notices.ts';
import { useRefusal } from '../../state/session.ts';
import { shellWord } from '../../state/shell.ts';
import { Button } from '../../ui/button.tsx';
import { Empty, Failed } from '../../ui/empty.tsx';
import { olderThan, Pages } from '../../ui/pages.tsx';

const columns = 6;
/** Of a page. */
const lettersMax = 100;

export function DeadLetters({ config }: { readonly config: Config }) {
  const topic = deadLetterTopic(config);
  if (topic === undefined) {
    return (
      <Empty
        title="It has no dead letter queue"
        command="errors.tolerance=all errors.deadletterqueue.topic.name=dead"
      >
        A record that cannot be converted, transformed or written ends its task. With these keys it
        is left out, and kept with why.
      </Empty>
    );
  }
  return <Letters key={topic} topic={topic} />;
}

function Letters({ topic }: { readonly topic: string }) {
  const refused = useRefusal('operator');
  const { query } = usePlace();
  const isNewest = !query.has('before');
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { data, error, again } = useQuery<LettersAnswer>(
    `/sluice/dead-letters?topic=${encodeURIComponent(topic)}&limit=${lettersMax}${olderThan(query)}`,
  );
  if (!data) {
    return error ? <Failed what="dead letters" why={error.message} onRetry={again} /> : null;
  }
  const letters = data.letters.map(letterRow);
  if (letters.length === 0 && isNewest && data.next === null) {
    return (
      <Empty title="No dead letters" command={`sluice dlq show ${shellWord(topic)}`}>
        Nothing was left out.
      </Empty>
    );
  }
  const chosen = letters.filter((letter) => selected.has(letter.id));
  const toggle = (id: string): void => {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    setSelected(next);
  };
  const replay = async (): Promise<void> => {
    const before = chosen.filter(({ isReplayed }) => isReplayed).length;
    const yes = await ask({
      title: `Replay ${count(chosen.length, 'dead letter')}?`,
      body: `They are written again to the topics that they are from. Every connector that reads those sees them again. They stay in ${topic} as well, marked as replayed.${before > 0 ? ` Of these, ${before} were replayed before.` : ''}`,
      verb: `Replay ${chosen.length}`,
    });
    if (!yes) return;
    const places = chosen.map(({ place }) => place);
    const isDone = await perform(
      `Replay ${count(chosen.length, 'dead letter')} of ${topic}`,
      async () =>
        await call<ReplayAnswer>('POST', '/sluice/dead-letters/replay', {
          body: { topic, letters: places },
        }),
      replayedText,
    );
    if (!isDone) return;
    setSelected(new Set());
    again();
  };
  const waiting = letters.filter(({ isReplayed }) => !isReplayed).length;
  const replayWaiting = async (): Promise<void> => {
    const yes = await ask({
      title: `Replay all of ${topic} that wait?`,
      body: `All its letters that were not replayed yet, and not only those that are shown, are written again to the topics that they are from. Every connector that reads those sees them again.`,
      verb: 'Replay all that wait',
    });
    if (!yes) return;
    const isDone = await perform(
      `Replay ${topic}`,
      async () =>
        await call<ReplayAnswer>('POST', '/sluice/dead-letters/replay', { body: { topic } }),
      replayedText,
    );
    if (isDone) again();
  };
  const areAll = letters.length > 0 && chosen.length === letters.length;
  return (
    <>
      <div className="row above">
        <span className="dim">
          {isNewest ? 'The newest' : 'Older:'} {letters.length} of <code>{topic}</code>, {waiting}{' '}
          of them not replayed
        </span>
        <span className="push" />
        <Button onPress={again}>Look again</Button>
        <Button
          refused={
            refused ??
            (waiting === 0 && isNewest && data.next === null ? 'All were replayed' : undefined)
          }
          onPress={() => void replayWaiting()}
        >
          Replay all that wait
        </Button>
        <Button
          kind={chosen.length > 0 ? 'primary' : 'plain'}
          refused={refused ?? (chosen.length === 0 ? 'Select dead letters first' : undefined)}
          onPress={() => void replay()}
        >
          Replay{chosen.length > 0 ? ` ${chosen.length}` : ''}
        </Button>
      </div>
      <table className="table letters">
        <thead>
          <tr>
            <th className="box">
              <input
                type="checkbox"
                aria-label="Select all"
                checked={areAll}
                onChange={() =>
                  setSelected(areAll ? new Set() : new Set(letters.map(({ id }) => id)))
                }
              />
            </th>
            <th>From</th>
            <th className="minor">At</th>
            <th className="minor">Stage</th>
            <th>Value</th>
            <th className="why">Error</th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter) => (
            <LetterRows
              key={letter.id}
              letter={letter}
              isSelected={selected.has(letter.id)}
              onToggle={() => toggle(letter.id)}
            />
          ))}
        </tbody>
      </table>
      <Pages next={data.next} />
    </>
  );
}

function LetterRows({
  letter,
  isSelected,
  onToggle,
}: {
  readonly letter: LetterRow;
  readonly isSelected: boolean;
  readonly onToggle: () => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const { from, atMs, stage, key, value, error, trace, isReplayed } = letter;
  const name = from ?? `letter ${letter.id}`;
  return (
    <>
      <tr aria-selected={isSelected} data-letter={letter.id}>
        <td className="box">
          <input
            type="checkbox"
            aria-label={`Select the letter from ${name}`}
            checked={isSelected}
            onChange={onToggle}
          />
        </td>
        <td>
          <button
            type="button"
            className="link"
            aria-expanded={isOpen}
            onClick={() => setOpen(!isOpen)}
          >
            {name}
          </button>
          {isReplayed && <span className="tag">replayed</span>}
        </td>
        <td className="dim minor">{wholeTime(atMs)}</td>
        <td className="minor">{stage}</td>
        <td className="value mono">{value}</td>
        <td className="why tone-bad" title={error ?? undefined}>
          {error}
        </td>
      </tr>
      {isOpen && (
        <tr className="opened">
          <td colSpan={columns}>
            <dl className="facts">
              <div>
                <dt>Key</dt>
                <dd className="mono">{key ?? 'none'}</dd>
              </div>
              <div>
                <dt>Value</dt>
                <dd className="mono">{value ?? 'none'}</dd>
              </div>
              <div>
                <dt>Error</dt>
                <dd className="mono">{trace ?? error ?? 'its headers do not say'}</dd>
              </div>
            </dl>
          </td>
        </tr>
      )}
    </>
  );
}
