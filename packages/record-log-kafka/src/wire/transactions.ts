import type { TopicPartition } from '@sluice/record-log';
import { byTopic } from './by-topic.ts';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { decodePartitionResults, type PartitionResults } from './offsets.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface ErrorCodeResult extends Throttled {
  readonly errorCode: number;
}

export interface InitProducerIdResult extends ErrorCodeResult {
  /** −1 after an error. */
  readonly producerId: number;
  readonly producerEpoch: number;
}

/**
 * InitProducerId v3. With a transactional id it takes the id over: the open transaction of whoever had it is
 * aborted, and what that one still sends is refused (INVALID_PRODUCER_EPOCH, or PRODUCER_FENCED). With the
 * `producerId` and epoch that were had before, it only raises the epoch, unless somebody took over meanwhile.
 */
export function initProducerIdRequest(request: {
  readonly transactionalId: string | null;
  readonly transactionTimeoutMs: number;
  /** Default −1: none were had. */
  readonly producerId?: number;
  readonly producerEpoch?: number;
}): KafkaRequest<InitProducerIdResult> {
  const { transactionalId, transactionTimeoutMs, producerId = -1, producerEpoch = -1 } = request;
  return {
    apiKey: 22,
    apiVersion: 3,
    apiName: 'InitProducerId',
    isFlexible: true,
    encode: () =>
      new ByteWriter()
        .compactString(transactionalId)
        .int32(transactionTimeoutMs)
        .int64(producerId)
        .int16(producerEpoch)
        .noTaggedFields().bytes,
    decode: (body) => {
      const reader = new ByteReader(body);
      const throttleMs = reader.int32();
      const errorCode = reader.int16();
      return { throttleMs, errorCode, producerId: reader.int64(), producerEpoch: reader.int16() };
    },
  };
}

export interface TransactionalProducer {
  readonly transactionalId: string;
  readonly producerId: number;
  readonly producerEpoch: number;
}

/** AddPartitionsToTxn v1: to be answered before the transaction's first records go to a partition. */
export function addPartitionsToTxnRequest(
  request: TransactionalProducer & { readonly partitions: readonly TopicPartition[] },
): KafkaRequest<PartitionResults> {
  return {
    apiKey: 24,
    apiVersion: 1,
    apiName: 'AddPartitionsToTxn',
    encode: () => {
      const writer = writeProducer(request);
      writer.array(byTopic(request.partitions), ({ topic, items }) => {
        writer.string(topic).array(items, ({ partition }) => writer.int32(partition));
      });
      return writer.bytes;
    },
    decode: decodePartitionResults,
  };
}

/** AddOffsetsToTxn v1: before the transaction's first TxnOffsetCommit for a group. */
export function addOffsetsToTxnRequest(
  request: TransactionalProducer & { readonly group: string },
): KafkaRequest<ErrorCodeResult> {
  return {
    apiKey: 25,
    apiVersion: 1,
    apiName: 'AddOffsetsToTxn',
    encode: () => writeProducer(request).string(request.group).bytes,
    decode: decodeErrorCode,
  };
}

/** EndTxn v1. */
export function endTxnRequest(
  request: TransactionalProducer & { readonly commit: boolean },
): KafkaRequest<ErrorCodeResult> {
  return {
    apiKey: 26,
    apiVersion: 1,
    apiName: 'EndTxn',
    encode: () => writeProducer(request).boolean(request.commit).bytes,
    decode: decodeErrorCode,
  };
}

function writeProducer(producer: TransactionalProducer): ByteWriter {
  return new ByteWriter()
    .string(producer.transactionalId)
    .int64(producer.producerId)
    .int16(producer.producerEpoch);
}

function decodeErrorCode(body: Buffer): ErrorCodeResult {
  const reader = new ByteReader(body);
  return { throttleMs: reader.int32(), errorCode: reader.int16() };
}
