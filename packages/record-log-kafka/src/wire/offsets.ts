import type { TopicPartition } from '@sluice/record-log';
import { byTopic } from './by-topic.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface CommittedOffset extends TopicPartition {
  /** The next to be read; −1 if the group has none there. */
  readonly offset: number;
  readonly metadata: string | null;
  readonly errorCode: number;
}

export interface OffsetFetchResult extends Throttled {
  /** Of the whole request. */
  readonly errorCode: number;
  readonly offsets: readonly CommittedOffset[];
}

/**
 * OffsetFetch v7. `requireStable` answers UNSTABLE_OFFSET_COMMIT for partitions that a transaction is about
 * to commit, instead of the offset before it. All partitions of the group without `partitions`.
 */
export function offsetFetchRequest(request: {
  readonly group: string;
  readonly partitions: readonly TopicPartition[] | null;
  readonly requireStable: boolean;
}): KafkaRequest<OffsetFetchResult> {
  return {
    apiKey: 9,
    apiVersion: 7,
    apiName: 'OffsetFetch',
    isFlexible: true,
    encode: () => {
      const writer = new ByteWriter().compactString(request.group);
      const topics = request.partitions && byTopic(request.partitions);
      writer.compactArray(topics, ({ topic, items }) => {
        writer.compactString(topic);
        writer.compactArray(items, ({ partition }) => writer.int32(partition));
        writer.noTaggedFields();
      });
      return writer.boolean(request.requireStable).noTaggedFields().bytes;
    },
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const offsets: CommittedOffset[] = [];
      reader.compactArray(() => {
        const topic = reader.compactString();
        reader.compactArray(() => {
          const partition = reader.int32();
          const offset = reader.int64();
          reader.int32(); // Leader epoch.
          const metadata = reader.compactNullableString();
          offsets.push({ topic, partition, offset, metadata, errorCode: reader.int16() });
          reader.skipTaggedFields();
        });
        reader.skipTaggedFields();
      });
      return { throttleMs, offsets, errorCode: reader.int16() };
    },
  };
}

export interface OffsetToCommit extends TopicPartition {
  readonly offset: number;
  /** Shown by tools. Default none. */
  readonly metadata?: string | null;
}

export interface PartitionResult extends TopicPartition {
  readonly errorCode: number;
}

export interface PartitionResults extends Throttled {
  readonly partitions: readonly PartitionResult[];
}

/**
 * TxnOffsetCommit v2: commits as part of a transaction, by which the broker refuses a producer that has a
 * successor. The group was told with AddOffsetsToTxn before.
 */
export function txnOffsetCommitRequest(request: {
  readonly transactionalId: string;
  readonly group: string;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly offsets: readonly OffsetToCommit[];
}): KafkaRequest<PartitionResults> {
  return {
    apiKey: 28,
    apiVersion: 2,
    apiName: 'TxnOffsetCommit',
    encode: () => {
      const writer = new ByteWriter().string(request.transactionalId).string(request.group);
      writer.int64(request.producerId).int16(request.producerEpoch);
      return writeOffsets(writer, request.offsets).bytes;
    },
    decode: decodePartitionResults,
  };
}

/**
 * OffsetCommit v7 of nobody: without member and generation, which the broker takes only while the group has
 * no members (else UNKNOWN_MEMBER_ID), as for tools that reset offsets. It fences nobody.
 */
export function offsetCommitRequest(request: {
  readonly group: string;
  readonly offsets: readonly OffsetToCommit[];
}): KafkaRequest<PartitionResults> {
  return {
    apiKey: 8,
    apiVersion: 7,
    apiName: 'OffsetCommit',
    encode: () => {
      const writer = new ByteWriter().string(request.group);
      writer.int32(-1).string('').string(null); // Generation, member, instance.
      return writeOffsets(writer, request.offsets).bytes;
    },
    decode: decodePartitionResults,
  };
}

export interface OffsetDeleteResult extends PartitionResults {
  readonly errorCode: number;
}

/** OffsetDelete v0: of a group without members. GROUP_ID_NOT_FOUND if there is none. Kafka 2.4 or newer. */
export function offsetDeleteRequest(request: {
  readonly group: string;
  readonly partitions: readonly { readonly topic: string; readonly partition: number }[];
}): KafkaRequest<OffsetDeleteResult> {
  return {
    apiKey: 47,
    apiVersion: 0,
    apiName: 'OffsetDelete',
    encode: () => {
      const writer = new ByteWriter().string(request.group);
      return writer.array(byTopic(request.partitions), ({ topic, items }) => {
        writer.string(topic).array(items, ({ partition }) => writer.int32(partition));
      }).bytes;
    },
    decode: (body) => {
      const errorCode = new ByteReader(body).int16();
      return { errorCode, ...decodePartitionResults(body.subarray(2)) };
    },
  };
}

function writeOffsets(writer: ByteWriter, offsets: readonly OffsetToCommit[]): ByteWriter {
  return writer.array(byTopic(offsets), ({ topic, items }) => {
    writer.string(topic).array(items, ({ partition, offset, metadata = null }) => {
      writer.int32(partition).int64(offset).int32(-1).string(metadata); // −1: leader epoch.
    });
  });
}

/** Topics with partitions and their error codes, as several responses are. */
export function decodePartitionResults(body: Buffer): PartitionResults {
  const reader = new ByteReader(body);
  const throttleMs = reader.int32();
  const partitions: PartitionResult[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => {
      partitions.push({ topic, partition: reader.int32(), errorCode: reader.int16() });
    });
  });
  return { throttleMs, partitions };
}
