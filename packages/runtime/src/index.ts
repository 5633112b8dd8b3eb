export type { ConnectorFacts, DefinitionPlugins, PluginLoader } from './definition-plugins.ts';
export { groupOf } from './group-name.ts';
export { type Histogram, histogramBounds } from './histogram.ts';
export { LazyPlugins } from './lazy-plugins.ts';
export { type LoadPluginsOptions, loadPlugins } from './load-plugins.ts';
export type { RuntimeOptions } from './options.ts';
export {
  ownerOf,
  partitionsOf,
  type TaskShare,
  type TopicSelection,
} from './partition-share.ts';
export type {
  ConnectorPayload,
  NamedPart,
  PartName,
  RuntimeEvent,
  RuntimeMessage,
  TargetState,
  TaskCounters,
  TaskParts,
  TaskPayload,
  TransformCounters,
} from './payloads.ts';
export type { PluginIndex, PluginIndexEntry } from './plugin-index.ts';
export { type PluginModule, specifierOf } from './plugin-module.ts';
export { type FoundPackages, findPluginPackages, type PluginPackage } from './plugin-packages.ts';
export {
  inventoryOf,
  type PluginInventory,
  PluginPath,
  type PluginPathOptions,
} from './plugin-path.ts';
export { type PluginDescription, type PluginFailure, PluginRegistry } from './plugin-registry.ts';
export { shareConnectorApi } from './plugin-resolution.ts';
export { polledRecords } from './polled-records.ts';
export { type LocalRecord, type LocalRun, runConnectorLocally } from './run-locally.ts';
export { createRuntimeFactory } from './runtime-factory.ts';
export {
  type PluginScan,
  type ScannedModule,
  type ScanPluginsOptions,
  scanPlugins,
} from './scan-plugins.ts';
export { transformationPlugins } from './task-transforms.ts';
export { topicSelectionOf } from './topic-catalog.ts';
export {
  type StepFacts,
  type StepName,
  type Trace,
  type TraceError,
  type TraceKind,
  type Tracer,
  type TraceStart,
  type TraceStep,
  traceparentHeader,
} from './tracing/index.ts';
