/** Keeps secrets of configurations out of what plugins' errors say, for logs and for statuses. */
import { isReference } from '@sluice/connector-api';
import type { PluginInfo } from '@sluice/coordination';
import { passwordsIn, secretsOf, withoutPasswords, withoutValues } from '@sluice/kernel';

type Config = Readonly<Record<string, string>>;

export class UnitSecrets {
  readonly #inherited: Config;
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

  /** For logs: what a plugin throws may quote its configuration. */
  withoutValues(text: string, config: Config): string {
    const inherited = withoutValues(text, this.#inherited);
    return withoutPasswordsOf(withoutValues(inherited, written(config)), config);
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
  const told = Object.entries(config)
    .flatMap(([key, value]) => passwordsIn(value).map((password) => ({ [key]: password })))
    .reduce(withoutValues, text);
  return withoutPasswords(told);
}

/** Without what only refers to a value: an error is to name that. */
function written(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => !isReference(value)));
}
