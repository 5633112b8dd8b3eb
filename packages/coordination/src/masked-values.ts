/**
 * Masks in place of passwords: what a reader of the API is shown, and no value. A definition with one was read by
 * somebody who may not see it, and would replace what is stored.
 */
import type { ConnectorConfig } from '@sluice/connector-api';
import { hiddenText, isSecretKey, passwordsIn } from '@sluice/kernel';

import type { PluginInfo } from './model.ts';

/** The keys of the values that are masks, or have one for a password. */
export function maskedKeys(
  config: ConnectorConfig,
  configKeys: PluginInfo['configKeys'],
): readonly string[] {
  const types = new Map(configKeys.map(({ name, type }) => [name, type]));
  const isSecret = (key: string): boolean =>
    types.has(key) ? types.get(key) === 'PASSWORD' : isSecretKey(key);
  return Object.entries(config).flatMap(([key, value]) =>
    (value.trim() === hiddenText && isSecret(key)) || passwordsIn(value).includes(hiddenText)
      ? [key]
      : [],
  );
}
