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
import { StringConverter, stringConverterConfig } from './string-converter.ts';

export interface ConverterPlugin {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly configKeys: readonly ConfigKey[];
  readonly create: (config: ConnectorConfig) => Converter;
}

function plugin(
  className: string,
  configKeys: readonly ConfigKey[],
  create: (config: ConnectorConfig) => Converter,
): ConverterPlugin {
  const simple = aliasesOf(className);
  const pruned = simple.map((name) => name.replace(/(?<=.)Converter$/, ''));
  return { class: className, aliases: [...new Set([...simple, ...pruned])], configKeys, create };
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
];

/** The plugin that a definition means; undefined when there is none. */
export function findConverter(name: string): ConverterPlugin | undefined {
  return converterPlugins.find((each) => each.class === name || each.aliases.includes(name));
}

/**
 * A configured converter. `config` has the converter's own keys, without a prefix; see `converterFor`.
 * @throws SluiceError `converter.unknown` that lists the known classes; ConfigError for a bad setting.
 */
export function createConverter(className: string, config: ConnectorConfig = {}): Converter {
  const found = findConverter(className);
  if (found) return found.create(config);
  throw new SluiceError(
    'converter.unknown',
    `unknown converter class "${className}": use one of ${converterPlugins.map((each) => each.class).join(', ')}`,
    { details: { class: className } },
  );
}

export type ConverterRole = 'key' | 'value' | 'header';

/**
 * The converter of a connector: its own `<role>.converter` with the keys under that prefix, or else the
 * worker's with the worker's keys; the two are never mixed, as in Kafka Connect.
 */
export function converterFor(
  role: ConverterRole,
  connectorConfig: ConnectorConfig,
  workerConfig: ConnectorConfig,
): Converter {
  const key = `${role}.converter`;
  const from = connectorConfig[key] === undefined ? workerConfig : connectorConfig;
  const className = from[key];
  if (className === undefined)
    throw new SluiceError(
      'converter.missing',
      `no ${key}: set it in the connector's configuration or in the worker's`,
    );
  return createConverter(className.trim(), withoutPrefix(from, `${key}.`));
}

function withoutPrefix(config: ConnectorConfig, prefix: string): ConnectorConfig {
  return Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
}
