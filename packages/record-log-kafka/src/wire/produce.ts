import { ByteReader } from './byte-reader.ts';
import type { PlannedBatch } from './record-batch.ts';
import type { KafkaRequest, Throttled } from './request.ts';

export interface ProduceArguments {
  readonly transactionalId: string | null;
  /** −1: all in-sync replicas. */
  readonly acks: -1 | 1;
  /** How long the broker waits for the other replicas. */
  readonly timeoutMs: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly { readonly partition: number; readonly batch: PlannedBatch }[];
  }[];
}

export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  /** What the broker says about a refused record; null if it says nothing. */
  readonly errorMessage: string | null;
  /** Of the first record; −1 after an error. */
  readonly baseOffset: number;
  /** −1 unless the topic has `message.timestamp.type=LogAppendTime`. */
  readonly logAppendTimeMs: number;
}

export interface ProduceResult extends Throttled {
  readonly partitions: readonly ProducedPartition[];
}

/** Produce v8: v7, which kafkajs has, with messages in the response. */
export function produceRequest(request: ProduceArguments): KafkaRequest<ProduceResult> {
  return {
    apiKey: 0,
    apiVersion: 8,
    apiName: 'Produce',
    encode: () => encodeProduce(request),
    decode: decodeProduce,
  };
}

/** One allocation for the whole request. */
function encodeProduce({ transactionalId, acks, timeoutMs, topics }: ProduceArguments): Buffer {
  let bytes = stringBytes(transactionalId) + 2 + 4 + 4;
  for (const { topic, partitions } of topics) {
    bytes += stringBytes(topic) + 4;
    for (const { batch } of partitions) bytes += 4 + 4 + batch.bytes;
  }
  const target = Buffer.allocUnsafe(bytes);
  let at = writeString(target, 0, transactionalId);
  at = target.writeInt16BE(acks, at);
  at = target.writeInt32BE(timeoutMs, at);
  at = target.writeInt32BE(topics.length, at);
  for (const { topic, partitions } of topics) {
    at = writeString(target, at, topic);
    at = target.writeInt32BE(partitions.length, at);
    for (const { partition, batch } of partitions) {
      at = target.writeInt32BE(partition, at);
      at = target.writeInt32BE(batch.bytes, at);
      at = batch.writeInto(target, at);
    }
  }
  return target;
}

function decodeProduce(body: Buffer): ProduceResult {
  const reader = new ByteReader(body);
  const partitions: ProducedPartition[] = [];
  reader.array(() => {
    const topic = reader.string();
    reader.array(() => {
      const partition = reader.int32();
      const errorCode = reader.int16();
      const baseOffset = reader.int64();
      const logAppendTimeMs = reader.int64();
      reader.int64(); // Log start offset.
      // Some refused records are named by their place in the batch.
      const recordErrors = reader.array(() => {
        reader.int32();
        return reader.nullableString();
      });
      const message = reader.nullableString();
      const errorMessage = recordErrors.find((each) => each !== null) ?? message;
      partitions.push({ topic, partition, errorCode, errorMessage, baseOffset, logAppendTimeMs });
    });
  });
  return { partitions, throttleMs: reader.int32() };
}

function stringBytes(text: string | null): number {
  return 2 + (text === null ? 0 : Buffer.byteLength(text));
}

function writeString(target: Buffer, start: number, text: string | null): number {
  if (text === null) return target.writeInt16BE(-1, start);
  const bytes = target.write(text, start + 2);
  return target.writeInt16BE(bytes, start) + bytes;
}
