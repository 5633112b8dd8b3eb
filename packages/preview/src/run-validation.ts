/** Everything that is wrong with one configuration, the plugin's own code included. */

import { builtInConverters } from '@sluice/built-in';
import {
  ConfigError,
  type ConfigKey,
  type ConfigProblem,
  type ConnectorConfig,
  type ConnectorPlugin,
  exactlyOnceProblems,
  hasReference,
  recommendations,
  validateConnectorConfig,
} from '@sluice/connector-api';
import { converterKeys, converterProblems } from '@sluice/converters';
import { toError, withoutValues } from '@sluice/kernel';
import { transformationPlugins } from '@sluice/runtime';
import type { ResolveConfig } from '@sluice/runtime/references';
import { transformationKeys, transformationProblems } from '@sluice/transforms';

import { partRecommendations } from './part-recommendations.ts';
import { beforeEnd, secretsIn, silent } from './plugin-call.ts';
import { noParts, type PreviewParts } from './trace.ts';
import type { Validation } from './validation-messages.ts';

/** Never rejects, and does not wait for code that ignores the signal. */
export async function runValidation(
  plugin: ConnectorPlugin,
  defined: ConnectorConfig,
  resolve: ResolveConfig,
  signal: AbortSignal,
  parts: PreviewParts = noParts,
): Promise<Validation> {
  // Until it is resolved: a password may stand in the definition itself.
  let hidden = secretsIn(keysOf(plugin, parts, defined), defined);
  try {
    const resolved = await beforeEnd(signal, () => resolve(defined));
    const { config, values } = resolved;
    hidden = { ...secretsIn(keysOf(plugin, parts, config), config), ...values };
    const problems = [
      ...dataProblems(plugin, parts, config),
      ...(await beforeEnd(signal, () => ownProblems(plugin, config, signal))),
    ];
    return {
      kind: 'validated',
      problems: problems.map((each) => shown(each, defined, config, hidden)),
      recommendations: {
        ...(await beforeEnd(signal, () => partRecommendations(config, parts))),
        ...(await beforeEnd(signal, () => recommendations(plugin.configDef.keys, config))),
      },
    };
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', isLate: true, message: '' };
    if (error instanceof ConfigError) {
      // References that stand for nothing. The rest is told as far as it is known.
      const problems = [...error.problems, ...dataProblems(plugin, parts, defined)];
      return { kind: 'validated', problems, recommendations: {} };
    }
    return {
      kind: 'failed',
      isLate: false,
      message: withoutValues(toError(error).message, hidden),
    };
  }
}

function keysOf(
  { configDef }: ConnectorPlugin,
  parts: PreviewParts,
  config: ConnectorConfig,
): readonly ConfigKey[] {
  return [
    ...configDef.keys,
    ...transformationKeys(config, transformationPlugins(parts)),
    ...converterKeys(config, [...builtInConverters, ...parts.converters]),
  ];
}

function dataProblems(
  { type, configDef }: ConnectorPlugin,
  parts: PreviewParts,
  config: ConnectorConfig,
): readonly ConfigProblem[] {
  return [
    ...validateConnectorConfig(type, configDef.keys, config),
    ...transformationProblems(config, transformationPlugins(parts)),
    ...converterProblems(config, [...builtInConverters, ...parts.converters]),
  ];
}

async function ownProblems(
  plugin: ConnectorPlugin,
  config: ConnectorConfig,
  signal: AbortSignal,
): Promise<readonly ConfigProblem[]> {
  const once = plugin.type === 'source' ? exactlyOnceProblems(plugin, config) : [];
  if (!plugin.validate) return once;
  const answer: unknown = await plugin.validate(config, { logger: silent, signal });
  if (Array.isArray(answer) && answer.every(isProblem)) return [...answer, ...once];
  throw new Error('its validate has to return a list of { key, message }');
}

function isProblem(value: unknown): value is ConfigProblem {
  if (typeof value !== 'object' || value === null) return false;
  const { key, message } = value as Partial<Record<keyof ConfigProblem, unknown>>;
  return typeof key === 'string' && typeof message === 'string';
}

/** With the reference where the message quotes what it stands for, however short that is. */
function shown(
  { key, message }: ConfigProblem,
  defined: ConnectorConfig,
  config: ConnectorConfig,
  hidden: Readonly<Record<string, string>>,
): ConfigProblem {
  const written = defined[key] ?? '';
  const value = config[key]?.trim() ?? '';
  const quoted =
    hasReference(written) && value !== '' ? message.replaceAll(value, () => written) : message;
  return { key, message: withoutValues(quoted, hidden) };
}
