/**
 * What a definition says of the converters that it names itself: their keys, under `<role>.converter.`, and what is
 * wrong with them, in Kafka Connect's words. Those that are inherited are the worker's business.
 */
import {
  type ConfigKey,
  type ConfigProblem,
  type ConnectorConfig,
  type ConverterPlugin,
  parseVersionRange,
  validateConfig,
} from '@sluice/connector-api';
import { converterVersionProblems, findConverter } from './registry.ts';

/** In the order in which Kafka Connect lists them. */
const roles = ['header', 'key', 'value'] as const;

export function converterKeys(
  config: ConnectorConfig,
  plugins: readonly ConverterPlugin[],
): readonly ConfigKey[] {
  return namedConverters(config, plugins).flatMap(({ keys }) => keys);
}

export function converterProblems(
  config: ConnectorConfig,
  plugins: readonly ConverterPlugin[],
): readonly ConfigProblem[] {
  const ofVersions = converterVersionProblems(config, plugins);
  const isOfVersion = (name: string): boolean => ofVersions.some(({ key }) => key === name);
  const others = namedConverters(config, plugins).flatMap(({ name, plugin, className }) =>
    // The keys of another version would mislead.
    isOfVersion(name)
      ? []
      : plugin
        ? ownProblems(plugin, `${name}.`, config)
        : [
            {
              key: name,
              message: `Invalid value ${className} for configuration ${name}: Class ${className} could not be found.`,
            },
          ],
  );
  return [...ofVersions, ...others];
}

/** Kafka Connect's messages name the key as the converter does, without the prefix. */
function ownProblems(
  { configKeys }: ConverterPlugin,
  prefix: string,
  config: ConnectorConfig,
): ConfigProblem[] {
  const own = Object.fromEntries(
    Object.entries(config).flatMap(([key, value]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [],
    ),
  );
  return validateConfig(configKeys, own).map(({ key, message }) => ({
    key: prefix + key,
    message,
  }));
}

interface NamedConverter {
  /** `value.converter` */
  readonly name: string;
  readonly className: string;
  readonly plugin: ConverterPlugin | undefined;
  /** With their prefix. */
  readonly keys: readonly ConfigKey[];
}

function namedConverters(
  config: ConnectorConfig,
  plugins: readonly ConverterPlugin[],
): NamedConverter[] {
  return roles.flatMap((role) => {
    const name = `${role}.converter`;
    const className = config[name]?.trim();
    if (className === undefined) return [];
    const type = role === 'header' ? 'header_converter' : 'converter';
    const wanted = parseVersionRange(config[`${name}.plugin.version`]);
    const range = 'range' in wanted ? wanted.range : undefined;
    const plugin =
      findConverter(className, type, plugins, range) ?? findConverter(className, type, plugins);
    const keys = (plugin?.configKeys ?? []).map((key) => prefixed(key, `${name}.`));
    return [{ name, className, plugin, keys }];
  });
}

function prefixed(key: ConfigKey, prefix: string): ConfigKey {
  const { dependents } = key;
  return {
    ...key,
    name: prefix + key.name,
    displayName: key.displayName ?? key.name,
    ...(dependents ? { dependents: dependents.map((each) => prefix + each) } : {}),
  };
}
