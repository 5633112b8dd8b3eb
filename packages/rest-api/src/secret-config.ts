/**
 * Passwords in configurations, towards clients. Who may write sees what was written, as with Kafka Connect, since
 * clients compare it and send it back. Who may only read sees a mask, and a mask that comes back keeps what is stored.
 */
import {
  type ConnectorConfig,
  isReference,
  hiddenText as mask,
  toConfigKeyInfos,
} from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import { isSecretKey, withoutPasswords, withoutValues } from '@sluice/kernel';
import type { FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';
import { mayWrite } from './caller.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { type ConfigParts, frameworkKeys } from './config-infos.ts';
import { versionsOf } from './entities.ts';

export type IsSecret = (key: string) => boolean;

/**
 * Which keys of a definition hold secrets: what the plugins that it names say, of the connector, converters, transforms
 * and predicates. Of a key that nobody defines, its name has to tell.
 */
export function secretKeysOf(
  config: ConnectorConfig,
  plugins: readonly PluginInfo[],
  parts: ConfigParts,
): IsSecret {
  const versions = versionsOf(plugins, config['connector.class']?.trim() ?? '', ['source', 'sink']);
  const [first] = versions;
  const defined = new Map<string, string>();
  const known = [
    ...toConfigKeyInfos(parts.keys(config, plugins)),
    ...(first ? frameworkKeys(first) : []),
    ...versions.flatMap(({ configKeys }) => configKeys),
  ];
  // What is a secret in any version is shown of none.
  for (const { name, type } of known) {
    if (defined.get(name) !== 'PASSWORD') defined.set(name, type);
  }
  return (key) => (defined.get(key) ?? (isSecretKey(key) ? 'PASSWORD' : 'STRING')) === 'PASSWORD';
}

/** What of a definition is shown to who asks; `of`: the connector's configuration, where `config` is that of a task. */
export function shownTo(
  request: FastifyRequest,
  config: ConnectorConfig,
  plugins: readonly PluginInfo[],
  parts: ConfigParts,
  of = config,
): ConnectorConfig {
  if (mayWrite(request)) return config;
  return shownConfig(config, { isSecret: secretKeysOf(of, plugins, parts), mayWrite: false });
}

/** For `isSecret` see `secretKeysOf`; of the connector, also where `config` is that of a task. */
export function shownConfig(
  config: ConnectorConfig,
  { isSecret, mayWrite: isWriter }: { readonly isSecret: IsSecret; readonly mayWrite: boolean },
): ConnectorConfig {
  if (isWriter) return config;
  // A task's configuration may have them under other keys, too.
  const secrets = Object.fromEntries(
    Object.entries(config).filter(([key, value]) => isSecret(key) && !isReference(value)),
  );
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, shownValue(key, value, isSecret, secrets)]),
  );
}

function shownValue(
  key: string,
  value: string,
  isSecret: IsSecret,
  secrets: Readonly<Record<string, string>>,
): string {
  // It says where the secret is, and nothing of it.
  if (isSecret(key)) return isReference(value) ? value : mask;
  return withoutPasswords(withoutValues(value, secrets));
}

/**
 * The configuration with what is stored in place of masks: each value that is what a reader is shown of the stored one.
 * @throws ApiError 400 that names the keys of masks for which nothing is stored.
 */
export function withStoredSecrets(
  given: ConnectorConfig,
  stored: ConnectorConfig | undefined,
  isSecret: IsSecret,
): Record<string, string> {
  const shown = stored && shownConfig(stored, { isSecret, mayWrite: false });
  const merged = Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const isShown = shown?.[key] === value && value.includes(mask);
      return [key, (isShown ? stored?.[key] : undefined) ?? value];
    }),
  );
  const missing = Object.keys(merged).filter((key) => isSecret(key) && merged[key] === mask);
  if (missing.length > 0)
    throw new ApiError(
      400,
      `${mask} stands for a secret that is stored, and there is none for ${missing.join(', ')}: give the value`,
      { extra: { code: 'config.masked' } },
    );
  return merged;
}

/** Whether anything in it may stand for what is stored. */
export function hasMask(config: Readonly<Record<string, string | null>>): boolean {
  return Object.values(config).some((value) => value?.includes(mask) === true);
}

/** For what is only looked at: of the connector of the same name, if there is one and anything is masked. */
export async function withSecretsOfNamesake(
  given: ConnectorConfig,
  cluster: ClusterAccess,
  parts: ConfigParts,
): Promise<ConnectorConfig> {
  if (!hasMask(given)) return given;
  const { connectors, plugins } = await cluster.snapshot();
  const stored = connectors.get(given['name'] ?? '')?.record.config;
  return stored ? withStoredSecrets(given, stored, secretKeysOf(given, plugins, parts)) : given;
}
