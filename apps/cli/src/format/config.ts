/** Connector configurations for the screen: values that may be secrets are not shown. */

const secretKey =
  /passw|secret|token|credential|private|passphrase|(?:api|access|account|shared)[._-]?key|jaas|authorization|basic\.auth/i;
const secretInUrl = /(\/\/[^/:@\s]*):[^@\s]+@/g;

export const hidden = '[hidden]';

/** Passwords inside URLs are hidden, too. */
export function shownValue(
  key: string,
  value: string,
  isPassword: (key: string) => boolean,
): string {
  if (isPassword(key) || secretKey.test(key)) return hidden;
  return value.replace(secretInUrl, `$1:${hidden}@`);
}

/** Keys that differ, sorted. */
export function changedKeys(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key]).sort();
}
