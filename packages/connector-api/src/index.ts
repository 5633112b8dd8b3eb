export type { ConfigDef, ConfigKey } from './config-def.ts';
export { ConnectError, DataError, RetriableError } from './errors.ts';
export type { ConnectorPlugin, SinkPlugin, SourcePlugin } from './plugin.ts';
export type { Schema, SchemaField, SchemaType } from './schema.ts';
export type {
  Connector,
  ConnectorConfig,
  ConnectorContext,
  RecordHeader,
  RecordMetadata,
  SinkOffsets,
  SinkRecord,
  SinkTask,
  SinkTaskContext,
  SourceOffsetValue,
  SourcePartition,
  SourceRecord,
  SourceTask,
  SourceTaskContext,
  TaskLogger,
  TopicPartition,
} from './task.ts';
