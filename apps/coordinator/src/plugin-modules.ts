/** The modules that a preview finds plugins in: those that come with Sluice, and the user's. */
import { findPluginPackages, type PluginModule, specifierOf } from '@sluice/runtime';

export interface PluginSettings {
  /** Paths, or names of installed packages. */
  readonly plugins: readonly string[];
  /** Directories of packages. */
  readonly pluginPath: readonly string[];
}

const builtIn = ['@sluice/connector-file', '@sluice/connector-verifiable'];

/** As of now: what is put into the plugin path is there for the next preview. */
export async function pluginModules({
  plugins,
  pluginPath,
}: PluginSettings): Promise<(string | PluginModule)[]> {
  const { packages } = await findPluginPackages(pluginPath);
  return [
    ...builtIn.map((name) => import.meta.resolve(name)),
    ...plugins.map(specifierOf),
    ...packages.flatMap(({ modules }) => modules),
  ];
}
