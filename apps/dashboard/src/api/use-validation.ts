/** What the server says about a configuration while it is typed: asked for when typing rests. */
import type { ConfigInfos, ConfigKeyBody } from '@sluice/rest-api/shapes';
import { useEffect, useState } from 'react';
import type { Config } from '../state/config-diff.ts';
import { call, messageOf } from './client.ts';

const restMs = 350;
/** It may run code of the plugin, in a process of its own. */
const timeoutMs = 40_000;

export interface Validation {
  /** Of the newest configuration that was answered. */
  readonly infos: ConfigInfos | undefined;
  readonly error: string | undefined;
  /** What is shown is of an older configuration. */
  readonly isBusy: boolean;
}

/** Only who may write may have it checked, since that runs code: the others see the keys alone. */
export function useValidation(config: Config, mayCheck: boolean): Validation {
  const [state, setState] = useState<{ text?: string; infos?: ConfigInfos; error?: string }>({});
  const text = JSON.stringify(config);
  const className = config['connector.class'];
  useEffect(() => {
    if (className === undefined) return undefined;
    const gone = new AbortController();
    const ask = (): void => {
      const path = `/connector-plugins/${encodeURIComponent(className)}/config`;
      const { signal } = gone;
      const body: unknown = JSON.parse(text);
      const asked = mayCheck
        ? call<ConfigInfos>('PUT', `${path}/validate`, { body, signal, timeoutMs })
        : call<readonly ConfigKeyBody[]>('GET', path, { signal }).then(unchecked);
      asked.then(
        (infos) => setState({ text, infos }),
        (error: unknown) => {
          if (!gone.signal.aborted) setState((old) => ({ ...old, text, error: messageOf(error) }));
        },
      );
    };
    const timer = window.setTimeout(ask, restMs);
    return () => {
      window.clearTimeout(timer);
      gone.abort();
    };
  }, [text, className, mayCheck]);
  return { infos: state.infos, error: state.error, isBusy: state.text !== text };
}

function unchecked(keys: readonly ConfigKeyBody[]): ConfigInfos {
  return {
    name: '',
    error_count: 0,
    groups: [...new Set(keys.flatMap(({ group }) => group ?? []))],
    configs: keys.map((definition) => ({
      definition,
      value: {
        name: definition.name,
        value: null,
        recommended_values: [],
        errors: [],
        visible: true,
      },
    })),
  };
}
