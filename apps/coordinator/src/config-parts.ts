/** What definitions may name besides connectors: it comes with this build, as with every worker of it. */
import { toConfigKeyInfos } from '@sluice/connector-api';
import {
  type ConverterPlugin,
  converterKeys,
  converterPlugins,
  converterProblems,
} from '@sluice/converters';
import type { PluginInfo } from '@sluice/coordination';
import type { ConfigParts } from '@sluice/rest-api';
import { schemaRegistryConverters } from '@sluice/schema-registry';
import {
  predicatePlugins,
  transformationKeys,
  transformationProblems,
  transformPlugins,
} from '@sluice/transforms';

const converters = [...converterPlugins, ...schemaRegistryConverters];

export const configParts: ConfigParts = {
  builtIn: [
    ...[...transformPlugins, ...predicatePlugins].map(
      ({ class: className, aliases, type, version, configDef }): PluginInfo => ({
        class: className,
        aliases,
        type,
        version,
        configKeys: toConfigKeyInfos(configDef.keys),
      }),
    ),
    ...converters.flatMap(converterInfos),
  ],
  keys: (config) => [...transformationKeys(config), ...converterKeys(config, converters)],
  problems: (config) => [
    ...transformationProblems(config),
    ...converterProblems(config, converters),
  ],
};

/** Once for each thing that it may convert. */
function converterInfos(plugin: ConverterPlugin): PluginInfo[] {
  const { class: className, aliases, version, types, configKeys } = plugin;
  return types.map((type) => ({
    class: className,
    aliases,
    type,
    version,
    configKeys: toConfigKeyInfos(configKeys),
  }));
}
