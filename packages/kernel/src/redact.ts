/**
 * Keeps configuration values, which may be secrets, out of what a plugin's errors say: drivers quote what
 * they were given. Parts of a value (the password within a URL) are not recognised.
 */
import type { Logger } from './logger.ts';

/** Shorter ones ("1", "on") stand in any text, and would make it unreadable. */
const charactersMin = 4;

/** The text with the key in place of each value: `open '<file>'`. */
export function withoutValues(text: string, config: Readonly<Record<string, string>>): string {
  // The longest first: another value may be a part of it.
  return Object.entries(config)
    .filter(([, value]) => value.length >= charactersMin)
    .toSorted(([, a], [, b]) => b.length - a.length)
    .reduce((rest, [key, value]) => rest.replaceAll(value, `<${key}>`), text);
}

const secretKey =
  /passw|secret|token|credential|private|passphrase|(?:api|access|account|shared)[._-]?key|jaas|authorization|basic\.auth/i;

/** Whether a configuration key is named as what holds secrets is. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

/** As `withoutValues`, of those keys only: for what people have to read, such as a status' trace. */
export function withoutSecrets(text: string, config: Readonly<Record<string, string>>): string {
  return withoutValues(text, secretsOf(config));
}

/** Those keys and their values. */
export function secretsOf(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => isSecretKey(key)));
}

/** A logger that does so with the field `error`. */
export function withoutValuesIn(logger: Logger, config: Readonly<Record<string, string>>): Logger {
  const redacted = (fields: object): object =>
    'error' in fields && typeof fields.error === 'string'
      ? { ...fields, error: withoutValues(fields.error, config) }
      : fields;
  return {
    debug: (fields, message) => logger.debug(redacted(fields), message),
    info: (fields, message) => logger.info(redacted(fields), message),
    warn: (fields, message) => logger.warn(redacted(fields), message),
    error: (fields, message) => logger.error(redacted(fields), message),
    child: (bindings) => withoutValuesIn(logger.child(bindings), config),
  };
}
