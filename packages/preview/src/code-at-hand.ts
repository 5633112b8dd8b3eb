/** Whether all the code is here that a definition runs with on a worker. What is not here is not known to be wrong. */
import { builtInConverters } from '@sluice/built-in';
import {
  type ConnectorConfig,
  newestInRange,
  type PluginNeed,
  pluginNeeds,
  pluginsNamed,
} from '@sluice/connector-api';
import type { PluginIndex } from '@sluice/runtime';
import { builtInTransformations } from '@sluice/transforms';

type Named = Parameters<typeof pluginsNamed>[0][number];

const builtIn: readonly Named[] = [
  ...builtInTransformations.transforms,
  ...builtInTransformations.predicates,
  ...builtInConverters.flatMap(({ aliases, class: className, types, version }) =>
    types.map((type) => ({ aliases, class: className, type, version })),
  ),
];

export function hasAllCode(config: ConnectorConfig, index: PluginIndex): boolean {
  const has = (plugins: readonly Named[], need: PluginNeed): boolean =>
    newestInRange(pluginsNamed(plugins, need), need.range) !== undefined;
  return pluginNeeds(config).every((need) => has(builtIn, need) || has(index, need));
}
