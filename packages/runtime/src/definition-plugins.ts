/** The code that a definition runs with: the plugins that it names, in the versions that it asks for. */
import type {
  ConnectorConfig,
  ConnectorPlugin,
  ConverterPlugin,
  PredicatePlugin,
  TransformPlugin,
} from '@sluice/connector-api';

export interface DefinitionPlugins {
  readonly connector: ConnectorPlugin;
  /** Those that come with the runtime are not among these. */
  readonly transforms: readonly TransformPlugin[];
  readonly predicates: readonly PredicatePlugin[];
  readonly converters: readonly ConverterPlugin[];
}

/** What is known of a connector without its code. */
export interface ConnectorFacts {
  readonly type: 'source' | 'sink';
  readonly version: string;
  readonly movesExternalCursor?: boolean;
  readonly effectsAreFenced?: boolean;
}

/** Where the runtime gets plugins. */
export interface PluginLoader {
  /** Undefined if there is none, or none in the version asked for. */
  facts(config: ConnectorConfig): ConnectorFacts | undefined;
  /** @throws SluiceError `plugin.unknown` that lists what there is. */
  load(config: ConnectorConfig): Promise<DefinitionPlugins>;
}
