/** `${env:NAME}`: Kafka Connect's EnvVarConfigProvider. */
import { ConfigError } from '@sluice/connector-api';

import type { ConfigProvider } from '@sluice/runtime/references';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What Sluice itself is set up with: passwords of Redis, Kafka and collectors, keys of secrets. It is given to nobody. */
const ownSettings = /^(REDIS_URL$|SLUICE_|KAFKA_|OTEL_EXPORTER_)/;

export class EnvProvider implements ConfigProvider {
  readonly #environment: Environment;
  readonly #isAllowed: (name: string) => boolean;

  /**
   * `allowlist.pattern`: what the whole name of a variable must match; without it all are allowed. Sluice's own never are.
   * @throws ConfigError
   */
  constructor(params: Readonly<Record<string, string>>, environment: Environment = process.env) {
    this.#environment = environment;
    this.#isAllowed = allowedBy(params);
  }

  async get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (path !== '') throw new Error(`environment variables have no path, and here is ${path}`);
    const found = new Map<string, string>();
    for (const key of keys) {
      // Whether it is set or not.
      if (ownSettings.test(key))
        throw new Error(
          `the variable ${key} is a setting of Sluice, which none is given: put the value into a variable of another name`,
        );
      const value = Object.hasOwn(this.#environment, key) ? this.#environment[key] : undefined;
      if (value === undefined) continue;
      if (!this.#isAllowed(key))
        throw new Error(`the variable ${key} is not allowed; see allowlist.pattern`);
      found.set(key, value);
    }
    return found;
  }
}

/** @throws ConfigError */
function allowedBy(params: Readonly<Record<string, string>>): (name: string) => boolean {
  const pattern = params['allowlist.pattern'];
  const allowed = pattern === undefined ? undefined : wholeMatch(pattern);
  return (name) => allowed?.test(name) ?? true;
}

/** For what runs code of plugins: Sluice's own passwords are not to be found where such code looks by habit. */
export function pluginEnvironment(environment: Environment = process.env): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !ownSettings.test(name)),
  );
}

function wholeMatch(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    const message = `allowlist.pattern ${source} is not a regular expression`;
    throw new ConfigError([{ key: 'allowlist.pattern', message }]);
  }
}
