/** Which connector classes there are, under which names: what workers announce, as plain data. */
import type { MemberRecord, PluginInfo } from './model.ts';

export class PluginCatalog {
  readonly #byName = new Map<string, PluginInfo>();
  readonly #broken: PluginInfo[] = [];

  constructor(plugins: Iterable<PluginInfo>) {
    for (const plugin of plugins) {
      if (plugin.error !== undefined) {
        this.#broken.push(plugin);
        continue;
      }
      for (const name of [plugin.class, ...plugin.aliases]) {
        if (!this.#byName.has(name)) this.#byName.set(name, plugin);
      }
    }
  }

  /** No worker has announced anything, not even a plugin that failed to load. */
  get isEmpty(): boolean {
    return this.#byName.size === 0 && this.#broken.length === 0;
  }

  /** By full class name, simple name or alias. */
  find(name: string): PluginInfo | undefined {
    return this.#byName.get(name);
  }

  /** Why `name` might be missing: a module of that name, or any, that failed to load. */
  get broken(): readonly PluginInfo[] {
    return this.#broken;
  }

  /** Each plugin once, sorted by class. */
  list(): PluginInfo[] {
    return [...new Set(this.#byName.values())].toSorted((a, b) => (a.class < b.class ? -1 : 1));
  }
}

/** Union of what the members announce; a working plugin wins over a broken one of the same class. */
export function catalogOf(
  members: Iterable<MemberRecord>,
  builtIn: readonly PluginInfo[] = [],
): PluginCatalog {
  const plugins: PluginInfo[] = [...builtIn];
  const broken = new Map<string, PluginInfo>();
  for (const member of members) {
    if (member.state === 'dead') continue;
    for (const plugin of member.plugins) {
      if (plugin.error === undefined) plugins.push(plugin);
      else broken.set(plugin.class, plugin);
    }
  }
  return new PluginCatalog([...plugins, ...broken.values()]);
}
