/** The converters that a definition may name, by class or alias. */
import {
  aliasesOf,
  type ConfigKey,
  type ConfigProblem,
  type ConnectorConfig,
  type Converter,
  type ConverterPlugin,
  type ConverterRole,
  newestInRange,
  parseVersionRange,
  type VersionRange,
  versionNotFound,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import { ByteArrayConverter } from './byte-array-converter.ts';
import { JsonConverter, jsonConverterConfig } from './json-converter.ts';
import { primitiveConverters } from './number-converters.ts';
import { SimpleHeaderConverter } from './simple-header-converter.ts';
import { StringConverter, stringConverterConfig } from './string-converter.ts';

function plugin(
  className: string,
  configKeys: readonly ConfigKey[],
  create: ConverterPlugin['create'],
  types: ConverterPlugin['types'] = ['converter', 'header_converter'],
): ConverterPlugin {
  const simple = aliasesOf(className);
  const pruned = simple.map((name) => name.replace(/(?<=.)(Header)?Converter$/, ''));
  const aliases = [...new Set([...simple, ...pruned])];
  const version = '1.0.0';
  const keys = countedFromZero(configKeys);
  return { type: 'converter', class: className, aliases, version, types, configKeys: keys, create };
}

/** As Kafka Connect's own count them within their groups. */
function countedFromZero(keys: readonly ConfigKey[]): readonly ConfigKey[] {
  const groups = Map.groupBy(keys, ({ group }) => group);
  return keys.map((key) =>
    key.group === undefined ? key : { ...key, order: groups.get(key.group)?.indexOf(key) ?? 0 },
  );
}

export const converterPlugins: readonly ConverterPlugin[] = [
  plugin(
    'org.apache.kafka.connect.json.JsonConverter',
    jsonConverterConfig.keys,
    (config) => new JsonConverter(config),
  ),
  plugin(
    'org.apache.kafka.connect.storage.StringConverter',
    stringConverterConfig.keys,
    (config) => new StringConverter(config),
  ),
  plugin(
    'org.apache.kafka.connect.converters.ByteArrayConverter',
    [],
    () => new ByteArrayConverter(),
  ),
  ...Object.entries(primitiveConverters).map(([name, create]) =>
    plugin(`org.apache.kafka.connect.converters.${name}`, [], create),
  ),
  plugin(
    'org.apache.kafka.connect.storage.SimpleHeaderConverter',
    [],
    () => new SimpleHeaderConverter(),
    ['header_converter'],
  ),
];

type ConverterType = ConverterPlugin['types'][number];

/** The newest plugin that a definition may mean, in a range if one is given; undefined when there is none. */
export function findConverter(
  name: string,
  type: ConverterType = 'converter',
  plugins: readonly ConverterPlugin[] = converterPlugins,
  range?: VersionRange,
): ConverterPlugin | undefined {
  return newestInRange(versionsOf(name, type, plugins), range);
}

/** All versions of the class that the name, a class or an alias, stands for. */
function versionsOf(
  name: string,
  type: ConverterType,
  plugins: readonly ConverterPlugin[],
): readonly ConverterPlugin[] {
  const candidates = pluginsOfType(plugins, type);
  const found =
    candidates.find((each) => each.class === name) ??
    candidates.find((each) => each.aliases.includes(name));
  return found ? candidates.filter((each) => each.class === found.class) : [];
}

/**
 * A configured converter. `config` has the converter's own keys, without a prefix; see `converterFor`.
 * @throws SluiceError `converter.unknown` that lists the known classes; ConfigError for a bad setting.
 */
export function createConverter(
  className: string,
  config: ConnectorConfig = {},
  role: ConverterRole = 'value',
  plugins: readonly ConverterPlugin[] = converterPlugins,
): Converter {
  const type = typeOf(role);
  const found = findConverter(className, type, plugins);
  return (found ?? unknownConverter(className, type, plugins)).create(config, role);
}

function unknownConverter(
  className: string,
  type: ConverterType,
  plugins: readonly ConverterPlugin[],
): never {
  const known = [...new Set(pluginsOfType(plugins, type).map((each) => each.class))];
  throw new SluiceError(
    'converter.unknown',
    `unknown ${type.replace('_', ' ')} class "${className}": use one of ${known.join(', ')}`,
    { details: { class: className } },
  );
}

function pluginsOfType(
  plugins: readonly ConverterPlugin[],
  type: ConverterType,
): ConverterPlugin[] {
  return plugins.filter((each) => each.types.includes(type));
}

function typeOf(role: ConverterRole): ConverterType {
  return role === 'header' ? 'header_converter' : 'converter';
}

/** Kafka Connect's default; keys and values have none. */
export const defaultHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

/** The plugin that a connector's keys, or else the worker's, name for a role. */
export function converterPluginFor(
  role: ConverterRole,
  connectorConfig: ConnectorConfig,
  workerConfig: ConnectorConfig,
  plugins: readonly ConverterPlugin[] = converterPlugins,
): { readonly plugin: ConverterPlugin; readonly config: ConnectorConfig } {
  const key = `${role}.converter`;
  const from = connectorConfig[key] === undefined ? workerConfig : connectorConfig;
  const className = (from[key] ?? (role === 'header' ? defaultHeaderConverter : undefined))?.trim();
  if (className === undefined)
    throw new SluiceError(
      'converter.missing',
      `no ${key}: set it in the connector's configuration or in the worker's`,
    );
  const type = typeOf(role);
  if (!findConverter(className, type, plugins)) unknownConverter(className, type, plugins);
  const [problem] = versionProblems(role, from, plugins);
  if (problem) throw new SluiceError('converter.unknown', problem.message);
  const wanted = parseVersionRange(from[`${key}.plugin.version`]);
  const range = 'range' in wanted ? wanted.range : undefined;
  const found =
    findConverter(className, type, plugins, range) ?? unknownConverter(className, type, plugins);
  const { 'plugin.version': _version, ...config } = withoutPrefix(from, `${key}.`);
  return { plugin: found, config };
}

/**
 * The converter of a connector: its own `<role>.converter` with the keys under that prefix, or else the
 * worker's with the worker's keys; the two are never mixed, as in Kafka Connect. `plugins`: all that there are.
 */
export function converterFor(
  role: ConverterRole,
  connectorConfig: ConnectorConfig,
  workerConfig: ConnectorConfig,
  plugins: readonly ConverterPlugin[] = converterPlugins,
): Converter {
  const { plugin: found, config } = converterPluginFor(
    role,
    connectorConfig,
    workerConfig,
    plugins,
  );
  return found.create(config, role);
}

/** The definition, with the converters that it inherits as if it named them. */
export function withInheritedConverters(
  config: ConnectorConfig,
  workerConfig: ConnectorConfig,
): ConnectorConfig {
  const inherited = (['key', 'value', 'header'] as const)
    .map((role) => `${role}.converter`)
    .filter((key) => config[key] === undefined && workerConfig[key] !== undefined);
  const isOf = (name: string): boolean =>
    inherited.some((key) => name === key || name.startsWith(`${key}.`));
  return Object.fromEntries([
    ...Object.entries(config).filter(([name]) => !isOf(name)),
    ...Object.entries(workerConfig).filter(([name]) => isOf(name)),
  ]);
}

/** What is wrong with the versions of converters that a definition asks for. */
export function converterVersionProblems(
  config: ConnectorConfig,
  plugins: readonly ConverterPlugin[] = converterPlugins,
): readonly ConfigProblem[] {
  return (['key', 'value', 'header'] as const).flatMap((role) =>
    versionProblems(role, config, plugins),
  );
}

function versionProblems(
  role: ConverterRole,
  config: ConnectorConfig,
  plugins: readonly ConverterPlugin[],
): ConfigProblem[] {
  const key = `${role}.converter`;
  const versionKey = `${key}.plugin.version`;
  const wanted = parseVersionRange(config[versionKey]);
  if ('problem' in wanted) {
    const message = `Invalid value ${config[versionKey]} for configuration ${versionKey}: ${wanted.problem}`;
    return [{ key: versionKey, message }];
  }
  const name = config[key]?.trim();
  // Kafka Connect, too, says nothing of the version of a converter that is inherited.
  if (name === undefined || !wanted.range) return [];
  const versions = versionsOf(name, typeOf(role), plugins);
  if (versions.length === 0 || newestInRange(versions, wanted.range)) return [];
  const message = versionNotFound(name, wanted.range, versions);
  return [key, versionKey].map((each) => ({ key: each, message }));
}

function withoutPrefix(config: ConnectorConfig, prefix: string): ConnectorConfig {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}
