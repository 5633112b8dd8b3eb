/** The plugins that a command may run code of: those that come with Sluice, and those of SLUICE_PLUGINS. */
import { builtInConnectors } from '@sluice/built-in';
import type { Environment } from '@sluice/kernel';
import { inventoryOf, type PluginInventory, scanPlugins, specifierOf } from '@sluice/runtime';

/** `modules`: besides those. */
export async function pluginInventory(
  env: Environment,
  modules: readonly string[] = [],
): Promise<PluginInventory> {
  const named = (env['SLUICE_PLUGINS'] ?? '').split(',').filter((path) => path.trim() !== '');
  const own = [...named, ...modules].map((module) => specifierOf(module.trim()));
  return inventoryOf([await scanPlugins([...builtInConnectors(), ...own])]);
}
