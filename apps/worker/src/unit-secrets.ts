/** Keeps secrets of configurations out of what plugins' errors say, for logs and for statuses. */
import { isReference } from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import {
  passwordsIn,
  type Replacements,
  replaceIn,
  replacementsOf,
  secretsOf,
  withoutPasswords,
  withoutValues,
} from '@sluice/kernel';

type Config = Readonly<Record<string, string>>;

export class UnitSecrets {
  readonly #inherited: Config;
  /** Of configurations of units, which much text is compared with, on the thread of the heartbeat. */
  readonly #replacements = new WeakMap<Config, Replacements>();
  /** By class and alias. */
  #passwordKeys: ReadonlyMap<string, readonly string[]> = new Map();

  /** `workerConfig`: what connectors inherit. */
  constructor(workerConfig: Config) {
    this.#inherited = secretsOf(written(workerConfig));
  }

  /** What each plugin says that it keeps secret. */
  knowPlugins(plugins: readonly PluginInfo[]): void {
    // What is a secret in any version is told of none.
    const passwordKeys = new Map<string, string[]>();
    for (const { aliases, class: className, configKeys } of plugins) {
      const keys = configKeys.flatMap(({ name, type }) => (type === 'PASSWORD' ? [name] : []));
      for (const name of [...aliases, className])
        passwordKeys.set(name, [...(passwordKeys.get(name) ?? []), ...keys]);
    }
    this.#passwordKeys = passwordKeys;
  }

  /** What a unit has, as it comes: of all of them at once, that would take long. */
  know(config: Config): void {
    this.#replacementsOf(config);
  }

  /** For logs: what a plugin throws may quote its configuration. */
  withoutValues(text: string, ...configs: readonly Config[]): string {
    const inherited = withoutValues(text, this.#inherited);
    const hidden = configs.reduce(
      (rest, config) => replaceIn(rest, this.#replacementsOf(config)),
      inherited,
    );
    return withoutPasswords(hidden);
  }

  #replacementsOf(config: Config): Replacements {
    const known = this.#replacements.get(config);
    if (known) return known;
    const made = [
      ...replacementsOf(written(config)),
      ...passwordsOf(config).flatMap(replacementsOf),
    ];
    this.#replacements.set(config, made);
    return made;
  }

  /** For people: it keeps what tells them what went wrong; a password does not. */
  withoutSecrets(text: string, config: Config): string {
    const definition = written(config);
    const passwords = this.#passwordKeysIn(config).map((key) => [key, definition[key] ?? '']);
    const secrets = {
      ...this.#inherited,
      ...secretsOf(definition),
      ...(Object.fromEntries(passwords) as Config),
    };
    return withoutPasswordsOf(withoutValues(text, secrets), definition);
  }

  /** Of the connector, and under their prefixes of converters, transforms and predicates. */
  #passwordKeysIn(config: Config): string[] {
    return Object.entries(config).flatMap(([key, value]) => {
      const keys = this.#passwordKeys.get(value.trim()) ?? [];
      if (key === 'connector.class') return keys;
      const prefix = key.endsWith('.type') ? key.slice(0, -'type'.length) : `${key}.`;
      return keys.map((name) => prefix + name);
    });
  }
}

/** Drivers quote the URL that they were given, and its password alone. */
function withoutPasswordsOf(text: string, config: Config): string {
  return withoutPasswords(passwordsOf(config).reduce(withoutValues, text));
}

/** Those within values, under their keys. */
function passwordsOf(config: Config): Config[] {
  return Object.entries(config).flatMap(([key, value]) =>
    passwordsIn(value).map((password) => ({ [key]: password })),
  );
}

/** Without what only refers to a value: an error is to name that. */
function written(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isReference(value)));
}
