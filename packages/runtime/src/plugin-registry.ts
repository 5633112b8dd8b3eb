/** Plugins that are loaded, found by the names that a definition may use. */
import {
  type ConfigKeyInfo,
  type ConnectorConfig,
  type ConnectorPlugin,
  type ConverterPlugin,
  hasConfigCode,
  isConnectorPlugin,
  newestInRange,
  type Plugin,
  type PluginNeed,
  type PluginType,
  pluginNeeds,
  toConfigKeyInfos,
  versionNotFound,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';

import type { DefinitionPlugins, PluginLoader } from './definition-plugins.ts';

/** One plugin as plain data: what a worker announces. Structurally the cluster's PluginInfo. */
export interface PluginDescription {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly type: PluginType;
  readonly version: string;
  readonly configKeys: readonly ConfigKeyInfo[];
  /** Its tasks ask for a process of their own. */
  readonly isolation?: 'dedicated';
  /** It runs only where the record log acknowledges durably. */
  readonly movesExternalCursor?: true;
  readonly effectsAreFenced?: true;
  /** Part of what may be wrong with a definition is only known by running its code. */
  readonly validates?: true;
  /** Its code is asked before its offsets are changed. */
  readonly altersOffsets?: true;
}

/** A module that could not be used, or a plugin of it. */
export interface PluginFailure {
  readonly specifier: string;
  /** Names the module and the remedy. */
  readonly error: string;
}

export class PluginRegistry implements PluginLoader {
  /** The connectors. */
  readonly plugins: readonly ConnectorPlugin[];
  readonly failures: readonly PluginFailure[];
  readonly #all: readonly Plugin[];
  readonly #connectors: ConnectorNames<ConnectorPlugin>;

  constructor(plugins: readonly Plugin[], failures: readonly PluginFailure[] = []) {
    this.#all = plugins;
    this.plugins = plugins.filter(isConnectorPlugin);
    this.failures = failures;
    this.#connectors = new ConnectorNames(this.plugins);
  }

  /** By class or alias, the newest; undefined if there is none, or if an alias stands for two classes. */
  find(name: string): ConnectorPlugin | undefined {
    return newestInRange(this.#connectors.versionsOf(name), undefined);
  }

  facts(config: ConnectorConfig): ConnectorPlugin | undefined {
    return this.#connectors.find(config);
  }

  async load(config: ConnectorConfig): Promise<DefinitionPlugins> {
    return {
      connector: this.#connectors.get(config),
      transforms: this.#all.filter((plugin) => plugin.type === 'transformation'),
      predicates: this.#all.filter((plugin) => plugin.type === 'predicate'),
      converters: this.converters,
    };
  }

  get converters(): readonly ConverterPlugin[] {
    return this.#all.filter((plugin) => plugin.type === 'converter');
  }

  describe(): PluginDescription[] {
    return this.#all.flatMap(describePlugin);
  }
}

interface NamedConnector {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly version: string;
}

/** Connectors by what a definition may call them. */
export class ConnectorNames<Connector extends NamedConnector> {
  readonly #byName = new Map<string, Connector[]>();
  readonly #classes: readonly string[];

  constructor(connectors: readonly Connector[]) {
    const byClass = Map.groupBy(connectors, (each) => each.class);
    const classOfAlias = new Map<string, string | undefined>();
    for (const { aliases, class: className } of connectors) {
      for (const alias of aliases) {
        const known = classOfAlias.get(alias) ?? className;
        // As in Kafka Connect, an alias that stands for two classes stands for neither.
        const isShared = classOfAlias.has(alias) && classOfAlias.get(alias) !== className;
        classOfAlias.set(alias, isShared ? undefined : known);
      }
    }
    for (const [alias, className] of classOfAlias) {
      if (className !== undefined) this.#byName.set(alias, byClass.get(className) ?? []);
    }
    for (const [className, versions] of byClass) this.#byName.set(className, versions);
    this.#classes = [...byClass.keys()].sort();
  }

  versionsOf(name: string): readonly Connector[] {
    return this.#byName.get(name.trim()) ?? [];
  }

  find(config: ConnectorConfig): Connector | undefined {
    const need = connectorNeed(config);
    return need && newestInRange(this.versionsOf(need.name), need.range);
  }

  /** @throws SluiceError `plugin.unknown` that lists what there is. */
  get(config: ConnectorConfig): Connector {
    const need = connectorNeed(config);
    if (!need)
      throw new SluiceError(
        'plugin.unknown',
        'the configuration has no connector.class: set it to the class or alias of a plugin',
      );
    const versions = this.versionsOf(need.name);
    const found = newestInRange(versions, need.range);
    if (found) return found;
    throw new SluiceError(
      'plugin.unknown',
      versions.length > 0
        ? `${versionNotFound(need.name, need.range, versions)}. Add that version to this worker's plugins, or change connector.plugin.version`
        : `no connector plugin is called '${need.name}'; this worker has: ${this.#classes.join(', ') || 'none'}. ` +
            "Add the plugin's module to the worker's plugins, or correct connector.class",
      { details: { class: need.name } },
    );
  }
}

function connectorNeed(config: ConnectorConfig): PluginNeed | undefined {
  return pluginNeeds(config).find(({ types }) => types.includes('source'));
}

/** A converter is listed once for each thing that it may convert. */
function describePlugin(plugin: Plugin): PluginDescription[] {
  const { class: className, aliases, version } = plugin;
  const named = { class: className, aliases, version };
  if (plugin.type === 'converter') {
    const configKeys = toConfigKeyInfos(plugin.configKeys);
    const code = validates({ configDef: { keys: plugin.configKeys } });
    return plugin.types.map((type) => ({ ...named, type, configKeys, ...code }));
  }
  const described = {
    ...named,
    type: plugin.type,
    configKeys: toConfigKeyInfos(plugin.configDef.keys),
    ...validates(plugin),
  };
  if (!isConnectorPlugin(plugin)) return [described];
  return [
    {
      ...described,
      ...(plugin.isolation === 'dedicated' ? { isolation: 'dedicated' } : {}),
      ...(plugin.type === 'source' && plugin.movesExternalCursor
        ? { movesExternalCursor: true }
        : {}),
      ...(plugin.type === 'sink' && plugin.effectsAreFenced ? { effectsAreFenced: true } : {}),
      ...(plugin.alterOffsets ? { altersOffsets: true } : {}),
    },
  ];
}

function validates(plugin: Parameters<typeof hasConfigCode>[0]): { readonly validates?: true } {
  return hasConfigCode(plugin) ? { validates: true } : {};
}
