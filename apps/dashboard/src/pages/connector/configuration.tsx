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
import { useDraft } from '../../state/drafts.ts';
import { ask } from '../../state/notices.ts';
import { useRefusal } from '../../state/session.ts';
import { Button, CopyButton } from '../../ui/button.tsx';
import { ConfigForm } from '../../ui/config-form.tsx';
import { Diff } from '../../ui/diff.tsx';
import { Failed } from '../../ui/empty.tsx';

type Mode = 'form' | 'json';

interface Editing {
  /** What it began from, and which version that was. */
  readonly base: { readonly version: number; readonly config: Config };
  readonly draft?: Config;
  /** What is typed as JSON, while it is. */
  readonly text?: string;
}

function isEdited({ base, draft, text }: Editing): boolean {
  const parsed = text === undefined ? undefined : parseConfig(text);
  if (parsed && 'problem' in parsed) return true;
  return configDiff(base.config, parsed?.config ?? draft ?? base.config).length > 0;
}

export function Configuration({
  row,
  stored,
}: {
  readonly row: ConnectorRow;
  readonly stored: Config;
}) {
  const refused = useRefusal('admin');
  const fresh = (): Editing => ({ base: { version: row.version, config: stored } });
  const [editing, become] = useDraft(`configuration of ${row.name}`, fresh, isEdited);
  const { base, draft, text } = editing;
  const [mode, setMode] = useState<Mode>(text === undefined ? 'form' : 'json');
  const parsed = text === undefined ? undefined : parseConfig(text);
  const config = parsed && 'config' in parsed ? parsed.config : (draft ?? base.config);
  const problem = parsed && 'problem' in parsed ? parsed.problem : undefined;
  // Somebody else saved: without changes, theirs is shown; with some, it is told when these are saved.
  if (base.config !== stored && problem === undefined && takesOver(stored, base.config, config)) {
    become({ ...fresh(), ...(text !== undefined && { text: formatConfig(stored) }) });
  }
  const changes = configDiff(base.config, config);
  const { infos, error, isBusy } = useValidation(config, refused === undefined);
  const secrets = new Set(
    infos?.configs.flatMap(({ definition: { name, type } }) => (type === 'PASSWORD' ? name : [])),
  );

  const drop = (): void => become(fresh());
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
                  become({
                    base,
                    draft: config,
                    ...(each === 'json' && { text: formatConfig(config) }),
                  });
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
            onChange={(event) => become({ base, draft: config, text: event.target.value })}
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
          onChange={(next) => become({ base, draft: next })}
          isReadOnly={refused !== undefined}
        />
      ) : (
        error !== undefined && <Failed what="the keys of its plugin" why={error} />
      )}
    </div>
  );
}
