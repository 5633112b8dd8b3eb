/** Debezium's keys that are known but not supported: a definition that sets one is refused by name, never half obeyed. */
import {
  ConfigError,
  type ConfigProblem,
  type Connector,
  type ConnectorConfig,
  type ConnectorContext,
  type SourcePlugin,
} from '@sluice/connector-api';

/** By key: the values that ask for nothing; a key that ends with a star stands for all that begin so. */
export type UnsupportedKeys = Readonly<Record<string, readonly string[]>>;

/** Those that all of Debezium's connectors have. */
export const unsupportedEverywhere: UnsupportedKeys = {
  'column.mask.*': [],
  'column.propagate.source.type': [],
  'column.truncate.*': [],
  converters: [],
  'converters.*': [],
  'custom.metric.tags': [],
  'custom.retriable.exception': [],
  'database.initial.statements': [],
  'database.jdbc.*': [],
  'datatype.propagate.source.type': [],
  'errors.max.retries': ['-1'],
  'event.converting.failure.handling.mode': ['fail', 'warn'],
  'event.deserialization.failure.handling.mode': ['fail'],
  'event.processing.failure.handling.mode': ['fail'],
  'extended.headers.enabled': ['false', 'true'],
  'field.name.adjustment.mode': ['none'],
  'guardrail.collections.max': ['0'],
  'incremental.snapshot.allow.schema.changes': ['false'],
  'max.queue.size.in.bytes': ['0'],
  'notification.enabled.channels': [],
  'notification.*': [],
  'openlineage.integration.enabled': ['false'],
  'post.processors': [],
  'post.processors.*': [],
  'provide.transaction.metadata': ['false'],
  'retriable.restart.connector.wait.ms': ['10000'],
  'sanitize.field.names': ['false'],
  'schema.name.adjustment.mode': ['none'],
  'signal.data.collection': [],
  'signal.enabled.channels': ['source'],
  'signal.file': [],
  'signal.kafka.*': [],
  'skip.messages.without.change': ['false'],
  'snapshot.delay.ms': ['0'],
  'snapshot.lock.timeout.ms': ['10000'],
  'snapshot.mode.configuration.based.*': ['false'],
  'snapshot.mode.custom.name': [],
  'snapshot.query.mode': ['select_all'],
  'snapshot.query.mode.custom.name': [],
  'snapshot.select.statement.overrides': [],
  'snapshot.select.statement.overrides.*': [],
  'snapshot.tables.order.by.row.count': ['disabled'],
  'sourceinfo.struct.maker': [],
  'streaming.delay.ms': ['0'],
  'topic.naming.strategy': [
    'io.debezium.schema.SchemaTopicNamingStrategy',
    'io.debezium.schema.DefaultTopicNamingStrategy',
  ],
  'topic.transaction': ['transaction'],
  'transaction.metadata.factory': [],
};

export function unsupportedProblems(
  keys: UnsupportedKeys,
  config: ConnectorConfig,
): ConfigProblem[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const harmless =
      keys[key] ??
      Object.entries(keys).find(
        ([pattern]) => pattern.endsWith('*') && key.startsWith(pattern.slice(0, -1)),
      )?.[1];
    const given = value.trim();
    if (harmless === undefined || given === '' || harmless.includes(given)) return [];
    const only = harmless.length === 0 ? 'remove it' : `remove it, or set ${harmless.join(' or ')}`;
    return [{ key, message: `Configuration ${key} is not supported by Sluice: ${only}` }];
  });
}

/** The same plugin, which refuses these problems when a definition is validated and when its connector starts. */
export function refusing(
  plugin: SourcePlugin,
  problemsOf: (config: ConnectorConfig) => readonly ConfigProblem[],
): SourcePlugin {
  return {
    ...plugin,
    validate: async (config, context) => {
      const problems = problemsOf(config);
      return problems.length > 0 ? problems : ((await plugin.validate?.(config, context)) ?? []);
    },
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

  taskConfigs(maxTasks: number): ReturnType<Connector['taskConfigs']> {
    return this.#connector.taskConfigs(maxTasks);
  }

  async stop(): Promise<void> {
    await this.#connector.stop?.();
  }
}
