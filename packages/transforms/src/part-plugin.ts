/** Plugins from a class name, its keys and a function that creates it. */
import {
  aliasesOf,
  type ConfigDef,
  type ConnectorConfig,
  type Predicate,
  type PredicatePlugin,
  type Transform,
  type TransformPlugin,
  type TypedConfigDef,
} from '@sluice/connector-api';
import type { Part } from './records.ts';

/** Of the transforms themselves; Kafka Connect reports the version of Kafka. */
const version = '1.0.0';

/** `<className>$Key` and `<className>$Value`. */
export function partPlugins<Config>(
  className: string,
  configDef: TypedConfigDef<Config>,
  create: (config: Config, part: Part, raw: ConnectorConfig) => Transform,
): readonly TransformPlugin[] {
  return (['key', 'value'] as const).map((part) =>
    transformPlugin(`${className}$${part === 'key' ? 'Key' : 'Value'}`, configDef, (config, raw) =>
      create(config, part, raw),
    ),
  );
}

export function transformPlugin<Config>(
  className: string,
  configDef: TypedConfigDef<Config>,
  create: (config: Config, raw: ConnectorConfig) => Transform,
): TransformPlugin {
  return {
    ...basics(className, configDef),
    type: 'transformation',
    create: (config) => create(configDef.parse(config), config),
  };
}

export function predicatePlugin<Config>(
  className: string,
  configDef: TypedConfigDef<Config>,
  create: (config: Config) => Predicate,
): PredicatePlugin {
  return {
    ...basics(className, configDef),
    type: 'predicate',
    create: (config) => create(configDef.parse(config)),
  };
}

function basics(className: string, { keys }: ConfigDef) {
  return { class: className, aliases: aliasesOf(className), version, configDef: { keys } };
}
