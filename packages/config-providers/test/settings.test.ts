import { SettingsReader } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { type ProviderSettings, readProviderSettings } from '../src/index.ts';

const key = Buffer.alloc(32, 1).toString('base64');
const place = { cluster: 'c', redisUrl: 'redis://r' };

function read(environment: Readonly<Record<string, string>>): ProviderSettings {
  const reader = new SettingsReader(environment);
  const settings = readProviderSettings(reader, place);
  reader.check();
  return settings;
}

test('providers have the class of their name, or one that is given, and parameters', () => {
  const { providers, secrets } = read({
    SLUICE_CONFIG_PROVIDERS: 'env, my-files, secrets',
    SLUICE_CONFIG_PROVIDERS_ENV_PARAM_ALLOWLIST_PATTERN: 'DB_.*',
    SLUICE_CONFIG_PROVIDERS_MY__FILES_CLASS:
      'org.apache.kafka.common.config.provider.FileConfigProvider',
    SLUICE_CONFIG_PROVIDERS_MY__FILES_PARAM_ALLOWED_PATHS: '/run/secrets',
    SLUICE_SECRETS_KEYS: `k2:${key},k1:${Buffer.alloc(32, 2).toString('base64')}`,
  });
  expect(providers).toEqual([
    {
      name: 'env',
      class: 'org.apache.kafka.common.config.provider.EnvVarConfigProvider',
      params: { 'allowlist.pattern': 'DB_.*' },
    },
    {
      name: 'my-files',
      class: 'org.apache.kafka.common.config.provider.FileConfigProvider',
      params: { 'allowed.paths': '/run/secrets' },
    },
    { name: 'secrets', class: 'io.sluice.config.provider.SecretConfigProvider', params: {} },
  ]);
  expect(secrets).toMatchObject(place);
});

test('there are none by default', () => {
  expect(read({}).providers).toEqual([]);
});

test.each<[Record<string, string>, RegExp]>([
  [{ SLUICE_CONFIG_PROVIDERS: 'file' }, /SLUICE_CONFIG_PROVIDERS file: allowed\.paths is missing/],
  [{ SLUICE_CONFIG_PROVIDERS: 'vault' }, /SLUICE_CONFIG_PROVIDERS_VAULT_CLASS is missing/],
  [
    { SLUICE_CONFIG_PROVIDERS: 'v', SLUICE_CONFIG_PROVIDERS_V_CLASS: 'com.acme.Vault' },
    /SLUICE_CONFIG_PROVIDERS_V_CLASS=com\.acme\.Vault is not one of/,
  ],
  [
    { SLUICE_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS: '/' },
    /SLUICE_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS is not used/,
  ],
  [
    { SLUICE_CONFIG_PROVIDERS: 'env', SLUICE_CONFIG_PROVIDERS_ENV_PARAM_ALLOWED: 'x' },
    /has no parameter allowed/,
  ],
  [{ SLUICE_CONFIG_PROVIDERS: 'a b' }, /has the name a b/],
  [{ SLUICE_CONFIG_PROVIDERS: 'secrets' }, /it needs SLUICE_SECRETS_KEYS/],
  [{ SLUICE_SECRETS_KEYS: `k1:${key.slice(0, 8)}` }, /a key k1 that is not 32 bytes/],
  [{ SLUICE_SECRETS_KEYS: `k1:${key},k1:${key}` }, /the id k1 twice/],
  [{ SLUICE_SECRETS_KEYS: key }, /must have the form <id>:<key>/],
])('%j is refused', (environment, message) => {
  expect(() => read(environment)).toThrow(message);
  // Nobody's key is in a message.
  const withoutKey = expect.not.stringContaining(key.slice(0, 8));
  expect(() => read(environment)).toThrow(expect.objectContaining({ message: withoutKey }));
});
