/**
 * Which workers may run which connectors: those that have every plugin that the definition names, in a version that it
 * asks for. The planner knows such a set of needs by one name, and workers by the names of those that they meet.
 */
import { newestInRange, type PluginNeed, pluginNeeds, pluginsNamed } from '@sluice/connector-api';

import type { MemberRecord, PluginInfo } from './model.ts';
import type { PluginCatalog } from './plugin-catalog.ts';

type Config = Readonly<Record<string, string>>;

/** Definitions are asked for in every plan, and seldom change. */
const needsByConfig = new WeakMap<Config, readonly PluginNeed[]>();
const announcedByList = new WeakMap<readonly PluginInfo[], Announced>();

interface Announced {
  readonly plugins: readonly PluginInfo[];
  /** The same for workers that have the same. */
  readonly text: string;
}

export class PluginPlacement {
  readonly #catalog: PluginCatalog;
  readonly #needs = new Map<string, readonly PluginNeed[]>();
  /** By the text of what a worker announced. */
  readonly #met = new Map<string, ReadonlySet<string>>();

  constructor(catalog: PluginCatalog) {
    this.#catalog = catalog;
  }

  /** The name of what a connector needs. All have to be asked for before what a worker meets is. */
  add(config: Config): string {
    const [connector, ...others] = needsOf(config);
    const needs = others.filter((need) => !this.#catalog.isBuiltIn(need));
    const name = [
      connector ? this.#nameOf(connector) : '',
      ...needs.map((need) => this.#nameOf(need)),
    ]
      .filter((each, index, all) => all.indexOf(each) === index)
      .join(' and ');
    if (!this.#needs.has(name)) this.#needs.set(name, connector ? [connector, ...needs] : needs);
    return name;
  }

  /** The names of the needs that a worker meets. */
  metBy(member: MemberRecord): ReadonlySet<string> {
    const { plugins, text } = announcedBy(member);
    const known = this.#met.get(text);
    if (known) return known;
    const met = new Set<string>();
    for (const [name, needs] of this.#needs) {
      const hasAll = needs.every((need) => newestInRange(pluginsNamed(plugins, need), need.range));
      if (hasAll && needs.length > 0) met.add(name);
    }
    this.#met.set(text, met);
    return met;
  }

  #nameOf({ name, range, types }: PluginNeed): string {
    const className = this.#catalog.find(name, { types })?.class ?? name;
    return range ? `${className} ${range.text}` : className;
  }
}

function needsOf(config: Config): readonly PluginNeed[] {
  const known = needsByConfig.get(config);
  if (known) return known;
  const all = pluginNeeds(config);
  const needs = all[0]?.types.includes('source') ? all : [];
  needsByConfig.set(config, needs);
  return needs;
}

function announcedBy({ plugins }: MemberRecord): Announced {
  const known = announcedByList.get(plugins);
  if (known) return known;
  const working = plugins.filter(({ error }) => error === undefined);
  const text = JSON.stringify(
    working.map(({ type, class: className, version, aliases }) => [
      type,
      className,
      version,
      aliases,
    ]),
  );
  const announced = { plugins: working, text };
  announcedByList.set(plugins, announced);
  return announced;
}
