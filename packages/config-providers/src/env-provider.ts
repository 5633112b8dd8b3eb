/** `${env:NAME}`: Kafka Connect's EnvVarConfigProvider. */
import { ConfigError } from '@sluice/connector-api';

import type { ConfigProvider } from '@sluice/runtime/references';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What Sluice itself is set up with: passwords of Redis and Kafka, keys of secrets. */
const ownSettings = /^(REDIS_URL$|SLUICE_|KAFKA_)/;
/** Opens all secrets of the cluster: in no definition, whatever is allowed. */
const neverAllowed = /^SLUICE_SECRETS_KEYS$/;

export class EnvProvider implements ConfigProvider {
  readonly #environment: Environment;
  readonly #isAllowed: (name: string) => boolean;

  /**
   * `allowlist.pattern`: what the whole name of a variable must match. Without it all are allowed but Sluice's own.
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
      const value = this.#environment[key];
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
  return (name) =>
    !neverAllowed.test(name) && (allowed ? allowed.test(name) : !ownSettings.test(name));
}

/**
 * For a process that runs code of plugins: Sluice's own passwords are not to be found where such code looks by habit, but
 * for what the allowlist of one of these providers names. `params`: of each.
 */
export function environmentForPlugins(
  params: readonly Readonly<Record<string, string>>[],
  environment: Environment = process.env,
): Environment {
  const allowed = [{}, ...params].map(allowedBy);
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => allowed.some((allows) => allows(name))),
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
