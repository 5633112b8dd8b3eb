/** Connector configurations for the screen: values that may be secrets are not shown. */
import type { PluginInfo } from '@sluice/coordination';
import { hiddenText, isSecretKey, withoutPasswords } from '@sluice/kernel';

/** Passwords inside URLs and connection strings are hidden, too. */
export function shownValue(
  key: string,
  value: string,
  isPassword: (key: string) => boolean,
): string {
  if (isPassword(key) || isSecretKey(key)) return hiddenText;
  return withoutPasswords(value);
}

/** Which keys the plugin of that name calls passwords. */
export function passwordKeys(
  className: string,
  plugins: readonly PluginInfo[],
): (key: string) => boolean {
  // What is a password in any version is shown of none.
  const passwords = new Set(
    plugins
      .filter((each) => each.class === className || each.aliases.includes(className))
      .flatMap(({ configKeys }) => configKeys.filter(({ type }) => type === 'PASSWORD'))
      .map(({ name }) => name),
  );
  return (key) => passwords.has(key);
}

/** Keys that differ, sorted. */
export function changedKeys(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => before[key] !== after[key]).sort();
}
