/**
 * How an author declares configuration keys: `int().min(1).default(10).doc('…')`. A key without a default
 * that is not optional is required. Builders are immutable; each knows the type of its parsed value.
 */
import {
  assertValidConfig,
  type ConfigImportance,
  type ConfigKey,
  type ConfigRecommender,
  type ConfigRules,
  type ConfigType,
  parseConfigValue,
  type TypedConfigDef,
} from './config-def.ts';
import { Password } from './password.ts';
import type { ConnectorConfig } from './task.ts';

type KeyDraft = Omit<ConfigKey, 'name'>;

/** `Value` is the type of the parsed value. */
export abstract class ConfigBuilder<Value> {
  readonly draft: KeyDraft;

  constructor(draft: KeyDraft) {
    this.draft = draft;
  }

  /** The typed value; only for text that passed validation. */
  abstract read(text: string): Value;

  /** Used when the key is absent. */
  default(value: Exclude<Value, undefined>): this {
    return this.with({ required: false, defaultValue: this.show(value) });
  }

  /** What the key does, for whoever configures the connector. */
  doc(documentation: string): this {
    return this.with({ documentation });
  }

  importance(importance: Lowercase<ConfigImportance>): this {
    return this.with({ importance: importance.toUpperCase() as ConfigImportance });
  }

  group(group: string): this {
    return this.with({ group });
  }

  displayName(displayName: string): this {
    return this.with({ displayName });
  }

  /** How wide a form shows it. */
  width(width: 'short' | 'medium' | 'long'): this {
    return this.with({ width: width.toUpperCase() as NonNullable<ConfigKey['width']> });
  }

  /** Keys that a form shows, or chooses from, by the value of this one. */
  dependents(...names: readonly string[]): this {
    return this.with({ dependents: [...(this.draft.dependents ?? []), ...names] });
  }

  /**
   * A rule of your own: what is wrong with the value, or undefined. It sees values that hold to all other rules. Several
   * are asked in turn. What has to wait for something belongs into the connector's `validate`.
   */
  check(check: (value: Exclude<Value, undefined>) => string | undefined): this {
    const { checks = [] } = this.draft;
    return this.with({
      checks: [...checks, (text) => check(this.read(text) as Exclude<Value, undefined>)],
    });
  }

  /** Values to choose from, by the configuration so far; defaults are filled in. */
  recommend(values: NonNullable<ConfigRecommender['values']>): this {
    return this.with({ recommender: { ...this.draft.recommender, values } });
  }

  /** When a form should ask for it, by the configuration so far; defaults are filled in. */
  visibleIf(isVisible: NonNullable<ConfigRecommender['isVisible']>): this {
    return this.with({ recommender: { ...this.draft.recommender, isVisible } });
  }

  protected show(value: Exclude<Value, undefined>): string {
    return Array.isArray(value) ? value.join(',') : String(value);
  }

  protected with(changes: Partial<KeyDraft>): this {
    return new (this.constructor as new (draft: KeyDraft) => this)({ ...this.draft, ...changes });
  }

  protected withRules(rules: ConfigRules): this {
    return this.with({ rules: { ...this.draft.rules, ...rules } });
  }
}

export class StringBuilder<Value extends string | undefined> extends ConfigBuilder<Value> {
  override read(text: string): Value {
    const value = text.trim();
    const { rules } = this.draft;
    if (!rules?.ignoreCase) return value as Value;
    const sameButCase = (option: string): boolean => option.toLowerCase() === value.toLowerCase();
    return (rules.oneOf?.find(sameButCase) ?? value) as Value;
  }

  optional(): StringBuilder<Value | undefined> {
    return this.with({ required: false });
  }

  /** The only values allowed; the parsed value has their union as its type. */
  oneOf<const Options extends readonly [string, ...string[]]>(
    ...options: Options
  ): StringBuilder<Options[number] | (undefined extends Value ? undefined : never)> {
    return this.withRules({ oneOf: options }) as never;
  }

  /** With `oneOf`: capitals do not count; the value is the option as it was declared. */
  ignoreCase(): this {
    return this.withRules({ ignoreCase: true });
  }

  /** Must contain a match; anchor it for a whole match. Flags are not supported. */
  pattern(pattern: RegExp): this {
    if (pattern.flags !== '')
      throw new TypeError(`pattern ${String(pattern)}: flags are not supported`);
    return this.withRules({ pattern: pattern.source });
  }

  nonEmpty(): this {
    return this.withRules({ nonEmpty: true });
  }
}

export class NumberBuilder<Value extends number | undefined> extends ConfigBuilder<Value> {
  override read(text: string): Value {
    return Number(text.trim()) as Value;
  }

  optional(): NumberBuilder<Value | undefined> {
    return this.with({ required: false });
  }

  min(min: number): this {
    return this.withRules({ min });
  }

  max(max: number): this {
    return this.withRules({ max });
  }
}

export class BooleanBuilder<Value extends boolean | undefined> extends ConfigBuilder<Value> {
  override read(text: string): Value {
    return (text.trim().toLowerCase() === 'true') as Value;
  }

  optional(): BooleanBuilder<Value | undefined> {
    return this.with({ required: false });
  }
}

export class ListBuilder<Value extends readonly string[] | undefined> extends ConfigBuilder<Value> {
  override read(text: string): Value {
    const parsed = parseConfigValue('LIST', text);
    return ('value' in parsed ? parsed.value : []) as Value;
  }

  optional(): ListBuilder<Value | undefined> {
    return this.with({ required: false });
  }

  nonEmpty(): this {
    return this.withRules({ nonEmpty: true });
  }

  /** What its elements may be. */
  oneOf(...options: readonly [string, ...string[]]): this {
    return this.withRules({ oneOf: options });
  }

  /** So many elements at most. */
  max(elementsMax: number): this {
    return this.withRules({ elementsMax });
  }
}

export class PasswordBuilder<Value extends Password | undefined> extends ConfigBuilder<Value> {
  override read(text: string): Value {
    return new Password(text.trim()) as Value;
  }

  protected override show(value: Exclude<Value, undefined>): string {
    return value instanceof Password ? value.reveal() : '';
  }

  optional(): PasswordBuilder<Value | undefined> {
    return this.with({ required: false });
  }
}

function draftOf(type: ConfigType): KeyDraft {
  return { type, required: true, defaultValue: null, importance: 'MEDIUM', documentation: '' };
}

export function string(): StringBuilder<string> {
  return new StringBuilder(draftOf('STRING'));
}

/** Short for `string().oneOf(…)`. */
export function oneOf<const Options extends readonly [string, ...string[]]>(
  ...options: Options
): StringBuilder<Options[number]> {
  return string().oneOf(...options) as StringBuilder<Options[number]>;
}

/** 32 bits. */
export function int(): NumberBuilder<number> {
  return new NumberBuilder(draftOf('INT'));
}

/** 16 bits. */
export function short(): NumberBuilder<number> {
  return new NumberBuilder(draftOf('SHORT'));
}

/** 64 bits; beyond 2^53 the nearest number. */
export function long(): NumberBuilder<number> {
  return new NumberBuilder(draftOf('LONG'));
}

export function double(): NumberBuilder<number> {
  return new NumberBuilder(draftOf('DOUBLE'));
}

export function boolean(): BooleanBuilder<boolean> {
  return new BooleanBuilder(draftOf('BOOLEAN'));
}

/** Separated by commas. */
export function list(): ListBuilder<readonly string[]> {
  return new ListBuilder(draftOf('LIST'));
}

/** Never shown by the API, in a message or in a log. */
export function password(): PasswordBuilder<Password> {
  return new PasswordBuilder(draftOf('PASSWORD'));
}

export type ConfigShape = Readonly<Record<string, ConfigBuilder<unknown>>>;

/** The parsed configuration of a shape: `{ everyMs: int() }` → `{ readonly everyMs: number }`. */
export type ConfigOf<Shape extends ConfigShape> = {
  readonly [Name in keyof Shape]: Shape[Name] extends ConfigBuilder<infer Value> ? Value : never;
};

/**
 * @example
 * const config = defineConfig({ topic: string().nonEmpty(), 'batch.size': int().min(1).default(2000) });
 * config.parse({ topic: 'orders' }); // { topic: 'orders', 'batch.size': 2000 }
 */
export function defineConfig<Shape extends ConfigShape>(
  shape: Shape,
): TypedConfigDef<ConfigOf<Shape>> {
  const builders = Object.entries(shape);
  const keys: ConfigKey[] = builders.map(([name, builder]) => ({ name, ...builder.draft }));
  return {
    keys,
    parse(config: ConnectorConfig): ConfigOf<Shape> {
      assertValidConfig(keys, config);
      const values = builders.map(([name, builder]) => {
        const text = config[name] ?? builder.draft.defaultValue;
        return [name, text === null ? undefined : builder.read(text)];
      });
      return Object.fromEntries(values) as ConfigOf<Shape>;
    },
  };
}
