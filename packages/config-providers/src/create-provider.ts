/** Providers by class: Kafka Connect's names, and one of ours. */
import { type ConfigProvider, ConfigResolver } from '@sluice/runtime/references';

import { EnvProvider } from './env-provider.ts';
import { DirectoryProvider, FileProvider } from './file-providers.ts';
import { parseSecretKeys } from './secrets/encryption.ts';
import type { ProviderDefinition, ProviderSettings } from './settings.ts';

type SecretSettings = ProviderSettings['secrets'];

const kafka = 'org.apache.kafka.common.config.provider';
const classes = {
  env: `${kafka}.EnvVarConfigProvider`,
  file: `${kafka}.FileConfigProvider`,
  directory: `${kafka}.DirectoryConfigProvider`,
  secrets: 'io.sluice.config.provider.SecretConfigProvider',
} as const;

/** The class of a provider of that name, unless it has another. */
export const providerClasses: ReadonlyMap<string, string> = new Map(Object.entries(classes));

export function isProviderClass(name: string): boolean {
  return [...providerClasses.values()].includes(name);
}

/** What makes it. @throws ConfigError for a parameter that is wrong. */
export function checkedProvider(
  { class: className, params }: ProviderDefinition,
  { cluster, keys: keyText, redisUrl }: SecretSettings,
): () => ConfigProvider | Promise<ConfigProvider> {
  const [unknown] = Object.keys(params).filter((key) => !knownParams[className]?.includes(key));
  if (unknown !== undefined) throw new Error(`${className} has no parameter ${unknown}`);
  switch (className) {
    case classes.env: {
      const provider = new EnvProvider(params);
      return () => provider;
    }
    case classes.file: {
      const provider = new FileProvider(params);
      return () => provider;
    }
    case classes.directory: {
      const provider = new DirectoryProvider(params);
      return () => provider;
    }
    case classes.secrets: {
      if (keyText === '') throw new Error('it needs SLUICE_SECRETS_KEYS');
      const parsed = parseSecretKeys(keyText);
      const keys = 'keys' in parsed ? parsed.keys : [];
      return async () => {
        // Loads the driver, which others need not have.
        const { SecretProvider } = await import('./secrets/secret-provider.ts');
        return new SecretProvider({ redisUrl, cluster, keys });
      };
    }
    default:
      throw new Error(`there is no config provider class ${className}`);
  }
}

const knownParams: Readonly<Record<string, readonly string[]>> = {
  [classes.env]: ['allowlist.pattern'],
  [classes.file]: ['allowed.paths'],
  [classes.directory]: ['allowed.paths'],
};

/** Of all providers of a process. Whoever has it closes it. */
export async function openConfigProviders({
  providers,
  secrets,
}: ProviderSettings): Promise<ConfigResolver> {
  const opened = new Map<string, ConfigProvider>();
  for (const definition of providers)
    opened.set(definition.name, await checkedProvider(definition, secrets)());
  return new ConfigResolver(opened);
}
