/** What a runtime gives to connectors and tasks, for the tests of this package. */
import type {
  ConnectorConfig,
  ConnectorContext,
  SinkTaskContext,
  SourceOffsetValue,
  SourcePlugin,
  SourceRecord,
  SourceTask,
} from '@sluice/connector-api';

const ignore = () => {};
export const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export function connectorContext(raiseError: (error: unknown) => void = ignore): ConnectorContext {
  return {
    connector: 'orders',
    logger: silent,
    signal: new AbortController().signal,
    requestTaskReconfiguration: ignore,
    raiseError,
  };
}

export async function taskConfigsOf(
  plugin: SourcePlugin,
  config: ConnectorConfig,
  max: number,
): Promise<readonly ConnectorConfig[]> {
  const connector = plugin.createConnector();
  await connector.start?.(config, connectorContext());
  return await connector.taskConfigs(max);
}

/** Task number `task` of a connector with that many tasks. */
export async function startSource(
  plugin: SourcePlugin,
  config: ConnectorConfig,
  given: { task?: number; tasks?: number; offset?: SourceOffsetValue; signal?: AbortSignal } = {},
): Promise<SourceTask> {
  const { task: number = 0, tasks = 1, offset, signal = new AbortController().signal } = given;
  const configs = await taskConfigsOf(plugin, config, tasks);
  const task = plugin.createTask();
  const offsets = async (partitions: readonly unknown[]) => partitions.map(() => offset);
  const taskConfig = configs[number] ?? {};
  await task.start(taskConfig, {
    connector: 'orders',
    task: number,
    logger: silent,
    configs: () => taskConfig,
    signal,
    offsets,
  });
  return task;
}

export async function take(task: SourceTask, count: number): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  while (records.length < count) records.push(...((await task.poll()) ?? []));
  return records;
}

export function sinkContext(task: number, timeout: (ms: number) => void = ignore): SinkTaskContext {
  return {
    connector: 'audit',
    task,
    logger: silent,
    signal: new AbortController().signal,
    assignment: () => [],
    seek: ignore,
    pause: ignore,
    resume: ignore,
    timeout,
    requestCommit: ignore,
    configs: () => ({}),
    errantRecordReporter: () => undefined,
  };
}
