import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface BrokerMetadata {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

export interface PartitionMetadata {
  readonly partition: number;
  /** LEADER_NOT_AVAILABLE while there is none. */
  readonly errorCode: number;
  /** −1 if there is none. */
  readonly leader: number;
  readonly leaderEpoch: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

export interface TopicMetadata {
  readonly topic: string;
  /** UNKNOWN_TOPIC_OR_PARTITION if there is no such topic. */
  readonly errorCode: number;
  readonly isInternal: boolean;
  /** In no particular order. */
  readonly partitions: readonly PartitionMetadata[];
}

export interface MetadataResult extends Throttled {
  readonly brokers: readonly BrokerMetadata[];
  readonly clusterId: string | null;
  /** −1 if unknown. */
  readonly controllerId: number;
  readonly topics: readonly TopicMetadata[];
}

/** Metadata v7. `null` asks for all topics, an empty list for none. No topic is created by asking. */
export function metadataRequest(topics: readonly string[] | null): KafkaRequest<MetadataResult> {
  return {
    apiKey: 3,
    apiVersion: 7,
    apiName: 'Metadata',
    encode: () => {
      const writer = new ByteWriter();
      return writer.array(topics, (topic) => writer.string(topic)).boolean(false).bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      return {
        throttleMs: reader.int32(),
        brokers: reader.array(() => ({
          nodeId: reader.int32(),
          host: reader.string(),
          port: reader.int32(),
          rack: reader.nullableString(),
        })),
        clusterId: reader.nullableString(),
        controllerId: reader.int32(),
        topics: reader.array(readTopic),
      };
    },
  };
}

function readTopic(reader: ByteReader): TopicMetadata {
  return {
    errorCode: reader.int16(),
    topic: reader.string(),
    isInternal: reader.boolean(),
    partitions: reader.array(readPartition),
  };
}

function readPartition(reader: ByteReader): PartitionMetadata {
  const partition = {
    errorCode: reader.int16(),
    partition: reader.int32(),
    leader: reader.int32(),
    leaderEpoch: reader.int32(),
    replicas: reader.array(() => reader.int32()),
    inSyncReplicas: reader.array(() => reader.int32()),
  };
  reader.array(() => reader.int32()); // Offline replicas.
  return partition;
}
