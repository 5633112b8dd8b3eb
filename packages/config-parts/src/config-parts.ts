/** What definitions may name besides connectors: it comes with this build, as with every worker of it. */
import { builtInConverters, convertersWith } from '@sluice/built-in';
import {
  type ConfigKey,
  type ConfigProblem,
  type ConnectorConfig,
  type ConverterPlugin,
  fromConfigKeyInfos,
  hiddenText,
  toConfigKeyInfos,
} from '@sluice/connector-api';
import { converterKeys, converterProblems } from '@sluice/converters';
import type { PluginInfo } from '@sluice/coordination';
import type { ConfigParts } from '@sluice/rest-api';
import {
  predicatePlugins,
  type TransformationPlugins,
  transformationKeys,
  transformationProblems,
  transformPlugins,
} from '@sluice/transforms';

export const configParts: ConfigParts = {
  builtIn: [
    ...[...transformPlugins, ...predicatePlugins].map(
      ({ class: className, aliases, type, version, configDef }): PluginInfo => ({
        class: className,
        aliases,
        type,
        version,
        configKeys: toConfigKeyInfos(configDef.keys),
      }),
    ),
    ...builtInConverters.flatMap(converterInfos),
  ],
  keys: partKeys,
  problems: partProblems,
};

function partKeys(config: ConnectorConfig, announced: readonly PluginInfo[]): ConfigKey[] {
  return [
    ...transformationKeys(config, transformationsOf(announced)),
    ...converterKeys(config, convertersWith(announced)),
  ];
}

/** Of the converters, transforms and predicates of a definition. `announced`: by workers. */
export function partProblems(
  config: ConnectorConfig,
  announced: readonly PluginInfo[],
): readonly ConfigProblem[] {
  return [
    ...transformationProblems(config, transformationsOf(announced)),
    ...converterProblems(config, convertersWith(announced)),
    ...maskProblems(partKeys(config, announced), config),
  ];
}

/** What a reader is shown is no password. */
function maskProblems(keys: readonly ConfigKey[], config: ConnectorConfig): ConfigProblem[] {
  return keys
    .filter(({ name, type }) => type === 'PASSWORD' && config[name]?.trim() === hiddenText)
    .map(({ name }) => ({
      key: name,
      message: `Invalid value ${hiddenText} for configuration ${name}: it stands for a password; give that`,
    }));
}

/**
 * Ours, and those of users as far as workers have announced them: their keys are known here, and their code is not. What
 * only that finds wrong fails the connector when it starts.
 */
function transformationsOf(announced: readonly PluginInfo[]): TransformationPlugins {
  return {
    transforms: [
      ...transformPlugins,
      ...ofType(announced, 'transformation').map((plugin) => ({
        ...withKeys(plugin),
        type: 'transformation' as const,
        create: () => ({ apply: (records: readonly never[]) => ({ records, failures: [] }) }),
      })),
    ],
    predicates: [
      ...predicatePlugins,
      ...ofType(announced, 'predicate').map((plugin) => ({
        ...withKeys(plugin),
        type: 'predicate' as const,
        create: () => ({ test: () => ({ matches: [], failures: [] }) }),
      })),
    ],
  };
}

function ofType(plugins: readonly PluginInfo[], type: PluginInfo['type']): readonly PluginInfo[] {
  return plugins.filter((plugin) => plugin.type === type);
}

function withKeys({ class: className, aliases, version, configKeys }: PluginInfo) {
  return {
    class: className,
    aliases,
    version,
    configDef: { keys: fromConfigKeyInfos(configKeys) },
  };
}

/** Once for each thing that it may convert. */
function converterInfos(plugin: ConverterPlugin): PluginInfo[] {
  const { class: className, aliases, version, types, configKeys } = plugin;
  return types.map((type) => ({
    class: className,
    aliases,
    type,
    version,
    configKeys: toConfigKeyInfos(configKeys),
  }));
}
