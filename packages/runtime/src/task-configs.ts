/**
 * Task configurations as they are published: what the plugin's connector made for each task, with the keys
 * that the runtime needs merged in from the connector's configuration, so that a task can be started from
 * its own configuration alone.
 *
 * Kafka Connect keeps them apart: it adds `task.class`, `topics` and `topics.regex` to a task's
 * configuration and looks up converters, transforms and error handling in the connector's. The outcome for
 * a task is the same: runtime keys are always the connector's, whatever the plugin made of them.
 */
import { type ConnectorConfig, RESTART_KEYS } from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';

const runtimeKeys = new Set([
  'name',
  'connector.class',
  'connector.plugin.version',
  'key.converter',
  'value.converter',
  'header.converter',
  'transforms',
  'predicates',
  'topics',
  'topics.regex',
  'config.action.reload',
  'exactly.once.support',
  'transaction.boundary',
  'transaction.boundary.interval.ms',
  'offsets.storage.topic',
  // Ours; names and no prefix, since plugins may have keys like them.
  ...RESTART_KEYS.map(({ name }) => name),
]);

const runtimePrefixes = [
  'key.converter.',
  'value.converter.',
  'header.converter.',
  'transforms.',
  'predicates.',
  'errors.',
  // Ours: `sluice.executor`.
  'sluice.',
  'topic.creation.',
  'producer.override.',
  'consumer.override.',
  'admin.override.',
];

/** Keys that the runtime reads. */
function isRuntimeKey(key: string): boolean {
  return runtimeKeys.has(key) || runtimePrefixes.some((prefix) => key.startsWith(prefix));
}

export interface TaskConfigsRequest {
  readonly connector: string;
  /** The connector's configuration. */
  readonly config: ConnectorConfig;
  /** Class of its plugin. */
  readonly pluginClass: string;
  /** What the plugin made. */
  readonly generated: readonly ConnectorConfig[];
}

export function publishedTaskConfigs(request: TaskConfigsRequest): ConnectorConfig[] {
  const { config, generated, pluginClass } = request;
  const runtime = Object.entries(config).filter(([key]) => isRuntimeKey(key));
  return generated.map((own) => {
    const kept = Object.entries(own).filter(([key]) => !isRuntimeKey(key));
    return Object.fromEntries([...kept, ...runtime, ['task.class', taskClassOf(pluginClass)]]);
  });
}

/** `tasks.max`, default 1. @throws SluiceError `connector.invalid_tasks_max`. */
export function tasksMaxOf(connector: string, config: ConnectorConfig): number {
  const text = (config['tasks.max'] ?? '1').trim();
  const tasksMax = Number(text);
  if (/^\d+$/.test(text) && tasksMax >= 1) return tasksMax;
  throw new SluiceError(
    'connector.invalid_tasks_max',
    `tasks.max of connector ${connector} must be a whole number, at least 1`,
  );
}

/** @throws SluiceError `connector.too_many_tasks` in Kafka Connect's words, unless it is not enforced. */
export function assertTaskCount(connector: string, count: number, config: ConnectorConfig): void {
  const tasksMax = tasksMaxOf(connector, config);
  const isEnforced = (config['tasks.max.enforce'] ?? 'true').trim().toLowerCase() !== 'false';
  if (count <= tasksMax || !isEnforced) return;
  throw new SluiceError(
    'connector.too_many_tasks',
    `The connector ${connector} has generated ${count} tasks, which is greater than ${tasksMax}, ` +
      'the maximum number of tasks it is configured to create. This behaviour should be considered a bug ' +
      "and is disallowed. If necessary, it can be permitted by reconfiguring the connector with 'tasks.max.enforce' set to false.",
    { details: { connector, count, tasksMax } },
  );
}

/** Kafka Connect's habit: `…FileStreamSourceConnector` has `…FileStreamSourceTask`. */
function taskClassOf(pluginClass: string): string {
  return `${pluginClass.replace(/Connector$/, '')}Task`;
}
