export { type BackoffOptions, backoffMs } from './backoff.ts';
export { type Clock, systemClock, type Timer } from './clock.ts';
export { compareText } from './compare-text.ts';
export {
  assert,
  assertNever,
  type ErrorFacts,
  hasCode,
  isFenced,
  isRetriable,
  SluiceError,
  toError,
} from './errors.ts';
export { exactNumber, parseExactJson, rawNumber, stringifyExactJson } from './exact-json.ts';
export { newId, newShortId } from './ids.ts';
export { isObject } from './is-object.ts';
export { parseJavaProperties } from './java-properties.ts';
export {
  type LevelSetting,
  type LogLevel,
  LogLevels,
  leveledLogger,
  logLevels,
  parseLogLevel,
} from './log-levels.ts';
export { type Logger, silentLogger } from './logger.ts';
export { hiddenText, passwordsIn, withoutPasswords } from './passwords-in-text.ts';
export {
  hidingLogger,
  isSecretKey,
  type Replacements,
  replaceIn,
  replacementsOf,
  secretsOf,
  withoutValues,
  withoutValuesIn,
  withoutValuesWithin,
} from './redact.ts';
export { type Service, stopAll } from './service.ts';
export { type Environment, SettingsReader, settingKey, settingName } from './settings.ts';
export { type TlsRemedies, tlsProblem } from './tls-problem.ts';
