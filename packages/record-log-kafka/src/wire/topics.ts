import type { TopicPartition } from '@sluice/record-log';
import { byTopic } from './by-topic.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Isolation, isolationCode, type KafkaRequest, type Throttled } from './request.ts';

export interface TopicResult {
  readonly topic: string;
  readonly errorCode: number;
  /** What the broker says about it; null if it says nothing. */
  readonly errorMessage: string | null;
}

export interface TopicResults extends Throttled {
  readonly topics: readonly TopicResult[];
}

export interface NewTopic {
  readonly topic: string;
  /** −1: the broker's `num.partitions`. */
  readonly partitions: number;
  /** −1: the broker's `default.replication.factor`. */
  readonly replicationFactor: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** CreateTopics v4. Only the controller does it: others answer NOT_CONTROLLER, or pass it on (KRaft). */
export function createTopicsRequest(request: {
  readonly topics: readonly NewTopic[];
  readonly timeoutMs: number;
  /** Default false. */
  readonly validateOnly?: boolean;
}): KafkaRequest<TopicResults> {
  return {
    apiKey: 19,
    apiVersion: 4,
    apiName: 'CreateTopics',
    encode: () => {
      const writer = new ByteWriter();
      writer.array(request.topics, ({ topic, partitions, replicationFactor, config = {} }) => {
        writer.string(topic).int32(partitions).int16(replicationFactor);
        writer.array([], () => {}); // Replicas are chosen by Kafka.
        writer.array(Object.entries(config), ([name, value]) => {
          writer.string(name).string(value);
        });
      });
      return writer.int32(request.timeoutMs).boolean(request.validateOnly ?? false).bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const topics = reader.array(() => ({
        topic: reader.string(),
        errorCode: reader.int16(),
        errorMessage: reader.nullableString(),
      }));
      return { throttleMs, topics };
    },
  };
}

/** DeleteTopics v3. */
export function deleteTopicsRequest(request: {
  readonly topics: readonly string[];
  readonly timeoutMs: number;
}): KafkaRequest<TopicResults> {
  return {
    apiKey: 20,
    apiVersion: 3,
    apiName: 'DeleteTopics',
    encode: () => {
      const writer = new ByteWriter();
      writer.array(request.topics, (topic) => writer.string(topic));
      return writer.int32(request.timeoutMs).bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const topics = reader.array(() => ({
        topic: reader.string(),
        errorCode: reader.int16(),
        errorMessage: null,
      }));
      return { throttleMs, topics };
    },
  };
}

export interface ListedOffset extends TopicPartition {
  readonly errorCode: number;
  /** −1 if there is none, for a time after all records. */
  readonly offset: number;
  readonly timestampMs: number;
  readonly leaderEpoch: number;
}

export interface ListOffsetsResult extends Throttled {
  readonly offsets: readonly ListedOffset[];
}

/**
 * ListOffsets v5, to the partitions' leaders. The latest is the high watermark, or with read_committed the
 * last stable offset. A partition may be named once in a request.
 */
export function listOffsetsRequest(request: {
  readonly isolation: Isolation;
  readonly partitions: readonly (TopicPartition & {
    /** A time stands for the first record that is not older. */
    readonly at: 'earliest' | 'latest' | { readonly timestampMs: number };
    readonly leaderEpoch?: number;
  })[];
}): KafkaRequest<ListOffsetsResult> {
  return {
    apiKey: 2,
    apiVersion: 5,
    apiName: 'ListOffsets',
    encode: () => {
      const writer = new ByteWriter().int32(-1); // Not a replica.
      writer.int8(isolationCode(request.isolation));
      writer.array(byTopic(request.partitions), ({ topic, items }) => {
        writer.string(topic).array(items, ({ partition, at, leaderEpoch = -1 }) => {
          const time = at === 'latest' ? -1 : at === 'earliest' ? -2 : at.timestampMs;
          writer.int32(partition).int32(leaderEpoch).int64(time);
        });
      });
      return writer.bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const offsets: ListedOffset[] = [];
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const partition = reader.int32();
          const errorCode = reader.int16();
          const timestampMs = reader.int64();
          const offset = reader.int64();
          offsets.push({
            topic,
            partition,
            errorCode,
            timestampMs,
            offset,
            leaderEpoch: reader.int32(),
          });
        });
      });
      return { throttleMs, offsets };
    },
  };
}

export interface DeletedRecords extends TopicPartition {
  readonly errorCode: number;
  /** First offset that is left. */
  readonly lowWatermark: number;
}

/** DeleteRecords v1, to the partitions' leaders: all before the offset; −1 is up to the high watermark. */
export function deleteRecordsRequest(request: {
  readonly partitions: readonly (TopicPartition & { readonly offset: number })[];
  readonly timeoutMs: number;
}): KafkaRequest<Throttled & { readonly partitions: readonly DeletedRecords[] }> {
  return {
    apiKey: 21,
    apiVersion: 1,
    apiName: 'DeleteRecords',
    encode: () => {
      const writer = new ByteWriter();
      writer.array(byTopic(request.partitions), ({ topic, items }) => {
        writer.string(topic).array(items, ({ partition, offset }) => {
          writer.int32(partition).int64(offset);
        });
      });
      return writer.int32(request.timeoutMs).bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const partitions: DeletedRecords[] = [];
      reader.array(() => {
        const topic = reader.string();
        reader.array(() => {
          const partition = reader.int32();
          const lowWatermark = reader.int64();
          partitions.push({ topic, partition, lowWatermark, errorCode: reader.int16() });
        });
      });
      return { throttleMs, partitions };
    },
  };
}
