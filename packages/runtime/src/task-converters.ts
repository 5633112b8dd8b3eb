/** The converters of one task, by its configuration and the worker's. */
import type { ConnectorConfig, Converter } from '@sluice/connector-api';
import { converterFor, findConverter } from '@sluice/converters';

export interface TaskConverters {
  readonly key: Converter;
  readonly value: Converter;
  readonly header: Converter;
  /** Their full names. */
  readonly classes: Readonly<Record<'key' | 'value' | 'header', string>>;
}

/** @throws SluiceError or ConfigError that names the class or the setting. */
export function createTaskConverters(
  config: ConnectorConfig,
  workerConfig: ConnectorConfig,
): TaskConverters {
  return {
    key: converterFor('key', config, workerConfig),
    value: converterFor('value', config, workerConfig),
    header: converterFor('header', config, workerConfig),
    classes: {
      key: classOf('key', config, workerConfig),
      value: classOf('value', config, workerConfig),
      header: classOf('header', config, workerConfig),
    },
  };
}

const simpleHeaderConverter = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

function classOf(
  role: 'key' | 'value' | 'header',
  config: ConnectorConfig,
  workerConfig: ConnectorConfig,
): string {
  const key = `${role}.converter`;
  const name = (config[key] ?? workerConfig[key] ?? simpleHeaderConverter).trim();
  const type = role === 'header' ? 'header_converter' : 'converter';
  return findConverter(name, type)?.class ?? name;
}
