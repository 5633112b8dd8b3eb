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
import { isSecretKey, passwordsIn, withoutPasswords, withoutValues } from '@sluice/kernel';
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
  return shownConfig(config, { isSecret: secretKeysOf(of, plugins, parts), mayWrite: false, of });
}

/** For `isSecret` see `secretKeysOf`; of the connector (`of`), also where `config` is that of a task. */
export function shownConfig(
  config: ConnectorConfig,
  {
    isSecret,
    mayWrite: isWriter,
    of = config,
  }: {
    readonly isSecret: IsSecret;
    readonly mayWrite: boolean;
    readonly of?: ConnectorConfig;
  },
): ConnectorConfig {
  if (isWriter) return config;
  // A task's configuration may have them under other keys, and be without the connector's own.
  const secrets = [config, of].map((each) =>
    Object.fromEntries(
      Object.entries(each).filter(([key, value]) => isSecret(key) && !isReference(value)),
    ),
  );
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => {
      // A reference says where the secret is, and nothing of it.
      if (isSecret(key)) return [key, isReference(value) ? value : mask];
      return [key, withoutPasswords(secrets.reduce(withoutValues, value))];
    }),
  );
}

/**
 * The configuration with what is stored in place of what a reader is shown of it.
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
      const isShown = shown?.[key] === value;
      return [key, (isShown ? stored?.[key] : undefined) ?? value];
    }),
  );
  const missing = Object.entries(merged).flatMap(([key, value]) =>
    (isSecret(key) && value.trim() === mask) || passwordsIn(value).includes(mask) ? [key] : [],
  );
  if (missing.length > 0)
    throw new ApiError(
      400,
      `${mask} stands for a secret that is stored, and there is none for ${missing.join(', ')}: give the value`,
      { extra: { code: 'config.masked' } },
    );
  return merged;
}

/** Whether anything in it may stand for what is stored: a mask, or the name of a key in place of its value. */
export function mayBeShown(config: ConnectorConfig): boolean {
  return Object.values(config).some(
    (value) =>
      value.includes(mask) ||
      Array.from(value.matchAll(/<([^<>]*)>/g)).some(([, key = '']) => Object.hasOwn(config, key)),
  );
}

/** For what is only looked at: of the connector of the same name, if anything may stand for what it has. */
export async function withSecretsOfNamesake(
  given: ConnectorConfig,
  cluster: ClusterAccess,
  parts: ConfigParts,
): Promise<ConnectorConfig> {
  if (!mayBeShown(given)) return given;
  const { connectors, plugins } = await cluster.snapshot();
  const stored = connectors.get(given['name']?.trim() ?? '')?.record.config;
  return withStoredSecrets(given, stored, secretKeysOf(given, plugins, parts));
}
