/** Whether all the code is here that a definition runs with on a worker. What is not here is not known to be wrong. */
import {
  type ConnectorConfig,
  newestInRange,
  type PluginNeed,
  pluginNeeds,
  pluginsNamed,
} from '@sluice/connector-api';
import { converterPlugins } from '@sluice/converters';
import type { PluginIndex } from '@sluice/runtime';
import { schemaRegistryConverters } from '@sluice/schema-registry';
import { builtInTransformations } from '@sluice/transforms';

type Named = Parameters<typeof pluginsNamed>[0][number];

const builtIn: readonly Named[] = [
  ...builtInTransformations.transforms,
  ...builtInTransformations.predicates,
  ...[...converterPlugins, ...schemaRegistryConverters].flatMap(
    ({ aliases, class: className, types, version }) =>
      types.map((type) => ({ aliases, class: className, type, version })),
  ),
];

export function hasAllCode(config: ConnectorConfig, index: PluginIndex): boolean {
  const has = (plugins: readonly Named[], need: PluginNeed): boolean =>
    newestInRange(pluginsNamed(plugins, need), need.range) !== undefined;
  return pluginNeeds(config).every((need) => has(builtIn, need) || has(index, need));
}

/** To look plugins up by; code is given what the definition says. */
export function withConnectorVersion(config: ConnectorConfig, version: string): ConnectorConfig {
  return { ...config, 'connector.plugin.version': `[${version}]` };
}
