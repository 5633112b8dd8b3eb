/**
 * Kafka Connect's ConfigInfos of a configuration: every key with its definition, its value, and what is wrong with it.
 * Made of plain data, and of what a plugin's code said elsewhere: none runs here, so none can block or throw.
 */
import {
  type ConfigKey,
  type ConfigProblem,
  type ConnectorConfig,
  hasReference,
  hiddenText,
  newestInRange,
  parseConfigValue,
  pluginsNamed,
  type Recommendation,
  SINK_CONNECTOR_KEYS,
  SOURCE_CONNECTOR_KEYS,
  toConfigKeyInfos,
  unsupportedKeys,
  validateConnectorConfig,
} from '@sluice/connector-api';
import type { ConfigKeyInfo, PluginInfo } from '@sluice/coordination';

import type { ConfigInfo, ConfigInfos, ConfigKeyBody } from './shapes.ts';

/** What is known of the parts of a definition that are no connectors. */
export interface ConfigParts {
  /** Whether workers write records and offsets of sources together. */
  readonly exactlyOnce?: boolean;
  /** `key.converter` and its like, of connectors without their own; absent: not known. No other settings of workers. */
  readonly inherited?: ConnectorConfig;
  /** Converters, transforms, predicates that come with every worker. */
  readonly builtIn: readonly PluginInfo[];
  /** Keys of the converters, transforms and predicates that a definition names; `announced`: by workers. */
  readonly keys: (
    config: ConnectorConfig,
    announced: readonly PluginInfo[],
  ) => readonly ConfigKey[];
  readonly problems: (
    config: ConnectorConfig,
    announced: readonly PluginInfo[],
  ) => readonly ConfigProblem[];
}

/** What is only known by running code of the plugin. */
export interface CodeValidation {
  /** All that are, the others too. */
  readonly problems: readonly ConfigProblem[];
  readonly recommendations: Readonly<Record<string, Recommendation>>;
}

/** Keys of every source, or of every sink; the plugin's own definition of one wins. */
export function frameworkKeys({ type, configKeys }: PluginInfo): ConfigKeyInfo[] {
  const own = new Set(configKeys.map(({ name }) => name));
  const keys =
    type === 'source' ? SOURCE_CONNECTOR_KEYS : type === 'sink' ? SINK_CONNECTOR_KEYS : [];
  return toConfigKeyInfos(keys).filter(({ name }) => !own.has(name));
}

/** What a configuration is looked at with. */
export interface ConfigContext {
  /** By workers, of all versions. */
  readonly announced: readonly PluginInfo[];
  readonly parts: ConfigParts;
}

/** A source or a sink. */
export interface ChosenPlugin {
  readonly plugin: PluginInfo;
  /** Why it is not of the version that was asked for. */
  readonly problems: readonly ConfigProblem[];
}

export function configInfos(
  chosen: ChosenPlugin,
  config: ConnectorConfig,
  context: ConfigContext,
  byCode?: CodeValidation,
): ConfigInfos {
  const { plugin } = chosen;
  const { announced, parts } = context;
  const plugins = [...announced, ...parts.builtIn];
  const errors = errorsByKey(configProblems(chosen, config, context, byCode));
  const known = [
    ...frameworkKeys(plugin),
    ...toConfigKeyInfos(parts.keys(config, announced)),
    ...plugin.configKeys,
  ];
  const names = new Set(known.map(({ name }) => name));
  const others = [...errors.keys()].filter((name) => !names.has(name)).map(undefinedKey);
  const keys = [...known, ...others].map((key) =>
    withDefault(key, { ...parts.inherited, ...config }, { plugins, parts }),
  );
  return {
    name: config['connector.class'] ?? plugin.class,
    error_count: [...errors.values()].reduce((sum, { length }) => sum + length, 0),
    groups: [...new Set(keys.flatMap(({ group }) => (group === null ? [] : [group])))],
    configs: keys.map((key) =>
      configInfo(key, valueOf(key, config[key.name], plugins), errors.get(key.name) ?? [], {
        values: recommended(key, config, plugins),
        ...byCode?.recommendations[key.name],
      }),
    ),
  };
}

export function configProblems(
  { plugin, problems: versionProblems }: ChosenPlugin,
  config: ConnectorConfig,
  { announced, parts }: ConfigContext,
  byCode?: CodeValidation,
): readonly ConfigProblem[] {
  const type = plugin.type === 'sink' ? 'sink' : 'source';
  const problems = byCode?.problems ?? [
    ...versionProblems,
    // The keys of another version would mislead.
    ...validateConnectorConfig(type, versionProblems.length > 0 ? [] : plugin.configKeys, config),
    ...parts.problems(config, announced),
  ];
  return [...problems, ...unsupportedKeys(config, parts)];
}

export function withoutRules({ rules: _rules, ...key }: ConfigKeyInfo): ConfigKeyBody {
  return { ...key, order_in_group: key.order };
}

function errorsByKey(problems: readonly ConfigProblem[]): Map<string, string[]> {
  const errors = new Map<string, string[]>();
  for (const { key, message } of problems) errors.set(key, [...(errors.get(key) ?? []), message]);
  return errors;
}

function configInfo(
  key: ConfigKeyInfo,
  value: string | null,
  errors: readonly string[],
  { isVisible = true, values = [] }: Recommendation,
): ConfigInfo {
  return {
    definition: withoutRules(key),
    value: {
      name: key.name,
      value,
      recommended_values: values,
      errors,
      visible: isVisible,
    },
  };
}

/** Of what depends on what there is: the converters of workers, and the newest version of what is named. */
function withDefault(
  key: ConfigKeyInfo,
  config: ConnectorConfig,
  { plugins, parts }: { readonly plugins: readonly PluginInfo[]; readonly parts: ConfigParts },
): ConfigKeyInfo {
  const versioned = versionedBy(key.name);
  const found = versioned
    ? newestInRange(named(plugins, config[versioned.key], versioned.types), undefined)?.version
    : parts.inherited?.[key.name];
  return found === undefined ? key : { ...key, default_value: found };
}

function named(
  plugins: readonly PluginInfo[],
  name: string | undefined,
  types: readonly PluginInfo['type'][],
): readonly PluginInfo[] {
  return pluginsNamed(plugins, { name: name?.trim() ?? '', types });
}

function valueOf(
  { name, type, default_value: fallback }: ConfigKeyInfo,
  text: string | undefined,
  plugins: readonly PluginInfo[],
): string | null {
  if (text === undefined) return fallback;
  // What it stands for is nobody's business.
  if (hasReference(text)) return text;
  const parsed = parseConfigValue(type, text);
  if ('problem' in parsed) return null;
  if (type === 'PASSWORD') return hiddenText;
  // Whatever it is called by.
  const types = partTypes(name);
  if (types) return named(plugins, text, types)[0]?.class ?? null;
  return Array.isArray(parsed.value) ? parsed.value.join(',') : String(parsed.value);
}

function recommended(
  { name, rules }: ConfigKeyInfo,
  config: ConnectorConfig,
  plugins: readonly PluginInfo[],
): readonly string[] {
  const classes = (type: PluginInfo['type']): string[] => [
    ...new Set(plugins.filter((each) => each.type === type).map((each) => each.class)),
  ];
  const versioned = versionedBy(name);
  if (versioned) {
    const { key, types } = versioned;
    return named(plugins, config[key], types).map(({ version }) => version);
  }
  const types = partTypes(name);
  if (types) return types.flatMap(classes);
  if (/^transforms\.[^.]+\.predicate$/.test(name)) return listOf(config['predicates']);
  return rules?.oneOf ?? [];
}

/** Of the key of a class that is no connector's. */
function partTypes(name: string): readonly PluginInfo['type'][] | undefined {
  if (name === 'key.converter' || name === 'value.converter') return ['converter'];
  if (name === 'header.converter') return ['header_converter'];
  if (/^transforms\.[^.]+\.type$/.test(name)) return ['transformation'];
  return /^predicates\.[^.]+\.type$/.test(name) ? ['predicate'] : undefined;
}

/** The key whose plugin a key like `value.converter.plugin.version` is of. */
function versionedBy(
  name: string,
): { readonly key: string; readonly types: readonly PluginInfo['type'][] } | undefined {
  const [, of] = /^(.+)\.plugin\.version$/.exec(name) ?? [];
  if (of === undefined) return undefined;
  if (of === 'connector') return { key: 'connector.class', types: ['source', 'sink'] };
  const key = of.endsWith('.converter') ? of : `${of}.type`;
  const types = partTypes(key);
  return types && { key, types };
}

function listOf(text = ''): readonly string[] {
  const parsed = parseConfigValue('LIST', text);
  return 'value' in parsed && Array.isArray(parsed.value) ? parsed.value : [];
}

/** Something is wrong with a key that nobody defines. */
function undefinedKey(name: string): ConfigKeyInfo {
  return {
    name,
    type: 'STRING',
    required: false,
    default_value: null,
    importance: 'LOW',
    documentation: '',
    group: null,
    order: -1,
    width: 'NONE',
    display_name: name,
    dependents: [],
  };
}
