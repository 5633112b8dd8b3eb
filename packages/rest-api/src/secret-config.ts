/**
 * Passwords in configurations, towards clients. Who may write sees what was written, as with Kafka Connect, since
 * clients compare it and send it back. Who may only read sees a mask, and a mask that comes back keeps what is stored.
 */
import { type ConnectorConfig, hiddenText as mask } from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import { passwordsIn } from '@sluice/kernel';
import type { FastifyRequest } from 'fastify';

import { ApiError } from './api-error.ts';
import { mayWrite } from './caller.ts';
import type { ClusterAccess } from './cluster-access.ts';
import type { ConfigParts } from './config-infos.ts';
import { type IsSecret, secretKeysOf, shownConfig } from './shown-config.ts';

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
