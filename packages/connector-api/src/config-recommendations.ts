/** What a plugin's code recommends for a form. To be run where the plugin was loaded, and may be given up. */
import type { ConfigKey } from './config-def.ts';
import type { ConnectorConfig } from './task.ts';

export interface Recommendation {
  readonly values?: readonly string[];
  readonly isVisible?: boolean;
}

/** By key. @throws what a recommender throws. */
export async function recommendations(
  keys: readonly ConfigKey[],
  config: ConnectorConfig,
): Promise<Record<string, Recommendation>> {
  const defaults = keys.flatMap(({ name, defaultValue }) =>
    defaultValue === null ? [] : [[name, defaultValue] as const],
  );
  const filled = { ...Object.fromEntries(defaults), ...config };
  const found: Record<string, Recommendation> = {};
  for (const { name, recommender } of keys) {
    if (!recommender) continue;
    found[name] = {
      ...(recommender.values ? { values: await recommender.values(filled) } : {}),
      ...(recommender.isVisible ? { isVisible: recommender.isVisible(filled) } : {}),
    };
  }
  return found;
}

/** Whether something is only known by running code of the plugin. */
export function hasConfigCode({
  configDef,
  validate,
}: {
  readonly configDef: { readonly keys: readonly ConfigKey[] };
  readonly validate?: unknown;
}): boolean {
  return (
    validate !== undefined ||
    configDef.keys.some(
      ({ checks, recommender }) => checks !== undefined || recommender !== undefined,
    )
  );
}
