/** Which connector modules a worker loads: those that come with it, and the user's. */
import { builtInConnectors, convertersWith } from '@sluice/built-in';
import { converterProblems } from '@sluice/converters';
import type { PluginInfo } from '@sluice/coordination';
import { SluiceError, settingName } from '@sluice/kernel';
import { type PluginInventory, specifierOf } from '@sluice/runtime';

/** File URLs of paths, which are relative to where the worker was started; what is no path is an installed package. */
export function pluginSpecifiers(userModules: readonly string[]): string[] {
  return [...builtInConnectors(), ...userModules.map(specifierOf)];
}

/** More would only make every worker's record large; the log has them all. */
const brokenMax = 100;

/** What the cluster is told: also what does not load, so that a definition's error can say why. */
export function announced({ plugins, failures }: PluginInventory): PluginInfo[] {
  const broken = failures.slice(0, brokenMax).map(({ specifier, error }) => ({
    class: specifier,
    aliases: [],
    type: 'source' as const,
    version: '',
    configKeys: [],
    error,
  }));
  return [...plugins, ...broken];
}

/** @throws SluiceError `config.invalid` if a converter that connectors inherit is of no plugin, or has wrong keys. */
export function checkInheritedConverters(
  workerConfig: Readonly<Record<string, string>>,
  { plugins }: Pick<PluginInventory, 'plugins'>,
): void {
  const problems = converterProblems(workerConfig, convertersWith(plugins));
  if (problems.length === 0) return;
  const texts = problems.map(({ key, message }) => `SLUICE_${settingName(key)}: ${message}`);
  throw new SluiceError(
    'config.invalid',
    `${[...new Set(texts)].join('\n')}\nA class that does not come with Sluice has to be in a module of SLUICE_PLUGINS or a package of SLUICE_PLUGIN_PATH`,
  );
}
