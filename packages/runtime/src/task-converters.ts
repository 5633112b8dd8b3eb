/** The converters of one task, by its configuration and the worker's. */
import type { ConnectorConfig, Converter, ConverterPlugin } from '@sluice/connector-api';
import { converterPluginFor } from '@sluice/converters';

export interface TaskConverters {
  readonly key: Converter;
  readonly value: Converter;
  readonly header: Converter;
  /** Their full names. */
  readonly classes: Readonly<Record<'key' | 'value' | 'header', string>>;
  readonly versions: Readonly<Record<'key' | 'value' | 'header', string>>;
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
  const chosen = (role: 'key' | 'value' | 'header') => {
    const { plugin, config: own } = converterPluginFor(role, config, workerConfig, plugins);
    return {
      class: plugin.class,
      version: plugin.version,
      converter: plugin.create(own, role),
    };
  };
  const [key, value, header] = [chosen('key'), chosen('value'), chosen('header')];
  return {
    key: key.converter,
    value: value.converter,
    header: header.converter,
    classes: { key: key.class, value: value.class, header: header.class },
    versions: { key: key.version, value: value.version, header: header.version },
  };
}
