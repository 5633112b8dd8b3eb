/** Which plugins whoever runs a definition has to have. */
import { parseConfigValue } from './config-def.ts';
import { newestInRange, parseVersionRange, type VersionRange } from './plugin-version.ts';
import type { ConnectorConfig } from './task.ts';

/** Kafka Connect's: a converter may be listed as two. */
export type PluginType =
  | 'source'
  | 'sink'
  | 'converter'
  | 'header_converter'
  | 'transformation'
  | 'predicate';

export interface PluginNeed {
  /** One of these. */
  readonly types: readonly PluginType[];
  /** Class or alias. */
  readonly name: string;
  /** Undefined: the newest. */
  readonly range: VersionRange | undefined;
  /** The key that it comes from. */
  readonly versionKey: string;
}

const parts = [
  ['transforms', 'transformation'],
  ['predicates', 'predicate'],
] as const;

const roles = [
  ['key', 'converter'],
  ['value', 'converter'],
  ['header', 'header_converter'],
] as const;

/** The connector, if it names one, comes first. Converters that are inherited are the worker's business. */
export function pluginNeeds(config: ConnectorConfig): readonly PluginNeed[] {
  const need = (types: PluginNeed['types'], nameKey: string, versionKey: string): PluginNeed[] => {
    const name = config[nameKey]?.trim() ?? '';
    return name === '' ? [] : [{ types, name, range: rangeOf(config[versionKey]), versionKey }];
  };
  return [
    ...need(['source', 'sink'], 'connector.class', 'connector.plugin.version'),
    ...parts.flatMap(([kind, type]) =>
      listOf(config[kind]).flatMap((alias) =>
        need([type], `${kind}.${alias}.type`, `${kind}.${alias}.plugin.version`),
      ),
    ),
    ...roles.flatMap(([role, type]) =>
      need([type], `${role}.converter`, `${role}.converter.plugin.version`),
    ),
  ];
}

/** What is no range is one that no version is in: a definition that was stored all the same runs nowhere. */
function rangeOf(text: string | undefined): VersionRange | undefined {
  const parsed = parseVersionRange(text);
  return 'range' in parsed ? parsed.range : { text: text ?? '', intervals: [] };
}

interface Named {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly type: PluginType;
  readonly version: string;
}

/** All versions of the class that a need's name, a class or an alias, stands for. */
export function pluginsNamed<Plugin extends Named>(
  plugins: readonly Plugin[],
  { types, name }: Pick<PluginNeed, 'types' | 'name'>,
): readonly Plugin[] {
  const candidates = plugins.filter(({ type }) => types.includes(type));
  const found =
    candidates.find((each) => each.class === name) ??
    candidates.find(({ aliases }) => aliases.includes(name));
  return found ? candidates.filter((each) => each.class === found.class) : [];
}

/** The definition with each version that is chosen for it of these, exactly. */
export function withChosenVersions(
  config: ConnectorConfig,
  plugins: readonly Named[],
): ConnectorConfig {
  const chosen = pluginNeeds(config).flatMap((need) => {
    const found = newestInRange(pluginsNamed(plugins, need), need.range);
    return found ? [[need.versionKey, `[${found.version}]`] as const] : [];
  });
  return { ...config, ...Object.fromEntries(chosen) };
}

function listOf(text: string | undefined): readonly string[] {
  const parsed = parseConfigValue('LIST', text ?? '');
  return 'value' in parsed && Array.isArray(parsed.value) ? parsed.value.map(String) : [];
}
