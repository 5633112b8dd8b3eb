/**
 * What readers see of a configuration: masks for passwords. It decides for everybody who shows one, the command line
 * included; clients of the API: see secret-config.ts.
 */
import {
  type ConnectorConfig,
  isReference,
  hiddenText as mask,
  toConfigKeyInfos,
} from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import { isSecretKey, withoutPasswords, withoutValues } from '@sluice/kernel';

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
