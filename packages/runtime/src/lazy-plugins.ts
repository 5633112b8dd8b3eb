/**
 * The plugins of an executor: each module is imported when a definition first asks for a plugin of it. A newer index
 * replaces what may be asked for from then on; what runs goes on with what it was given.
 */
import {
  type ConnectorConfig,
  isConnectorPlugin,
  newestInRange,
  type Plugin,
  pluginNeeds,
  pluginsNamed,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';

import type { ConnectorFacts, DefinitionPlugins, PluginLoader } from './definition-plugins.ts';
import { importPlugins } from './load-plugins.ts';
import type { PluginIndex, PluginIndexEntry } from './plugin-index.ts';
import type { PluginModule } from './plugin-module.ts';
import { ConnectorNames } from './plugin-registry.ts';

type ConnectorEntry = PluginIndexEntry & { readonly type: 'source' | 'sink' };

export class LazyPlugins implements PluginLoader {
  #index: PluginIndex = [];
  #connectors = new ConnectorNames<ConnectorEntry>([]);
  /** By the specifier of the module. */
  readonly #imports = new Map<string, Promise<readonly Plugin[]>>();

  constructor(index: PluginIndex) {
    this.update(index);
  }

  update(index: PluginIndex): void {
    this.#index = index;
    this.#connectors = new ConnectorNames(index.filter(isConnector));
  }

  facts(config: ConnectorConfig): ConnectorFacts | undefined {
    return this.#connectors.find(config);
  }

  async load(config: ConnectorConfig): Promise<DefinitionPlugins> {
    const connector = await this.#code(this.#connectors.get(config));
    if (!isConnectorPlugin(connector)) throw new Error(`${connector.class} is no connector`);
    return { connector, ...(await this.parts(config)) };
  }

  /** What it names besides its connector. @throws as `load`. */
  async parts(config: ConnectorConfig): Promise<Omit<DefinitionPlugins, 'connector'>> {
    // What is not in the index comes with the runtime, or is missed where it is used.
    const others = await Promise.all(
      pluginNeeds(config)
        .filter(({ types }) => !types.includes('source'))
        .flatMap((need) => newestInRange(pluginsNamed(this.#index, need), need.range) ?? [])
        .map((entry) => this.#code(entry)),
    );
    return {
      transforms: others.filter((plugin) => plugin.type === 'transformation'),
      predicates: others.filter((plugin) => plugin.type === 'predicate'),
      converters: others.filter((plugin) => plugin.type === 'converter'),
    };
  }

  async #code({ class: className, type, version, module }: PluginIndexEntry): Promise<Plugin> {
    const plugins = await this.#imported(module);
    const found = plugins.find(
      (plugin) =>
        plugin.class === className &&
        plugin.version === version &&
        (plugin.type === 'converter'
          ? plugin.types.some((each) => each === type)
          : plugin.type === type),
    );
    if (found) return found;
    throw new SluiceError(
      'plugin.changed',
      `${module.name} has no ${className} ${version} any more: it is being looked at again; restart what failed if it does not start by itself`,
      { retriable: true },
    );
  }

  #imported(module: PluginModule): Promise<readonly Plugin[]> {
    const known = this.#imports.get(module.specifier);
    if (known) return known;
    const importing = importPlugins(module).then((found) => {
      if (Array.isArray(found)) return found;
      throw new SluiceError('plugin.broken', found.error);
    });
    this.#imports.set(module.specifier, importing);
    // What failed may be complete the next time.
    importing.catch(() => this.#imports.delete(module.specifier));
    return importing;
  }
}

function isConnector(entry: PluginIndexEntry): entry is ConnectorEntry {
  return entry.type === 'source' || entry.type === 'sink';
}
