/** The converters of one task, by its configuration and the worker's. */
import type { ConnectorConfig, Converter } from '@sluice/connector-api';
import { type ConverterPlugin, converterFor, findConverter } from '@sluice/converters';

export interface TaskConverters {
  readonly key: Converter;
  readonly value: Converter;
  readonly header: Converter;
  /** Their full names. */
  readonly classes: Readonly<Record<'key' | 'value' | 'header', string>>;
}

/**
 * `plugins`: all converters that a definition may name.
 * @throws SluiceError or ConfigError that names the class or the setting.
 */
export function createTaskConverters(
  config: ConnectorConfig,
  workerConfig: ConnectorConfig,
  plugins?: readonly ConverterPlugin[],
): TaskConverters {
  return {
    key: converterFor('key', config, workerConfig, plugins),
    value: converterFor('value', config, workerConfig, plugins),
    header: converterFor('header', config, workerConfig, plugins),
    classes: {
      key: classOf('key', config, workerConfig, plugins),
      value: classOf('value', config, workerConfig, plugins),
      header: classOf('header', config, workerConfig, plugins),
    },
  };
}

const simpleHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

function classOf(
  role: 'key' | 'value' | 'header',
  config: ConnectorConfig,
  workerConfig: ConnectorConfig,
  plugins?: readonly ConverterPlugin[],
): string {
  const key = `${role}.converter`;
  const name = (config[key] ?? workerConfig[key] ?? simpleHeaderConverter).trim();
  const type = role === 'header' ? 'header_converter' : 'converter';
  return findConverter(name, type, plugins)?.class ?? name;
}
