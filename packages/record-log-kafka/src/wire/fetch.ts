import type { AbortedTransaction } from './aborted-transactions.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { type Isolation, isolationCode, type KafkaRequest, type Throttled } from './request.ts';

export interface FetchArguments {
  /** How long the broker may wait for `bytesMin`. */
  readonly waitMs: number;
  readonly bytesMin: number;
  /** Soft limits: one batch comes whole, however large it is. */
  readonly bytesMax: number;
  readonly isolation: Isolation;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly offset: number;
      readonly bytesMax: number;
      /** As Metadata says; −1, the default, leaves out the check that it is still the same leader. */
      readonly leaderEpoch?: number;
    }[];
  }[];
  readonly rack?: string;
}

export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  /** Record batches, for a RecordBatchCursor: a view of the response. */
  readonly records: Buffer;
}

export interface FetchResult extends Throttled {
  /** Of the whole request. */
  readonly errorCode: number;
  readonly partitions: readonly FetchedPartition[];
}

const noBytes = Buffer.alloc(0);

/** Fetch v11, without a session. */
export function fetchRequest(request: FetchArguments): KafkaRequest<FetchResult> {
  return {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    encode: () => encodeFetch(request),
    decode: decodeFetch,
  };
}

function encodeFetch(request: FetchArguments): Buffer {
  const writer = new ByteWriter()
    .int32(-1) // Not a replica.
    .int32(request.waitMs)
    .int32(request.bytesMin)
    .int32(request.bytesMax)
    .int8(isolationCode(request.isolation))
    .int32(0) // No session,
    .int32(-1); // and none is to be made.
  writer.array(request.topics, ({ topic, partitions }) => {
    writer.string(topic).array(partitions, ({ partition, offset, bytesMax, leaderEpoch = -1 }) => {
      writer.int32(partition).int32(leaderEpoch).int64(offset);
      writer.int64(-1).int32(bytesMax); // Log start offset: of replicas only.
    });
  });
  writer.array([], () => {}); // Forgotten topics: of sessions only.
  return writer.string(request.rack ?? '').bytes;
}

function decodeFetch(body: Buffer): FetchResult {
  const reader = new ByteReader(body);
  const throttleMs = reader.int32();
  const errorCode = reader.int16();
  reader.int32(); // Session.
  const partitions: FetchedPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => {
      const partition = reader.int32();
      const partitionError = reader.int16();
      const highWatermark = reader.int64();
      const lastStableOffset = reader.int64();
      const logStartOffset = reader.int64();
      const abortedTransactions = reader.array(() => ({
        producerId: reader.int64(),
        firstOffset: reader.int64(),
      }));
      reader.int32(); // Preferred read replica.
      partitions.push({
        topic,
        partition,
        errorCode: partitionError,
        highWatermark,
        lastStableOffset,
        logStartOffset,
        abortedTransactions,
        records: reader.nullableBytes() ?? noBytes,
      });
    });
  });
  return { throttleMs, errorCode, partitions };
}
