/**
 * Plugins of this machine, for commands that run or judge what no worker has yet: modules and directories of packages,
 * of options and of the settings that workers have for them. What comes with every worker is not among them.
 */
import { type Environment, systemClock } from '@sluice/kernel';
import { type PluginInventory, PluginPath, specifierOf } from '@sluice/runtime';
import { type Command, Option } from 'commander';

export interface PluginFlags {
  readonly plugin?: readonly string[];
  readonly pluginPath?: readonly string[];
}

/** Where plugins are looked for. */
export interface PluginPlaces {
  /** Paths, or names of installed packages. */
  readonly modules: readonly string[];
  /** Of packages. */
  readonly directories: readonly string[];
}

/** Scanned once: nothing is looked at again. */
const neverMs = 3_600_000;
/** For one module. */
const scanLimitMs = 10_000;

export function addPluginOptions(command: Command): Command {
  return command
    .addOption(new Option('--plugin <module...>', 'modules with plugins, besides SLUICE_PLUGINS'))
    .addOption(
      new Option(
        '--plugin-path <directory...>',
        'directories of packages with plugins, besides SLUICE_PLUGIN_PATH',
      ),
    );
}

/** Of the options alone, where the settings of a worker that happen to be set must not change the answer. */
export function placesOfFlags({ plugin = [], pluginPath = [] }: PluginFlags): PluginPlaces {
  return { modules: plugin.flatMap(listOf), directories: pluginPath.flatMap(listOf) };
}

export function pluginPlaces(flags: PluginFlags, env: Environment): PluginPlaces {
  const given = placesOfFlags(flags);
  return {
    modules: [...listOf(env['SLUICE_PLUGINS']), ...given.modules],
    directories: [...listOf(env['SLUICE_PLUGIN_PATH']), ...given.directories],
  };
}

export function hasPlaces({ modules, directories }: PluginPlaces): boolean {
  return modules.length + directories.length > 0;
}

/** `more`: modules that are there anyhow. */
export async function localPlugins(
  { modules, directories }: PluginPlaces,
  more: readonly string[] = [],
): Promise<PluginInventory> {
  const path = new PluginPath({
    modules: [...more, ...modules.map(specifierOf)],
    directories,
    lookEveryMs: neverMs,
    scanLimitMs,
    clock: systemClock,
    onChange: () => {},
  });
  try {
    await path.start();
    return path.inventory;
  } finally {
    await path.stop();
  }
}

export function listOf(text = ''): string[] {
  return text.split(',').flatMap((each) => each.trim() || []);
}
