/** Kafka Connect's entities, field for field. Nothing of ours goes in here: its clients parse them. */
import { chooseConnectorVersion, type PluginType, pluginsNamed } from '@sluice/connector-api';
import type {
  AppliedConnector,
  ConnectorRecord,
  ConnectorView,
  PluginInfo,
  UnitView,
} from '@sluice/coordination';

import type { ConnectorInfo, PluginBody } from './shapes.ts';

export interface TaskId {
  readonly connector: string;
  readonly task: number;
}

export interface UnitState {
  readonly state: string;
  readonly worker_id: string;
  readonly trace?: string;
  /** Of the plugin that runs; until its worker has said so, of the one that would. */
  readonly version?: string;
}

export interface TaskState extends UnitState {
  readonly id: number;
}

export interface ConnectorStateInfo {
  readonly name: string;
  readonly connector: UnitState;
  readonly tasks: readonly TaskState[];
  readonly type: string;
}

/** `show`: what of a configuration is shown. */
export function connectorInfo(
  { record, tasks }: ConnectorView,
  show: (config: ConnectorRecord['config']) => ConnectorRecord['config'],
): ConnectorInfo {
  const { name, config, type } = record;
  return { name, config: show(config), tasks: tasks.map((view) => taskId(name, view)), type };
}

/** Of a definition just written: a new one has no tasks yet. */
export function appliedConnectorInfo(
  record: AppliedConnector['record'],
  config: ConnectorRecord['config'],
): ConnectorInfo {
  const { name, type, taskCount } = record;
  const tasks = Array.from({ length: taskCount }, (_none, task) => ({ connector: name, task }));
  return { name, config: { ...config, name }, tasks, type };
}

export interface StateOptions {
  readonly plugins: readonly PluginInfo[];
  readonly isRestarting?: (view: UnitView) => boolean;
}

export function connectorStateInfo(
  { record, connector, tasks }: ConnectorView,
  { plugins, isRestarting = () => false }: StateOptions,
): ConnectorStateInfo {
  const stateOf = (view: UnitView): UnitState => {
    const state = unitState(view, view.version ?? versionOf(record, plugins));
    return isRestarting(view) ? { ...state, state: 'RESTARTING' } : state;
  };
  return {
    name: record.name,
    connector: stateOf(connector),
    tasks: tasks.map((view) => ({ id: view.task ?? 0, ...stateOf(view) })),
    type: record.type,
  };
}

export function taskState(
  view: UnitView,
  record: ConnectorRecord,
  plugins: readonly PluginInfo[],
): TaskState {
  return { id: view.task ?? 0, ...unitState(view, view.version ?? versionOf(record, plugins)) };
}

function versionOf(
  { config }: ConnectorRecord,
  plugins: readonly PluginInfo[],
): string | undefined {
  return findConnector(plugins, config).plugin?.version;
}

const anyType: readonly PluginType[] = [
  'source',
  'sink',
  'converter',
  'header_converter',
  'transformation',
  'predicate',
];

/** All versions, by class, else by alias. */
export function versionsOf(
  plugins: readonly PluginInfo[],
  name: string,
  types: readonly PluginType[] = anyType,
): readonly PluginInfo[] {
  return pluginsNamed(plugins, { name, types });
}

/** Of the version that a definition asks for; else the newest, and what is wrong. */
export function findConnector(
  plugins: readonly PluginInfo[],
  config: ConnectorRecord['config'],
): ReturnType<typeof chooseConnectorVersion<PluginInfo>> {
  const name = config['connector.class']?.trim() ?? '';
  return chooseConnectorVersion(config, versionsOf(plugins, name, ['source', 'sink']));
}

export function taskId(connector: string, { task }: UnitView): TaskId {
  return { connector, task: task ?? 0 };
}

export function pluginInfo({ class: className, type, version }: PluginInfo): PluginBody {
  return { class: className, type, version };
}

function unitState({ state, workerId, trace }: UnitView, version: string | undefined): UnitState {
  return {
    state,
    worker_id: workerId,
    ...(trace !== undefined && { trace }),
    ...(version !== undefined && { version }),
  };
}
