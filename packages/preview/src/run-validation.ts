/** Everything that is wrong with one configuration, the plugin's own code included. */
import {
  type ConfigProblem,
  type ConnectorConfig,
  type ConnectorPlugin,
  recommendations,
  validateConnectorConfig,
} from '@sluice/connector-api';
import { converterPlugins, converterProblems } from '@sluice/converters';
import { secretsOf, toError, withoutValues } from '@sluice/kernel';
import { schemaRegistryConverters } from '@sluice/schema-registry';
import { transformationProblems } from '@sluice/transforms';

import type { Validation } from './validation-messages.ts';

const converters = [...converterPlugins, ...schemaRegistryConverters];

/** Never rejects, and does not wait for code that ignores the signal. */
export async function runValidation(
  plugin: ConnectorPlugin,
  config: ConnectorConfig,
  signal: AbortSignal,
): Promise<Validation> {
  const secrets = secretsIn(plugin, config);
  try {
    const problems = [
      ...validateConnectorConfig(plugin.type, plugin.configDef.keys, config),
      ...transformationProblems(config),
      ...converterProblems(config, converters),
      ...(await beforeEnd(signal, () => ownProblems(plugin, config, signal))),
    ];
    const recommended = await beforeEnd(signal, () =>
      recommendations(plugin.configDef.keys, config),
    );
    return {
      kind: 'validated',
      problems: problems.map(({ key, message }) => ({
        key: String(key),
        message: withoutValues(String(message), secrets),
      })),
      recommendations: recommended,
    };
  } catch (error) {
    if (signal.aborted) return { kind: 'failed', isLate: true, message: '' };
    const message = withoutValues(toError(error).message, secrets);
    return { kind: 'failed', isLate: false, message };
  }
}

async function ownProblems(
  plugin: ConnectorPlugin,
  config: ConnectorConfig,
  signal: AbortSignal,
): Promise<readonly ConfigProblem[]> {
  return (await plugin.validate?.(config, { logger: silent, signal })) ?? [];
}

/** Of the keys that are named as secrets are, and of those that the plugin says hold some. */
function secretsIn(plugin: ConnectorPlugin, config: ConnectorConfig): Record<string, string> {
  const passwords = plugin.configDef.keys.flatMap(({ name, type }) => {
    const value = config[name];
    return type === 'PASSWORD' && value !== undefined ? [[name, value] as const] : [];
  });
  return { ...secretsOf(config), ...Object.fromEntries(passwords) };
}

/** @throws the signal's reason, whatever `run` still does. */
async function beforeEnd<Result>(
  signal: AbortSignal,
  run: () => Promise<Result>,
): Promise<Result> {
  const over = Promise.withResolvers<never>();
  const end = (): void => over.reject(signal.reason);
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([run(), over.promise]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

const ignore = (): void => {};
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
