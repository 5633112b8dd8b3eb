/** The connector plugins of a process, found by the names that a definition may use. */
import {
  type ConfigKeyInfo,
  type ConnectorPlugin,
  hasConfigCode,
  toConfigKeyInfos,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';

/** One plugin as plain data: what a worker announces. Structurally the cluster's PluginInfo. */
export interface PluginDescription {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly type: 'source' | 'sink';
  readonly version: string;
  readonly configKeys: readonly ConfigKeyInfo[];
  /** Its tasks ask for a process of their own. */
  readonly isolation?: 'dedicated';
  /** It runs only where the record log acknowledges durably. */
  readonly movesExternalCursor?: true;
  /** Part of what may be wrong with a definition is only known by running its code. */
  readonly validates?: true;
}

/** A module that could not be used, or a plugin of it. */
export interface PluginFailure {
  readonly specifier: string;
  /** Names the module and the remedy. */
  readonly error: string;
}

export class PluginRegistry {
  readonly plugins: readonly ConnectorPlugin[];
  readonly failures: readonly PluginFailure[];
  readonly #byName: ReadonlyMap<string, ConnectorPlugin>;

  constructor(plugins: readonly ConnectorPlugin[], failures: readonly PluginFailure[] = []) {
    this.plugins = plugins;
    this.failures = failures;
    this.#byName = indexByName(plugins);
  }

  /** By class or alias; undefined if there is none, or if an alias stands for two. */
  find(name: string): ConnectorPlugin | undefined {
    return this.#byName.get(name.trim());
  }

  /** @throws SluiceError `plugin.unknown` that lists what there is. */
  get(name: string | undefined): ConnectorPlugin {
    if (name === undefined || name.trim() === '')
      throw new SluiceError(
        'plugin.unknown',
        'the configuration has no connector.class: set it to the class or alias of a plugin',
      );
    const found = this.find(name);
    if (found) return found;
    const known = this.plugins.map((plugin) => plugin.class).sort();
    throw new SluiceError(
      'plugin.unknown',
      `no connector plugin is called '${name}'; this worker has: ${known.join(', ') || 'none'}. ` +
        "Add the plugin's module to the worker's plugins, or correct connector.class",
      { details: { class: name } },
    );
  }

  describe(): PluginDescription[] {
    return this.plugins.map((plugin) => ({
      class: plugin.class,
      aliases: plugin.aliases,
      type: plugin.type,
      version: plugin.version,
      configKeys: toConfigKeyInfos(plugin.configDef.keys),
      ...(plugin.isolation === 'dedicated' ? { isolation: 'dedicated' } : {}),
      ...(plugin.type === 'source' && plugin.movesExternalCursor
        ? { movesExternalCursor: true }
        : {}),
      ...(hasConfigCode(plugin) ? { validates: true } : {}),
    }));
  }
}

function indexByName(plugins: readonly ConnectorPlugin[]): ReadonlyMap<string, ConnectorPlugin> {
  const byAlias = new Map<string, ConnectorPlugin | undefined>();
  for (const plugin of plugins) {
    for (const alias of plugin.aliases) {
      // As in Kafka Connect, an alias that stands for two classes stands for neither.
      byAlias.set(alias, byAlias.has(alias) && byAlias.get(alias) !== plugin ? undefined : plugin);
    }
  }
  const byName = new Map<string, ConnectorPlugin>();
  for (const [alias, plugin] of byAlias) if (plugin) byName.set(alias, plugin);
  for (const plugin of plugins) byName.set(plugin.class, plugin);
  return byName;
}
