import {
  assertTopicName,
  type KeylessPartitions,
  type ProduceAck,
  partitionForKey,
  recordBytes,
  recordTooLargeError,
  type TopicBatch,
  unknownPartitionError,
} from '@sluice/record-log';

import { encodeBatches } from './batch-format.ts';

/** One stream entry to be: a batch of records for one partition. */
export interface Part {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly payload: Buffer;
  /** Tells the records of the part where they went. */
  readonly acknowledge: (firstOffset: number) => void;
}

/** What one run of the produce script appends: all or nothing. */
export interface Chunk {
  readonly call: ProduceCall;
  readonly parts: readonly Part[];
  readonly bytes: number;
}

/** One call of `produce`, from its arguments to its acknowledgement. */
export interface ProduceCall {
  readonly batches: readonly TopicBatch[];
  readonly acks: ProduceAck[];
  readonly resolve: (acks: ProduceAck[]) => void;
  readonly reject: (error: unknown) => void;
  chunksLeft: number;
}

export interface EncodeOptions {
  readonly partitionsOf: (topic: string) => number;
  readonly keyless: KeylessPartitions;
  readonly recordBytesMax: number;
  readonly entryBytesMax: number;
  readonly chunkBytesMax: number;
  readonly nowMs: number;
}

/** Encodes a call; it throws before anything has happened if a record cannot be appended. */
export function encodeCall(call: ProduceCall, options: EncodeOptions): Chunk[] {
  for (const batch of call.batches) assertRecords(batch, options);
  const chunks: Chunk[] = [];
  let parts: Part[] = [];
  let bytes = 0;
  const close = (): void => {
    if (parts.length > 0) chunks.push({ call, parts, bytes });
    parts = [];
    bytes = 0;
  };
  for (const batch of call.batches) {
    for (const part of encodeTopicBatch(call, batch, options)) {
      if (bytes + part.payload.length > options.chunkBytesMax) close();
      parts.push(part);
      bytes += part.payload.length;
    }
  }
  close();
  call.chunksLeft = chunks.length;
  return chunks;
}

function assertRecords({ topic, records }: TopicBatch, options: EncodeOptions): void {
  const { recordBytesMax } = options;
  assertTopicName(topic);
  const partitions = options.partitionsOf(topic);
  for (const record of records) {
    const bytes = recordBytes(record);
    if (bytes > recordBytesMax) throw recordTooLargeError(topic, bytes, recordBytesMax);
    if (record.partition !== undefined && record.partition >= partitions) {
      throw unknownPartitionError(topic, record.partition, partitions);
    }
  }
}

function* encodeTopicBatch(
  call: ProduceCall,
  { topic, records }: TopicBatch,
  options: EncodeOptions,
): Generator<Part> {
  const chosen = choosePartitions(topic, records, options);
  const offsets = new Float64Array(records.length);
  call.acks.push({ topic, partitions: chosen.partitions, offsets });
  for (const [partition, order] of chosen.orders) {
    const limits = { nowMs: options.nowMs, bytesMax: options.entryBytesMax };
    for (const { payload, first, count } of encodeBatches(records, order, limits)) {
      const acknowledge = (firstOffset: number): void => {
        for (let index = 0; index < count; index += 1) {
          offsets[order?.[first + index] ?? first + index] = firstOffset + index;
        }
      };
      yield { topic, partition, count, payload, acknowledge };
    }
  }
}

/** `orders`: for each partition the indexes of its records; undefined stands for all of them. */
function choosePartitions(
  topic: string,
  records: TopicBatch['records'],
  options: EncodeOptions,
): { partitions: Int32Array; orders: Iterable<[number, number[] | undefined]> } {
  const count = options.partitionsOf(topic);
  const partitions = new Int32Array(records.length);
  if (records.length === 0) return { partitions, orders: [] };
  if (count === 1) return { partitions, orders: [[0, undefined]] };
  const orders = new Map<number, number[]>();
  let keyless: number | undefined;
  for (const [index, { key, partition }] of records.entries()) {
    let to = partition;
    if (to === undefined && key !== null) to = partitionForKey(key, count);
    to ??= keyless ??= options.keyless.next(topic, count);
    partitions[index] = to;
    const order = orders.get(to);
    if (order) order.push(index);
    else orders.set(to, [index]);
  }
  return { partitions, orders };
}
