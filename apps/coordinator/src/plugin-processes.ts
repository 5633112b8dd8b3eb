/** What the processes that run connector code for this coordinator are given. */
import { findPluginPackages, type PluginModule, specifierOf } from '@sluice/runtime';

export interface PluginSettings {
  /** Paths, or names of installed packages. */
  readonly plugins: readonly string[];
  /** Directories of packages. */
  readonly pluginPath: readonly string[];
}

const builtIn = ['@sluice/connector-file', '@sluice/connector-verifiable'];

/** Those that come with every worker, and the user's, as they are now. */
export async function pluginModules({
  plugins,
  pluginPath,
}: PluginSettings): Promise<(string | PluginModule)[]> {
  const { packages } = await findPluginPackages(pluginPath);
  return [
    ...builtIn.map((each) => import.meta.resolve(each)),
    ...plugins.map(specifierOf),
    ...packages.flatMap(({ modules }) => modules),
  ];
}

/** Our own passwords are not to be found where the code of a connector looks by habit. */
export function pluginEnvironment(): Record<string, string | undefined> {
  const isOwn = (name: string): boolean => name === 'REDIS_URL' || /^(SLUICE|KAFKA)_/.test(name);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !isOwn(name)));
}
