/** What passes between whoever asks for a validation and the process that runs the plugin's part of it. */
import type { ProviderSettings } from '@sluice/config-providers';
import type { ConfigProblem, ConnectorConfig, Recommendation } from '@sluice/connector-api';
import type { PluginIndex } from '@sluice/runtime';

export interface ValidationTask {
  /** Of the plugins that there are. Only what a configuration names is imported. */
  readonly index: PluginIndex;
  /** Validated one after the other. */
  readonly configs: readonly ConfigToValidate[];
  /** What references stand for; default: a definition with one is refused. With keys: not to be logged. */
  readonly providers?: ProviderSettings;
  /** For the plugin's code, for each. */
  readonly timeoutMs: number;
}

export interface ConfigToValidate {
  /** With its `connector.class`. */
  readonly config: ConnectorConfig;
  /** The same with the versions of plugins that workers run: other ones would find other faults. */
  readonly pinned: ConnectorConfig;
}

export type Validation =
  | {
      readonly kind: 'validated';
      /** All, also those that are seen without the plugin's code. None quotes a secret. */
      readonly problems: readonly ConfigProblem[];
      readonly recommendations: Readonly<Record<string, Recommendation>>;
    }
  /** No module has the connector, or a converter, transform or predicate that it names, in that version. */
  | { readonly kind: 'unknown' }
  /** The plugin's code threw, did not end in time, or ended its process. */
  | { readonly kind: 'failed'; readonly isLate: boolean; readonly message: string };

export type FromValidation =
  /** Before each result: what follows is the plugin's code. */
  | { readonly kind: 'loaded' }
  /** One for each configuration, in their order. */
  | { readonly kind: 'result'; readonly validation: Validation };
