/** Connector configurations for the screen: values that may be secrets are not shown, by the rules of the REST API. */
import type { PluginInfo } from '@sluice/coordination';

type Config = Readonly<Record<string, string>>;

/** What of a configuration is shown; `of`: the connector's, where `config` is that of a task. */
export type ShowConfig = (config: Config, of?: Config) => Config;

export async function configShower(plugins: readonly PluginInfo[]): Promise<ShowConfig> {
  // Loaded here, since most commands show no configuration.
  const [{ configParts }, { secretKeysOf, shownConfig }] = await Promise.all([
    import('@sluice/config-parts'),
    import('@sluice/rest-api/shown-config'),
  ]);
  return (config, of = config) =>
    shownConfig(config, {
      isSecret: secretKeysOf(of, plugins, configParts),
      mayWrite: false,
      of,
    });
}

/** Keys that differ, sorted. */
export function changedKeys(before: Config, after: Config): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key]).sort();
}
