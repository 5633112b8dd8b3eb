/** The configuration as a form or as JSON; a change is shown as a difference before it is saved. */
import { useState } from 'react';
import { call } from '../../api/client.ts';
import { useValidation } from '../../api/use-validation.ts';
import { count } from '../../format/numbers.ts';
import { perform } from '../../state/actions.ts';
import {
  type Config,
  configDiff,
  formatConfig,
  parseConfig,
  takesOver,
} from '../../state/config-diff.ts';
import type { ConnectorRow } from '../../state/connectors.ts';
import { ask } from '../../state/notices.ts';
import { useRefusal } from '../../state/session.ts';
import { Button, CopyButton } from '../../ui/button.tsx';
import { ConfigForm } from '../../ui/config-form.tsx';
import { Diff } from '../../ui/diff.tsx';
import { Failed } from '../../ui/empty.tsx';

type Mode = 'form' | 'json';

export function Configuration({
  row,
  stored,
}: {
  readonly row: ConnectorRow;
  readonly stored: Config;
}) {
  const refused = useRefusal('admin');
  const [mode, setMode] = useState<Mode>('form');
  const [draft, setDraft] = useState<Config>();
  /** What is typed as JSON, while it is. */
  const [text, setText] = useState<string>();
  const [base, setBase] = useState({ version: row.version, config: stored });
  const parsed = text === undefined ? undefined : parseConfig(text);
  const config = parsed && 'config' in parsed ? parsed.config : (draft ?? base.config);
  const problem = parsed && 'problem' in parsed ? parsed.problem : undefined;
  // Somebody else saved: without changes, theirs is shown; with some, it is told when these are saved.
  if (base.config !== stored && problem === undefined && takesOver(stored, base.config, config)) {
    setBase({ version: row.version, config: stored });
    setDraft(undefined);
    if (text !== undefined) setText(formatConfig(stored));
  }
  const changes = configDiff(base.config, config);
  const { infos, error, isBusy } = useValidation(config, refused === undefined);
  const secrets = new Set(
    infos?.configs.flatMap(({ definition: { name, type } }) => (type === 'PASSWORD' ? name : [])),
  );

  const drop = (): void => {
    setDraft(undefined);
    setText(undefined);
    setBase({ version: row.version, config: stored });
  };
  const save = async (): Promise<void> => {
    const yes = await ask({
      title: `Save ${count(changes.length, 'change')} to ${row.name}?`,
      body: (
        <>
          <p>Its tasks are made anew from this, and restart where theirs is different.</p>
          <Diff changes={changes} secrets={secrets} />
        </>
      ),
      verb: 'Save',
    });
    if (!yes) return;
    const body = {
      definitions: [{ name: row.name, config }],
      mode: 'update',
      expectedVersion: base.version,
    };
    const isDone = await perform(
      `Save ${row.name}`,
      async () => await call('PUT', '/sluice/apply', { body, timeoutMs: 60_000 }),
      `Saved ${count(changes.length, 'change')} to ${row.name}`,
    );
    if (isDone) drop();
  };
  const wrong = infos?.error_count ?? 0;
  const why =
    refused ??
    problem ??
    (changes.length === 0
      ? 'Nothing is changed'
      : isBusy
        ? 'It is being checked'
        : wrong > 0
          ? `${count(wrong, 'error')} to be mended first`
          : undefined);
  return (
    <div className="configuration">
      <div className="row above">
        <fieldset className="switch">
          <legend className="hidden">Shown as</legend>
          {(['form', 'json'] as const).map((each) => (
            <label key={each}>
              <input
                type="radio"
                name="mode"
                checked={mode === each}
                onChange={() => {
                  setMode(each);
                  setDraft(config);
                  setText(each === 'json' ? formatConfig(config) : undefined);
                }}
              />
              <span>{each === 'form' ? 'Form' : 'JSON'}</span>
            </label>
          ))}
        </fieldset>
        <CopyButton text={formatConfig(config)} what="the configuration" />
        <span className="push" />
        {refused !== undefined && <span className="dim">{refused}</span>}
        {wrong > 0 && <span className="tone-bad">{count(wrong, 'error')}</span>}
        {changes.length > 0 && <span>{count(changes.length, 'change')}</span>}
        <Button onPress={drop} refused={changes.length === 0 ? 'Nothing is changed' : undefined}>
          Discard
        </Button>
        <Button kind="primary" refused={why} onPress={() => void save()}>
          Review and save
        </Button>
      </div>
      {changes.length > 0 && (
        <section className="panel above" aria-label="Difference">
          <Diff changes={changes} secrets={secrets} />
        </section>
      )}
      {mode === 'json' ? (
        <>
          <textarea
            aria-label="Configuration as JSON"
            rows={Math.max(12, Object.keys(config).length + 4)}
            value={text ?? formatConfig(config)}
            readOnly={refused !== undefined}
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
          {problem !== undefined && (
            <p className="error" role="alert">
              {problem}
            </p>
          )}
        </>
      ) : infos ? (
        <ConfigForm
          infos={infos}
          config={config}
          onChange={setDraft}
          isReadOnly={refused !== undefined}
        />
      ) : (
        error !== undefined && <Failed what="the keys of its plugin" why={error} />
      )}
    </div>
  );
}
