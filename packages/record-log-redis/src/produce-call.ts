import {
  assertPartitions,
  type KeylessPartitions,
  type ProduceAck,
  partitionForKey,
  type TopicBatch,
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
  acks: ProduceAck[];
  readonly resolve: (acks: ProduceAck[]) => void;
  readonly reject: (error: unknown) => void;
  chunksLeft: number;
}

export interface EncodeOptions {
  readonly partitionsOf: (topic: string) => number;
  readonly keyless: KeylessPartitions;
  readonly entryBytesMax: number;
  readonly chunkBytesMax: number;
  readonly nowMs: number;
}

/** Encodes a call. @throws RecordsRefusedError before anything has happened. */
export function encodeCall(call: ProduceCall, options: EncodeOptions): Chunk[] {
  assertPartitions(call.batches, options.partitionsOf);
  const chunks: Chunk[] = [];
  let parts: Part[] = [];
  let bytes = 0;
  const close = (): void => {
    if (parts.length > 0) chunks.push({ call, parts, bytes });
    parts = [];
    bytes = 0;
  };
  // All batches of a topic together: a call of many small ones is still few stream entries.
  const acks: ProduceAck[] = [];
  for (const [topic, indexes] of topicsOf(call.batches)) {
    for (const part of encodeTopic(topic, indexes, call.batches, acks, options)) {
      if (bytes + part.payload.length > options.chunkBytesMax) close();
      parts.push(part);
      bytes += part.payload.length;
    }
  }
  close();
  call.acks = acks;
  call.chunksLeft = chunks.length;
  return chunks;
}

/** Topics in the order of their first batch, with the indexes of their batches. */
function topicsOf(batches: readonly TopicBatch[]): Map<string, number[]> {
  const topics = new Map<string, number[]>();
  for (const [index, { topic }] of batches.entries()) {
    const indexes = topics.get(topic);
    if (indexes) indexes.push(index);
    else topics.set(topic, [index]);
  }
  return topics;
}

/** Puts the acknowledgements of the topic's batches into `acks`, to be filled in later. */
function* encodeTopic(
  topic: string,
  indexes: readonly number[],
  batches: readonly TopicBatch[],
  acks: ProduceAck[],
  options: EncodeOptions,
): Generator<Part> {
  const own = indexes.map((index) => batches[index]?.records ?? []);
  const records = own.length === 1 ? (own[0] ?? []) : own.flat();
  const partitions = new Int32Array(records.length);
  const offsets = new Float64Array(records.length);
  let start = 0;
  for (const [nth, batch] of own.entries()) {
    const end = start + batch.length;
    choosePartitions(topic, batch, partitions.subarray(start, end), options);
    acks[indexes[nth] ?? 0] = {
      topic,
      partitions: partitions.subarray(start, end),
      offsets: offsets.subarray(start, end),
    };
    start = end;
  }
  const limits = { nowMs: options.nowMs, bytesMax: options.entryBytesMax };
  for (const [partition, order] of ordersOf(partitions)) {
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

/** Fills in the partition of each record. */
function choosePartitions(
  topic: string,
  records: TopicBatch['records'],
  partitions: Int32Array,
  options: EncodeOptions,
): void {
  const count = options.partitionsOf(topic);
  if (count === 1) return;
  let keyless: number | undefined;
  for (const [index, { key, partition }] of records.entries()) {
    let chosen = partition;
    if (chosen === undefined && key !== null) chosen = partitionForKey(key, count);
    chosen ??= keyless ??= options.keyless.next(topic, count);
    partitions[index] = chosen;
  }
}

/** For each partition the indexes of its records, in their order; undefined stands for all. */
function ordersOf(partitions: Int32Array): Iterable<[number, number[] | undefined]> {
  const first = partitions[0];
  if (first === undefined) return [];
  if (partitions.every((partition) => partition === first)) return [[first, undefined]];
  const orders = new Map<number, number[]>();
  for (const [index, partition] of partitions.entries()) {
    const order = orders.get(partition);
    if (order) order.push(index);
    else orders.set(partition, [index]);
  }
  return orders;
}
