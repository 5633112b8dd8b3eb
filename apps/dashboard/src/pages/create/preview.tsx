/** Ten records as they would be written; nothing is. */
import type { PreviewAnswer, PreviewedRecord } from '@sluice/rest-api/shapes';
import { useState } from 'react';
import { call, messageOf } from '../../api/client.ts';
import { count } from '../../format/numbers.ts';
import type { Config } from '../../state/config-diff.ts';
import { Button } from '../../ui/button.tsx';
import { Panel } from '../../ui/page.tsx';

const recordsMax = 10;
/** A process is started for it, and a source may have nothing. */
const timeoutMs = 40_000;

const ends: Readonly<Record<string, string>> = {
  timeout: 'No more came within ten seconds.',
  bytes: 'More would be too much to show.',
};

export function Preview({
  config,
  problem,
}: {
  readonly config: Config;
  readonly problem: string | undefined;
}) {
  const [answer, setAnswer] = useState<PreviewAnswer>();
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      const path = `/sluice/preview?records=${recordsMax}`;
      setAnswer(await call<PreviewAnswer>('POST', path, { body: config, timeoutMs }));
    } catch (thrown) {
      setAnswer(undefined);
      setError(messageOf(thrown));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Panel
      title="Preview"
      className="preview"
      aside={
        <Button
          refused={
            isBusy ? 'It runs' : problem === undefined ? undefined : `${problem} to be mended first`
          }
          onPress={() => void run()}
        >
          {isBusy ? 'Reading …' : 'Read ten records'}
        </Button>
      }
    >
      {error !== undefined && (
        <p className="error" role="alert">
          {error}
        </p>
      )}
      {!answer && error === undefined && (
        <p className="dim">
          Runs the connector in a process of its own and shows its first records after each
          transform. Nothing is written or stored. For sources.
        </p>
      )}
      {answer && <Answer answer={answer} />}
    </Panel>
  );
}

function Answer({ answer: { records, end } }: { readonly answer: PreviewAnswer }) {
  return (
    <>
      <p className="dim">{count(records.length, 'record')}</p>
      <ol className="records">
        {records.map((record, index) => (
          <Previewed key={`${index}-${record.offset ?? ''}`} record={record} />
        ))}
      </ol>
      {end.kind === 'failed' ? (
        <p className="error" role="alert">
          {end.message}
        </p>
      ) : (
        <p className="dim">{ends[end.by]}</p>
      )}
    </>
  );
}

function Previewed({ record: { before, steps } }: { readonly record: PreviewedRecord }) {
  const last = steps.findLast(({ after }) => after !== undefined)?.after ?? before;
  const dropped = steps.find(({ result }) => result === 'filtered' || result === 'failed');
  return (
    <li>
      <details>
        <summary>
          <span className="dim">{last.topic}</span> <span className="mono">{last.value}</span>
          {dropped && (
            <span className={dropped.result === 'failed' ? 'tone-bad' : 'tone-warn'}>
              {' '}
              {dropped.result} by {dropped.name}
            </span>
          )}
        </summary>
        <dl className="facts">
          <div>
            <dt>polled</dt>
            <dd className="mono">
              {before.key} {before.value}
            </dd>
          </div>
          {steps.map(({ name, result, after, bytes, error }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="mono">
                {error ?? after?.value ?? bytes?.text ?? bytes?.hex ?? result}
              </dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}
