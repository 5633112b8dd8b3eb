/** Configuration keys that several transforms have, and the ConfigErrors of rules between keys. */
import { type BooleanBuilder, boolean, ConfigError } from '@sluice/connector-api';

export const replaceNullWithDefault: BooleanBuilder<boolean> = boolean()
  .default(true)
  .doc(
    'Whether a field that is null and has a default is read as its default (true) or as null (false).',
  );

/** A ConfigError in Kafka Connect's words. */
export function invalidValue(key: string, value: string, problem: string): ConfigError {
  return new ConfigError([
    { key, message: `Invalid value ${value} for configuration ${key}: ${problem}` },
  ]);
}

export function invalidConfig(key: string, message: string): ConfigError {
  return new ConfigError([{ key, message }]);
}
