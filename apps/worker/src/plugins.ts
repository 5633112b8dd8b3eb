/** Which connector modules a worker loads: those that come with it, and the user's. */
import type { PluginInfo } from '@sluice/coordination';
import { type PluginInventory, specifierOf } from '@sluice/runtime';

const builtIn = [
  '@sluice/connector-bullmq',
  '@sluice/connector-file',
  '@sluice/connector-verifiable',
];

/** File URLs of paths, which are relative to where the worker was started; what is no path is an installed package. */
export function pluginSpecifiers(userModules: readonly string[]): string[] {
  return [...builtIn.map((name) => import.meta.resolve(name)), ...userModules.map(specifierOf)];
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
