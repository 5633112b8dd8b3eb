/** The converters that a definition may name, by class or alias. */
import {
  aliasesOf,
  type ConfigKey,
  type ConnectorConfig,
  type Converter,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import { ByteArrayConverter } from './byte-array-converter.ts';
import { JsonConverter, jsonConverterConfig } from './json-converter.ts';
import { primitiveConverters } from './number-converters.ts';
import { SimpleHeaderConverter } from './simple-header-converter.ts';
import { StringConverter, stringConverterConfig } from './string-converter.ts';

export interface ConverterPlugin {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly version: string;
  /** What it may be configured for; Kafka Connect lists a plugin once for each. */
  readonly types: readonly ('converter' | 'header_converter')[];
  readonly configKeys: readonly ConfigKey[];
  /** `role`: what the converter is for; schemas of keys and of values are registered apart. */
  readonly create: (config: ConnectorConfig, role: ConverterRole) => Converter;
}

export type ConverterRole = 'key' | 'value' | 'header';

function plugin(
  className: string,
  configKeys: readonly ConfigKey[],
  create: ConverterPlugin['create'],
  types: ConverterPlugin['types'] = ['converter', 'header_converter'],
): ConverterPlugin {
  const simple = aliasesOf(className);
  const pruned = simple.map((name) => name.replace(/(?<=.)(Header)?Converter$/, ''));
  const aliases = [...new Set([...simple, ...pruned])];
  return { class: className, aliases, version: '1.0.0', types, configKeys, create };
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

/** The plugin that a definition means; undefined when there is none. */
export function findConverter(
  name: string,
  type: ConverterType = 'converter',
  plugins: readonly ConverterPlugin[] = converterPlugins,
): ConverterPlugin | undefined {
  return pluginsOfType(plugins, type).find(
    (each) => each.class === name || each.aliases.includes(name),
  );
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
  const type = role === 'header' ? 'header_converter' : 'converter';
  const found = findConverter(className, type, plugins);
  if (found) return found.create(config, role);
  const known = pluginsOfType(plugins, type).map((each) => each.class);
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

/** Kafka Connect's default; keys and values have none. */
const defaultHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

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
  const key = `${role}.converter`;
  const from = connectorConfig[key] === undefined ? workerConfig : connectorConfig;
  const className = from[key] ?? (role === 'header' ? defaultHeaderConverter : undefined);
  if (className === undefined)
    throw new SluiceError(
      'converter.missing',
      `no ${key}: set it in the connector's configuration or in the worker's`,
    );
  return createConverter(className.trim(), withoutPrefix(from, `${key}.`), role, plugins);
}

function withoutPrefix(config: ConnectorConfig, prefix: string): ConnectorConfig {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}
