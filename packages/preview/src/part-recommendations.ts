/** What the code of a definition's transforms, predicates and converters recommends for a form. */
import {
  type ConfigKey,
  type ConnectorConfig,
  newestInRange,
  pluginNeeds,
  pluginsNamed,
  type Recommendation,
  recommendations,
} from '@sluice/connector-api';

import type { PreviewParts } from './trace.ts';

/** By key, as the definition has it. @throws what a recommender throws. */
export async function partRecommendations(
  config: ConnectorConfig,
  parts: PreviewParts,
): Promise<Record<string, Recommendation>> {
  const known = configurable(parts);
  const found: Record<string, Recommendation> = {};
  for (const need of pluginNeeds(config)) {
    const part = newestInRange(pluginsNamed(known, need), need.range);
    if (!part) continue;
    const prefix = need.versionKey.replace(/plugin\.version$/, '');
    // It knows its keys without the prefix.
    const own = Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
    );
    const told = await recommendations(part.keys, Object.fromEntries(own));
    for (const [key, recommendation] of Object.entries(told)) found[prefix + key] = recommendation;
  }
  return found;
}

type Configurable = Parameters<typeof pluginsNamed>[0][number] & {
  readonly keys: readonly ConfigKey[];
};

function configurable({ converters, predicates, transforms }: PreviewParts): Configurable[] {
  return [
    ...[...transforms, ...predicates].map((part) => ({ ...part, keys: part.configDef.keys })),
    ...converters.flatMap(({ aliases, class: className, configKeys, types, version }) =>
      types.map((type) => ({ aliases, class: className, keys: configKeys, type, version })),
    ),
  ];
}
