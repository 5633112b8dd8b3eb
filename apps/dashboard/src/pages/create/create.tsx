/** A new connector in three steps: which plugin, how, and a last look with the same as text. The plugin is in the address. */
import { call } from '../../api/client.ts';
import { useValidation } from '../../api/use-validation.ts';
import { count } from '../../format/numbers.ts';
import { useView } from '../../live/use-live.ts';
import { connectorPath, createPath } from '../../paths.ts';
import { navigate, setQuery, usePlace } from '../../router.tsx';
import { perform } from '../../state/actions.ts';
import { shortClass } from '../../state/connectors.ts';
import { nameProblem } from '../../state/create.ts';
import type { Definition } from '../../state/definition-texts.ts';
import { createDraft, useDraft } from '../../state/drafts.ts';
import { useRefusal } from '../../state/session.ts';
import { Button } from '../../ui/button.tsx';
import { ConfigForm } from '../../ui/config-form.tsx';
import { Empty, Failed } from '../../ui/empty.tsx';
import { Page } from '../../ui/page.tsx';
import { PluginTiles } from './plugin-tiles.tsx';
import { Preview } from './preview.tsx';
import { Review } from './review.tsx';

export function Create() {
  const { query } = usePlace();
  const refused = useRefusal('admin');
  const className = query.get('class');
  if (refused !== undefined) {
    return (
      <Page title="New connector">
        <Empty title="You may not create connectors" command="sluice apply -f connector.yaml">
          {refused}
        </Empty>
      </Page>
    );
  }
  if (className === null) {
    return (
      <Page title="New connector" note="Which system?">
        <PluginTiles onChoose={(chosen) => navigate(createPath(chosen))} />
      </Page>
    );
  }
  return <Define key={className} className={className} type={query.get('type') ?? ''} />;
}

function Define({ className, type }: { readonly className: string; readonly type: string }) {
  const { query } = usePlace();
  const { connectors } = useView();
  const [{ name, config }, become] = useDraft<Definition>(
    createDraft(className),
    () => ({ name: '', config: { 'connector.class': className } }),
    (draft) => draft.name !== '' || Object.keys(draft.config).length > 1,
  );
  const whole = { ...config, ...(name !== '' && { name }) };
  const { infos, error, isBusy } = useValidation(whole, true);
  // An address of the last step alone, as after a reload, has nothing to review.
  const isReview = query.get('step') === 'review' && name !== '';
  const problem = nameProblem(name, Object.keys(connectors));
  // Before there is a name the server misses it: that is said beside the field of the name.
  const wrong =
    infos?.configs.flatMap(({ definition, value }) =>
      definition.name === 'name' ? [] : value.errors,
    ).length ?? 0;
  const why =
    problem ??
    (infos === undefined || isBusy
      ? 'It is being checked'
      : wrong > 0
        ? `${count(wrong, 'error')} to be mended first`
        : undefined);
  const create = async (): Promise<void> => {
    const isDone = await perform(
      `Create ${name}`,
      async () => await call('POST', '/connectors', { body: { name, config }, timeoutMs: 60_000 }),
      `Created ${name}`,
    );
    if (!isDone) return;
    become({ name: '', config: { 'connector.class': className } });
    navigate(connectorPath(name));
  };
  return (
    <Page
      title="New connector"
      note={`${shortClass(className)}${type === '' ? '' : `, ${type}`}`}
      actions={
        <>
          <Button
            onPress={() =>
              isReview ? setQuery({ step: undefined }, { asStep: true }) : navigate('/create')
            }
          >
            {isReview ? 'Back to the form' : 'Another plugin'}
          </Button>
          {isReview ? (
            <Button kind="primary" refused={why} onPress={() => void create()}>
              Create {name}
            </Button>
          ) : (
            <Button
              kind="primary"
              refused={why}
              onPress={() => setQuery({ step: 'review' }, { asStep: true })}
            >
              Review
            </Button>
          )}
        </>
      }
    >
      {isReview ? (
        <Review definition={{ name, config }} />
      ) : (
        <div className="define">
          <div>
            <div className="panel">
              <div className={name !== '' && problem !== undefined ? 'field wrong' : 'field'}>
                <label htmlFor="connector-name">
                  Name{' '}
                  <span className="tone-bad" aria-hidden="true">
                    *
                  </span>
                </label>
                <input
                  id="connector-name"
                  aria-required="true"
                  value={name}
                  autoComplete="off"
                  spellCheck={false}
                  placeholder="orders"
                  onChange={(event) => become({ name: event.target.value, config })}
                />
                {name !== '' && problem !== undefined && <p className="error">{problem}</p>}
              </div>
            </div>
            {infos && (
              <ConfigForm
                infos={infos}
                config={config}
                onChange={(next) => become({ name, config: next })}
              />
            )}
            {!infos && error !== undefined && <Failed what="the keys of the plugin" why={error} />}
          </div>
          <Preview config={whole} problem={wrong > 0 ? count(wrong, 'error') : undefined} />
        </div>
      )}
    </Page>
  );
}
