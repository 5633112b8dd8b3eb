export { groupOf } from './group-name.ts';
export { type LoadPluginsOptions, loadPlugins } from './load-plugins.ts';
export type { RuntimeOptions } from './options.ts';
export {
  ownerOf,
  partitionsOf,
  type TaskShare,
  type TopicSelection,
  topicOffset,
} from './partition-share.ts';
export type {
  ConnectorPayload,
  RuntimeActorKind,
  RuntimeEvent,
  RuntimeMessage,
  TargetState,
  TaskCounters,
  TaskPayload,
} from './payloads.ts';
export { type PluginDescription, type PluginFailure, PluginRegistry } from './plugin-registry.ts';
export { shareConnectorApi } from './plugin-resolution.ts';
export { polledRecords } from './polled-records.ts';
export { type LocalRecord, type LocalRun, runConnectorLocally } from './run-locally.ts';
export { createRuntimeFactory } from './runtime-factory.ts';
export { type PluginScan, type ScanPluginsOptions, scanPlugins } from './scan-plugins.ts';
export { topicSelectionOf } from './topic-catalog.ts';
