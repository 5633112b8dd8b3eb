/**
 * Debezium's keys that are known but not supported: a definition that sets one is refused by name, never half obeyed. Those
 * that change no record, since what they tune does not exist here, are taken and warned of.
 */
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
  'custom.sanitize.pattern': [],
  'database.initial.statements': [],
  'database.jdbc.*': [],
  'datatype.propagate.source.type': [],
  'errors.max.retries': ['-1'],
  'event.converting.failure.handling.mode': ['fail', 'warn'],
  'event.deserialization.failure.handling.mode': ['fail'],
  'event.processing.failure.handling.mode': ['fail'],
  'driver.*': [],
  'extended.headers.enabled': ['false', 'true'],
  'field.name.adjustment.mode': ['none'],
  'guardrail.collections.max': ['0'],
  'heartbeat.topics.prefix': ['__debezium-heartbeat'],
  'incremental.snapshot.allow.schema.changes': ['false'],
  'max.queue.size.in.bytes': ['0'],
  'notification.enabled.channels': [],
  'notification.*': [],
  'openlineage.*': [],
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
  'topic.heartbeat.name': [],
  'topic.naming.strategy': [
    'io.debezium.schema.SchemaTopicNamingStrategy',
    'io.debezium.schema.DefaultTopicNamingStrategy',
  ],
  'topic.transaction': ['transaction'],
  'transaction.metadata.factory': [],
};

/** A key, or how keys begin, before a star. */
export type KeyPatterns = readonly string[];

/** They tune threads, buffers and caches of Debezium, or what is refused anyway. */
export const withoutEffectEverywhere: KeyPatterns = [
  'connection.validation.timeout.ms',
  'executor.shutdown.timeout.ms',
  'guardrail.collections.limit.action',
  'memory.management.*',
  'poll.dispatch.interval.ms',
  'poll.interval.ms',
  'query.fetch.size',
  'queue.provider.type',
  'signal.emit.failure.*',
  'signal.poll.interval.ms',
  'statistics.metrics.enabled',
  'topic.cache.size',
];

/** What a definition sets for nothing. */
export function keysWithoutEffect(patterns: KeyPatterns, config: ConnectorConfig): string[] {
  return Object.keys(config).filter((key) => patterns.some((pattern) => isMatch(pattern, key)));
}

function isMatch(pattern: string, key: string): boolean {
  return pattern.endsWith('*') ? key.startsWith(pattern.slice(0, -1)) : key === pattern;
}

export function unsupportedProblems(
  keys: UnsupportedKeys,
  config: ConnectorConfig,
): ConfigProblem[] {
  return Object.entries(config).flatMap(([key, value]) => {
    const harmless =
      keys[key] ??
      Object.entries(keys).find(([pattern]) => pattern.endsWith('*') && isMatch(pattern, key))?.[1];
    const given = value.trim();
    if (harmless === undefined || given === '' || harmless.includes(given)) return [];
    const only = harmless.length === 0 ? 'remove it' : `remove it, or set ${harmless.join(' or ')}`;
    return [{ key, message: `Configuration ${key} is not supported by Sluice: ${only}` }];
  });
}

export interface KeyRules {
  readonly problemsOf: (config: ConnectorConfig) => readonly ConfigProblem[];
  readonly withoutEffect: KeyPatterns;
}

/**
 * The same plugin, which refuses problems when a definition is validated and when its connector starts. What is set for
 * nothing is warned of at the start: who validates a definition is told of errors only.
 */
export function refusing(plugin: SourcePlugin, rules: KeyRules): SourcePlugin {
  return {
    ...plugin,
    validate: async (config, context) => {
      const problems = rules.problemsOf(config);
      return problems.length > 0 ? problems : ((await plugin.validate?.(config, context)) ?? []);
    },
    createConnector: () => new RefusingConnector(plugin.createConnector(), rules),
  };
}

class RefusingConnector implements Connector {
  readonly #connector: Connector;
  readonly #rules: KeyRules;

  constructor(connector: Connector, rules: KeyRules) {
    this.#connector = connector;
    this.#rules = rules;
  }

  async start(config: ConnectorConfig, context: ConnectorContext): Promise<void> {
    const problems = this.#rules.problemsOf(config);
    if (problems.length > 0) throw new ConfigError(problems);
    const keys = keysWithoutEffect(this.#rules.withoutEffect, config);
    if (keys.length > 0)
      context.logger.warn({ keys }, 'these keys have no effect here: remove them');
    await this.#connector.start?.(config, context);
  }

  taskConfigs(maxTasks: number): ReturnType<Connector['taskConfigs']> {
    return this.#connector.taskConfigs(maxTasks);
  }

  async stop(): Promise<void> {
    await this.#connector.stop?.();
  }
}
