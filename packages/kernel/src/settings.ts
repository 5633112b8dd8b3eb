/**
 * Settings of a process from its environment. All problems are gathered and reported together, each
 * naming the variable, what was found and what is allowed.
 */
import { SluiceError } from './errors.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export class SettingsReader {
  readonly #environment: Environment;
  readonly #problems: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  string(name: string, fallback: string): string {
    return this.optional(name) ?? fallback;
  }

  /** An empty variable counts as unset, as compose files produce them. */
  optional(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === '' ? undefined : value;
  }

  oneOf<const T extends string>(name: string, allowed: readonly T[], fallback: T): T {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const found = allowed.find((each) => each === value);
    if (found === undefined) {
      this.problem(`${name}=${value} is not one of ${allowed.join(', ')}`);
    }
    return found ?? fallback;
  }

  integer(name: string, fallback: number, range: { min: number; max: number }): number {
    const value = this.optional(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (!Number.isInteger(number) || number < range.min || number > range.max) {
      this.problem(`${name}=${value} is not a whole number from ${range.min} to ${range.max}`);
      return fallback;
    }
    return number;
  }

  boolean(name: string, fallback = false): boolean {
    const known = ['true', 'false', '1', '0'] as const;
    return this.oneOf(name, known, fallback ? 'true' : 'false').match(/^(true|1)$/) !== null;
  }

  /** Comma-separated. */
  list(name: string): string[] {
    return (this.optional(name) ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  /** The variables whose names begin so, by the rest of their names. */
  startingWith(prefix: string): Record<string, string> {
    return Object.fromEntries(
      Object.keys(this.#environment).flatMap((name) => {
        const value = name.startsWith(prefix) ? this.optional(name) : undefined;
        return value === undefined ? [] : [[name.slice(prefix.length), value]];
      }),
    );
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  /** @throws SluiceError `config.invalid` with one line for each problem. */
  check(): void {
    if (this.#problems.length > 0) {
      throw new SluiceError('config.invalid', this.#problems.join('\n'));
    }
  }
}

/** A dotted key within the name of a variable, spelt as in Confluent's images: `.` is `_`, `-` is `__`, `_` is `___`. */
export function settingName(key: string): string {
  return key
    .toUpperCase()
    .replace(/[._-]/g, (sign) => (sign === '.' ? '_' : sign === '-' ? '__' : '___'));
}

/** The way back: `SCHEMA_REGISTRY_URL` → `schema.registry.url`. */
export function settingKey(name: string): string {
  return name
    .toLowerCase()
    .replace(/_{1,3}/g, (run) => (run.length === 1 ? '.' : run.length === 2 ? '-' : '_'));
}
