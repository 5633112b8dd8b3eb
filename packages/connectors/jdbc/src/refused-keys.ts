/** Keys of the JDBC connectors that are known but not supported: refused by name, never half obeyed. */
import {
  ConfigError,
  type ConfigProblem,
  type Connector,
  type ConnectorConfig,
  type ConnectorContext,
  type ConnectorPlugin,
} from '@sluice/connector-api';

/** By key: the values that ask for nothing. A key that ends with a star stands for all that begin so. */
export type RefusedKeys = Readonly<Record<string, readonly string[]>>;

export const refusedEverywhere: RefusedKeys = {
  // Credentials by a Java class, and whatever it is given.
  'connection.credentials.provider.*': [],
  'credentials.provider.*': [],
  'connection.ssl.*': [],
  'connection.oracle.*': [],
  'connection.sqlserver.*': [],
  'date.calendar.system': ['LEGACY', 'PROLEPTIC_GREGORIAN'],
  'sql.quote.identifiers': ['true'],
  'trim.sensitive.log': ['false'],
};

export function refusedProblems(keys: RefusedKeys, config: ConnectorConfig): ConfigProblem[] {
  return Object.entries(config).flatMap(([key, text]) => {
    const value = text.trim();
    const harmless = harmlessValues(keys, key);
    if (harmless === undefined || value === '' || harmless.includes(value)) return [];
    const remedy =
      harmless.length === 0 ? 'remove it' : `remove it, or set ${harmless.join(' or ')}`;
    return [{ key, message: `Configuration ${key} is not supported by Sluice: ${remedy}` }];
  });
}

function harmlessValues(keys: RefusedKeys, key: string): readonly string[] | undefined {
  const exact = keys[key];
  if (exact) return exact;
  return Object.entries(keys).find(
    ([pattern]) => pattern.endsWith('*') && key.startsWith(pattern.slice(0, -1)),
  )?.[1];
}

/** The plugin, which tells these problems when a definition is validated, and does not start with any. */
export function refusing<Plugin extends ConnectorPlugin>(
  plugin: Plugin,
  problemsOf: (config: ConnectorConfig) => readonly ConfigProblem[],
): Plugin {
  return {
    ...plugin,
    validate: async (config, context) => [
      ...problemsOf(config),
      ...((await plugin.validate?.(config, context)) ?? []),
    ],
    createConnector: () => new RefusingConnector(plugin.createConnector(), problemsOf),
  };
}

class RefusingConnector implements Connector {
  readonly #connector: Connector;
  readonly #problemsOf: (config: ConnectorConfig) => readonly ConfigProblem[];

  constructor(
    connector: Connector,
    problemsOf: (config: ConnectorConfig) => readonly ConfigProblem[],
  ) {
    this.#connector = connector;
    this.#problemsOf = problemsOf;
  }

  async start(config: ConnectorConfig, context: ConnectorContext): Promise<void> {
    const problems = this.#problemsOf(config);
    if (problems.length > 0) throw new ConfigError(problems);
    await this.#connector.start?.(config, context);
  }

  async taskConfigs(maxTasks: number): Promise<readonly ConnectorConfig[]> {
    return await this.#connector.taskConfigs(maxTasks);
  }

  async stop(): Promise<void> {
    await this.#connector.stop?.();
  }
}
