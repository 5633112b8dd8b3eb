export { openConfigProviders } from './create-provider.ts';
export { pluginEnvironment } from './env-provider.ts';
export { parseSecretKeys, type SecretKey } from './secrets/encryption.ts';
export type { SecretStoreOptions, StoredSecret } from './secrets/secret-store.ts';
export {
  noProviders,
  type ProviderDefinition,
  type ProviderSettings,
  providerSettingsHelp,
  readProviderSettings,
} from './settings.ts';
