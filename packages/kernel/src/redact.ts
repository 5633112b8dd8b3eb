/**
 * Keeps configuration values, which may be secrets, out of what a plugin's errors say: drivers quote what
 * they were given, also as JSON or in a URL. Parts of a value (the password within a URL) are not recognised.
 */
import type { Logger } from './logger.ts';

/** Shorter ones ("1", "on") stand in any text, and would make it unreadable. */
const charactersMin = 4;
/** Of what is logged; deeper is not shown. */
const depthMax = 6;

/** The text with the key in place of each value: `open '<file>'`. The space around a value is no part of it. */
export function withoutValues(text: string, config: Readonly<Record<string, string>>): string {
  // The longest first: another value may be a part of it.
  return Object.entries(config)
    .map(([key, value]) => [key, value.trim()] as const)
    .filter(([, value]) => value.length >= charactersMin)
    .flatMap(([key, value]) => spellings(value).map((each) => [key, each] as const))
    .toSorted(([, a], [, b]) => b.length - a.length)
    .reduce((rest, [key, value]) => rest.replaceAll(value, `<${key}>`), text);
}

/** As it is, and as it stands in JSON or a URL, where that is not the same. */
function spellings(value: string): string[] {
  const quoted = /["\\\p{Cc}]/u.test(value) ? [JSON.stringify(value).slice(1, -1)] : [];
  const encoded = /[^\w.~-]/.test(value) && value.isWellFormed() ? [encodeURIComponent(value)] : [];
  return [value, ...quoted, ...encoded];
}

const secretKey =
  /passw|secret|token|credential|private|passphrase|(?:api|access|account|shared)[._-]?key|jaas|authorization|basic\.auth/i;

/** Whether a configuration key is named as what holds secrets is. */
export function isSecretKey(key: string): boolean {
  return secretKey.test(key);
}

/** The keys that are named so, and their values. */
export function secretsOf(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => isSecretKey(key)));
}

/** The same of every text within a value, which is copied. */
export function withoutValuesWithin(
  value: unknown,
  config: Readonly<Record<string, string>>,
  depth = 0,
): unknown {
  if (typeof value === 'string') return withoutValues(value, config);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= depthMax) return '…';
  const within = (each: unknown): unknown => withoutValuesWithin(each, config, depth + 1);
  if (Array.isArray(value)) return value.map(within);
  const shown = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, within(each)]));
  if (!(value instanceof Error)) return shown;
  return { ...shown, message: within(value.message), stack: within(value.stack) };
}

/** A logger that does so with all that it is given. `values` may grow. */
export function hidingLogger(logger: Logger, values: Readonly<Record<string, string>>): Logger {
  const shown = (fields: object): object =>
    Object.keys(values).length === 0 ? fields : (withoutValuesWithin(fields, values) as object);
  const told = (message: string): string => withoutValues(message, values);
  return {
    debug: (fields, message) => logger.debug(shown(fields), told(message)),
    info: (fields, message) => logger.info(shown(fields), told(message)),
    warn: (fields, message) => logger.warn(shown(fields), told(message)),
    error: (fields, message) => logger.error(shown(fields), told(message)),
    child: (bindings) => hidingLogger(logger.child(bindings), values),
  };
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
