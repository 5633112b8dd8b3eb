/** Debezium's heartbeats: records that carry nothing but an offset, so that it moves while no table changes. */
import {
  type Schema,
  type SourceOffsetValue,
  schemas,
  type YieldedRecord,
} from '@sluice/connector-api';

const keySchema: Schema = Object.freeze({
  type: 'struct',
  name: 'io.debezium.connector.common.ServerNameKey',
  version: 1,
  fields: [{ field: 'serverName', schema: schemas.string }],
});

const valueSchema: Schema = Object.freeze({
  type: 'struct',
  name: 'io.debezium.connector.common.Heartbeat',
  version: 1,
  fields: [{ field: 'ts_ms', schema: schemas.int64 }],
});

export interface HeartbeatOptions {
  /** `topic.heartbeat.prefix` */
  readonly topicPrefix: string;
  /** `topic.prefix` */
  readonly serverName: string;
}

export function heartbeatRecord(
  { serverName, topicPrefix }: HeartbeatOptions,
  offset: SourceOffsetValue,
  nowMs: number,
): YieldedRecord {
  return {
    topic: `${topicPrefix}.${serverName}`,
    key: { serverName },
    keySchema,
    value: { ts_ms: nowMs },
    valueSchema,
    offset,
  };
}
