/** The converters of one task, by its configuration and the worker's. */
import type { ConnectorConfig, Converter } from '@sluice/connector-api';
import { type ConverterPlugin, converterFor, findConverter } from '@sluice/converters';

export interface TaskConverters {
  readonly key: Converter;
  readonly value: Converter;
  readonly header: Converter;
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
    header: headerConverter(config, workerConfig),
  };
}

const simpleHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

function headerConverter(config: ConnectorConfig, workerConfig: ConnectorConfig): Converter {
  const name = config['header.converter'] ?? workerConfig['header.converter'];
  if (name !== undefined && /(^|\.)Simple(HeaderConverter)?$/.test(name.trim())) {
    // Kafka Connect's default, which writes text. Where it is not there yet, text is what stays the same.
    if (!findConverter(simpleHeaderConverter))
      return converterFor(
        'header',
        { 'header.converter': 'org.apache.kafka.connect.storage.StringConverter' },
        {},
      );
  }
  return converterFor('header', config, workerConfig);
}
