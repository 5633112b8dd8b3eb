/**
 * The converters that connectors without their own inherit, from the environment of a process:
 *
 *     SLUICE_VALUE_CONVERTER=io.confluent.connect.avro.AvroConverter
 *     SLUICE_VALUE_CONVERTER_SCHEMA_REGISTRY_URL=http://registry:8081
 *
 * Keys are spelt as in Confluent's images: `.` is `_`, `-` is `__`, `_` is `___`.
 */
import {
  ConfigError,
  type ConnectorConfig,
  type ConverterPlugin,
  type ConverterRole,
  hasReferences,
} from '@sluice/connector-api';
import { type SettingsReader, settingKey, toError } from '@sluice/kernel';

import { converterFor, defaultHeaderConverter, findConverter } from './registry.ts';

const roles = ['key', 'value', 'header'] as const satisfies readonly ConverterRole[];

/** Kafka Connect's worker defaults; that of headers is the default of all who have none. */
export const workerConverterDefaults: Readonly<Record<string, string>> = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

/** The classes that connectors without converters of their own inherit, and none of their settings. */
export function inheritedConverters(workerConfig: ConnectorConfig): ConnectorConfig {
  const all: ConnectorConfig = {
    'header.converter': defaultHeaderConverter,
    ...workerConverterDefaults,
    ...workerConfig,
  };
  return Object.fromEntries(
    roles.map((role) => `${role}.converter` as const).map((key) => [key, all[key] ?? '']),
  );
}

export const converterSettingsHelp = `  SLUICE_KEY_CONVERTER         …json.JsonConverter      converters that connectors without their own inherit, …
  SLUICE_VALUE_CONVERTER       …json.JsonConverter
  SLUICE_HEADER_CONVERTER      …SimpleHeaderConverter
  SLUICE_VALUE_CONVERTER_<KEY>                          … and their keys, in capitals with _ for . (__ for -):
                                                        SLUICE_VALUE_CONVERTER_SCHEMA_REGISTRY_URL`;

/**
 * Worker configuration: `value.converter`, `value.converter.schema.registry.url`, … With passwords: not to be logged.
 * What cannot be used becomes a problem of the reader. `plugins`: those that come with Sluice. A class that is not among
 * them may be of a plugin: whoever knows those judges it.
 */
export function readConverterSettings(
  settings: SettingsReader,
  plugins: readonly ConverterPlugin[],
): Readonly<Record<string, string>> {
  const config: Record<string, string> = {};
  for (const role of roles) {
    const prefix = `SLUICE_${role.toUpperCase()}_CONVERTER`;
    const own = settings.startingWith(prefix);
    if (Object.keys(own).length === 0) continue;
    for (const [rest, value] of Object.entries(own)) {
      if (rest === '' || rest.startsWith('_'))
        config[`${role}.converter${settingKey(rest)}`] = value;
    }
    // What it stands for is only known where connectors run.
    if (hasReferences(config) || isOfOthers(config[`${role}.converter`], role, plugins)) continue;
    try {
      converterFor(role, {}, { ...workerConverterDefaults, ...config }, plugins);
    } catch (error) {
      for (const message of messagesOf(error)) settings.problem(`${prefix}: ${message}`);
    }
  }
  return config;
}

function isOfOthers(
  className: string | undefined,
  role: ConverterRole,
  plugins: readonly ConverterPlugin[],
): boolean {
  const type = role === 'header' ? 'header_converter' : 'converter';
  return className !== undefined && findConverter(className.trim(), type, plugins) === undefined;
}

function messagesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigError) return error.problems.map(({ message }) => message);
  return [toError(error).message];
}
