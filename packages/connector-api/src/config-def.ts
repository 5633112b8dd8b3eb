/**
 * The configuration keys of a plugin as plain data: what a worker announces, what the coordinator checks
 * a definition with, and what the API answers. What a plugin adds as code (`checks`, `recommender`) is not announced,
 * so that it runs only where the plugin was loaded.
 */
import { hasReference } from './config-references.ts';
import { ConfigError, type ConfigProblem } from './errors.ts';
import { hiddenText } from './password.ts';
import type { ConnectorConfig } from './task.ts';

export type ConfigType =
  | 'BOOLEAN'
  | 'STRING'
  | 'INT'
  | 'SHORT'
  | 'LONG'
  | 'DOUBLE'
  | 'LIST'
  | 'CLASS'
  | 'PASSWORD';

export type ConfigImportance = 'HIGH' | 'MEDIUM' | 'LOW';

/** Rules that hold without running the plugin. */
export interface ConfigRules {
  readonly min?: number;
  readonly max?: number;
  /** Allowed values; for a list, of each element. */
  readonly oneOf?: readonly string[];
  /** `oneOf` compares without case. */
  readonly ignoreCase?: boolean;
  /** Source of a JavaScript regular expression that the value must contain a match of. */
  readonly pattern?: string;
  readonly nonEmpty?: boolean;
  /** Of a list. */
  readonly elementsMax?: number;
}

/** What is wrong with a value that holds to all rules; undefined: nothing. It must not wait for anything. */
export type ConfigCheck = (text: string) => string | undefined;

/** What to choose from, by the rest of the configuration, for whoever fills in a form. */
export interface ConfigRecommender {
  readonly values?: (config: ConnectorConfig) => readonly string[] | Promise<readonly string[]>;
  /** Whether it makes sense to ask for this key. */
  readonly isVisible?: (config: ConnectorConfig) => boolean;
}

export interface ConfigKey {
  readonly name: string;
  readonly type: ConfigType;
  /** Required means: no default and not optional. */
  readonly required: boolean;
  readonly defaultValue: string | null;
  readonly importance: ConfigImportance;
  readonly documentation: string;
  readonly group?: string;
  /** Within its group; without it they are counted. */
  readonly order?: number;
  readonly displayName?: string;
  readonly dependents?: readonly string[];
  readonly width?: 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
  readonly rules?: ConfigRules;
  /** Code; the first that finds something is told. */
  readonly checks?: readonly ConfigCheck[];
  /** Code. */
  readonly recommender?: ConfigRecommender;
}

export interface ConfigDef {
  readonly keys: readonly ConfigKey[];
}

/** A definition that also knows the types of its values; made by `defineConfig`. */
export interface TypedConfigDef<Values> extends ConfigDef {
  /** @throws ConfigError that lists every problem at once. */
  readonly parse: (config: ConnectorConfig) => Values;
}

/** Kafka Connect's ConfigKeyInfo, field for field, plus the rules. */
export interface ConfigKeyInfo {
  readonly name: string;
  readonly type: ConfigType;
  readonly required: boolean;
  readonly default_value: string | null;
  readonly importance: ConfigImportance;
  readonly documentation: string;
  readonly group: string | null;
  readonly order: number;
  readonly width: 'NONE' | 'SHORT' | 'MEDIUM' | 'LONG';
  readonly display_name: string;
  readonly dependents: readonly string[];
  readonly rules?: ConfigRules;
}

/** Keys in the shape that the API answers. */
export function toConfigKeyInfos(keys: readonly ConfigKey[]): ConfigKeyInfo[] {
  const orderOfGroup = new Map<string, number>();
  return keys.map((key) => {
    let order = -1; // Kafka Connect's value for a key without a group.
    if (key.group !== undefined) {
      order = (orderOfGroup.get(key.group) ?? 0) + 1;
      orderOfGroup.set(key.group, order);
    }
    return {
      name: key.name,
      type: key.type,
      required: key.required,
      default_value:
        key.type === 'PASSWORD' && key.defaultValue !== null ? hiddenText : key.defaultValue,
      importance: key.importance,
      documentation: key.documentation,
      group: key.group ?? null,
      order: key.order ?? order,
      width: key.width ?? 'NONE',
      display_name: key.displayName ?? key.name,
      dependents: key.dependents ?? [],
      ...(key.rules ? { rules: key.rules } : {}),
    };
  });
}

/** What `toConfigKeyInfos` was given, of a plugin whose code is elsewhere. */
export function fromConfigKeyInfos(infos: readonly ConfigKeyInfo[]): ConfigKey[] {
  return infos.map(({ default_value, display_name, group, order, ...info }) => ({
    ...info,
    defaultValue: default_value,
    displayName: display_name,
    ...(group === null ? {} : { group, order }),
  }));
}

/** What `parseConfigValue` needs to know of a key; ConfigKey and ConfigKeyInfo both have it. */
interface CheckedKey {
  readonly name: string;
  readonly type: ConfigType;
  readonly required: boolean;
  readonly rules?: ConfigRules;
  readonly checks?: readonly ConfigCheck[];
  readonly dependents?: readonly string[];
}

/**
 * Everything that is wrong with `config` by these keys, in the order of the keys, in Kafka Connect's
 * words. Unknown keys are allowed, as in Kafka Connect. Of a value with a reference (`${provider:key}`) nothing is
 * known before it was resolved.
 */
export function validateConfig(
  keys: readonly CheckedKey[],
  config: ConnectorConfig,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const key of keys) {
    const message = problemOf(key, config[key.name]);
    if (message !== undefined) problems.push({ key: key.name, message });
  }
  return [...problems, ...undefinedDependents(keys)];
}

function undefinedDependents(keys: readonly CheckedKey[]): ConfigProblem[] {
  const names = new Set(keys.map(({ name }) => name));
  const missing = keys.flatMap(({ dependents = [] }) =>
    dependents.filter((each) => !names.has(each)),
  );
  return Array.from(new Set(missing), (key) => ({
    key,
    message: `${key} is referred in the dependents, but not defined.`,
  }));
}

/** @throws ConfigError if there is any problem. */
export function assertValidConfig(keys: readonly CheckedKey[], config: ConnectorConfig): void {
  const problems = validateConfig(keys, config);
  if (problems.length > 0) throw new ConfigError(problems);
}

function problemOf(key: CheckedKey, text: string | undefined): string | undefined {
  if (text === undefined) {
    return key.required
      ? `Missing required configuration "${key.name}" which has no default value.`
      : undefined;
  }
  if (hasReference(text)) return undefined;
  const parsed = parseConfigValue(key.type, text);
  const reason =
    'problem' in parsed
      ? parsed.problem
      : (brokenRule(parsed.value, key.rules) ?? failedCheck(key.checks, text));
  if (reason === undefined) return undefined;
  // What cannot be read is shown as it is; of what can, blanks around it do not count.
  const written = 'problem' in parsed ? text : text.trim();
  const shown = key.type === 'PASSWORD' ? hiddenText : written;
  return `Invalid value ${shown} for configuration ${key.name}: ${reason}`;
}

export type ConfigValue = string | number | boolean | readonly string[];

/** Whitespace around a value does not count; an empty list has no elements. */
export function parseConfigValue(
  type: ConfigType,
  text: string,
): { readonly value: ConfigValue } | { readonly problem: string } {
  const trimmed = text.trim();
  switch (type) {
    case 'BOOLEAN': {
      const lowerCase = trimmed.toLowerCase();
      if (lowerCase === 'true') return { value: true };
      if (lowerCase === 'false') return { value: false };
      return { problem: 'Expected value to be either true or false' };
    }
    case 'INT':
    case 'SHORT':
    case 'LONG':
      return parseInteger(type, trimmed);
    case 'DOUBLE':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)
        ? { value: Number(trimmed) }
        : { problem: 'Not a number of type DOUBLE' };
    case 'LIST':
      return { value: trimmed === '' ? [] : trimmed.split(/\s*,\s*/) };
    case 'STRING':
    case 'CLASS':
    case 'PASSWORD':
      return { value: trimmed };
    default:
      return type satisfies never;
  }
}

const integerBits = { SHORT: 16n, INT: 32n, LONG: 64n } as const;

function parseInteger(
  type: keyof typeof integerBits,
  text: string,
): { readonly value: number } | { readonly problem: string } {
  if (/^[+-]?\d{1,40}$/.test(text)) {
    const exact = BigInt(text.startsWith('+') ? text.slice(1) : text);
    // A LONG beyond 2^53 (Long.MAX_VALUE is a popular "never") becomes the nearest number.
    if (BigInt.asIntN(Number(integerBits[type]), exact) === exact) return { value: Number(exact) };
  }
  return { problem: `Not a number of type ${type}` };
}

function brokenRule(value: ConfigValue, rules: ConfigRules | undefined): string | undefined {
  if (!rules) return undefined;
  if (typeof value === 'number') {
    if (rules.min !== undefined && value < rules.min)
      return `Value must be at least ${String(rules.min)}`;
    if (rules.max !== undefined && value > rules.max)
      return `Value must be no more than ${String(rules.max)}`;
  }
  if (typeof value === 'string') {
    if (rules.nonEmpty && value === '') return 'String must be non-empty';
    if (!isAllowed(value, rules)) {
      const how = rules.ignoreCase ? ' (case insensitive)' : '';
      return `String must be one of${how}: ${(rules.oneOf ?? []).join(', ')}`;
    }
    if (rules.pattern !== undefined && !new RegExp(rules.pattern).test(value))
      return `String must match pattern ${rules.pattern}`;
  }
  if (Array.isArray(value)) {
    if (rules.nonEmpty && value.length === 0) return 'List must be non-empty';
    if (rules.elementsMax !== undefined && value.length > rules.elementsMax)
      return `exceeds maximum list size of [${String(rules.elementsMax)}].`;
    if (value.some((element: string) => !isAllowed(element, rules)))
      return `List elements must be one of: ${(rules.oneOf ?? []).join(', ')}`;
  }
  return undefined;
}

function failedCheck(checks: readonly ConfigCheck[] = [], text: string): string | undefined {
  for (const check of checks) {
    const reason = check(text);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function isAllowed(value: string, { oneOf, ignoreCase }: ConfigRules): boolean {
  if (!oneOf) return true;
  if (!ignoreCase) return oneOf.includes(value);
  return oneOf.some((option) => option.toLowerCase() === value.toLowerCase());
}
