/** `${env:NAME}`: Kafka Connect's EnvVarConfigProvider. */
import { ConfigError } from '@sluice/connector-api';

import type { ConfigProvider } from '@sluice/runtime/references';

type Environment = Readonly<Record<string, string | undefined>>;

/** What Sluice itself is set up with: passwords of Redis and Kafka, keys of secrets. */
const ownSettings = /^(REDIS_URL$|SLUICE_|KAFKA_)/;
/** Opens all secrets of the cluster: in no definition, whatever is allowed. */
const neverAllowed = /^SLUICE_SECRETS_KEYS$/;

export class EnvProvider implements ConfigProvider {
  readonly #environment: Environment;
  readonly #allowed: RegExp | undefined;

  /**
   * `allowlist.pattern`: what the whole name of a variable must match. Without it all are allowed but Sluice's own.
   * @throws ConfigError
   */
  constructor(params: Readonly<Record<string, string>>, environment: Environment = process.env) {
    this.#environment = environment;
    const pattern = params['allowlist.pattern'];
    this.#allowed = pattern === undefined ? undefined : wholeMatch(pattern);
  }

  async get(path: string, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (path !== '') throw new Error(`environment variables have no path, and here is ${path}`);
    const found = new Map<string, string>();
    for (const key of keys) {
      const value = this.#environment[key];
      if (value === undefined) continue;
      if (!this.#isAllowed(key))
        throw new Error(`the variable ${key} is not allowed; see allowlist.pattern`);
      found.set(key, value);
    }
    return found;
  }

  #isAllowed(name: string): boolean {
    if (neverAllowed.test(name)) return false;
    return this.#allowed ? this.#allowed.test(name) : !ownSettings.test(name);
  }
}

function wholeMatch(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    const message = `allowlist.pattern ${source} is not a regular expression`;
    throw new ConfigError([{ key: 'allowlist.pattern', message }]);
  }
}
