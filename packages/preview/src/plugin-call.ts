/** What calls of code of connectors have in common: a limit of time, no logger, and no secret in what is told of them. */
import type { ConfigKey, ConnectorConfig } from '@sluice/connector-api';
import { secretsOf } from '@sluice/kernel';

/** Of the keys that are named as secrets are, and of those that a plugin says hold some. */
export function secretsIn(
  keys: readonly ConfigKey[],
  config: ConnectorConfig,
): Record<string, string> {
  const passwords = keys.flatMap(({ name, type }) => {
    const value = config[name];
    return type === 'PASSWORD' && value !== undefined ? [[name, value] as const] : [];
  });
  return { ...secretsOf(config), ...Object.fromEntries(passwords) };
}

/** @throws the signal's reason, whatever `run` still does. */
export async function beforeEnd<Result>(
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
export const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
