/** Which plugins there are, under which names and in which versions: what workers announce, as plain data. */
import {
  compareVersions,
  newestInRange,
  type PluginNeed,
  type PluginType,
  pluginsNamed,
  type VersionRange,
} from '@sluice/connector-api';
import { compareText } from '@sluice/kernel';

import type { MemberRecord, PluginInfo } from './model.ts';

interface Wanted {
  /** Default: any. */
  readonly types?: readonly PluginType[];
  /** Default: the newest. */
  readonly range?: VersionRange | undefined;
}

const anyType: readonly PluginType[] = [
  'source',
  'sink',
  'converter',
  'header_converter',
  'transformation',
  'predicate',
];

export class PluginCatalog {
  /** Each once. */
  readonly #plugins: readonly PluginInfo[];
  readonly #builtIn: readonly PluginInfo[];
  readonly #broken: PluginInfo[] = [];
  #listed: readonly PluginInfo[] | undefined;

  /** `builtIn`: parts that come with every worker, and are not listed. */
  constructor(plugins: Iterable<PluginInfo>, builtIn: readonly PluginInfo[] = []) {
    const distinct = new Map<string, PluginInfo>();
    for (const plugin of plugins) {
      if (plugin.error !== undefined) {
        this.#broken.push(plugin);
        continue;
      }
      const key = `${plugin.type} ${plugin.class} ${plugin.version}`;
      if (!distinct.has(key)) distinct.set(key, plugin);
    }
    this.#plugins = [...distinct.values()];
    this.#builtIn = builtIn;
  }

  /** No worker has announced anything, not even a plugin that failed to load. */
  get isEmpty(): boolean {
    return this.#plugins.length === 0 && this.#broken.length === 0;
  }

  /** By full class name, simple name or alias. */
  find(name: string, { types = anyType, range }: Wanted = {}): PluginInfo | undefined {
    return newestInRange(this.versionsOf(name, types), range);
  }

  /** All versions of what has that name. */
  versionsOf(name: string, types: readonly PluginType[] = anyType): readonly PluginInfo[] {
    return pluginsNamed(this.#plugins, { name: name.trim(), types });
  }

  /** Comes with every worker. */
  isBuiltIn({ range, ...need }: Omit<PluginNeed, 'versionKey'>): boolean {
    return newestInRange(pluginsNamed(this.#builtIn, need), range) !== undefined;
  }

  /** Why `name` might be missing: a module of that name, or any, that failed to load. */
  get broken(): readonly PluginInfo[] {
    return this.#broken;
  }

  /** Each version once, sorted by class, the oldest first. */
  list(): readonly PluginInfo[] {
    this.#listed ??= this.#plugins.toSorted(
      (a, b) =>
        compareText(a.class, b.class) ||
        compareVersions(a.version, b.version) ||
        compareText(a.type, b.type),
    );
    return this.#listed;
  }
}

/**
 * Union of what the members announce; a working plugin wins over a broken one of the same class. `builtIn`: parts that
 * come with every worker.
 */
export function catalogOf(
  members: Iterable<MemberRecord>,
  builtIn: readonly PluginInfo[] = [],
): PluginCatalog {
  const plugins: PluginInfo[] = [];
  const broken = new Map<string, PluginInfo>();
  for (const member of members) {
    if (member.state === 'dead') continue;
    for (const plugin of member.plugins) {
      if (plugin.error === undefined) plugins.push(plugin);
      else broken.set(`${plugin.class} ${plugin.error}`, plugin);
    }
  }
  return new PluginCatalog([...plugins, ...broken.values()], builtIn);
}
