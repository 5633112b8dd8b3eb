/** Where the records of a call go, and what is told of them when they have arrived. Pure. */
import type { SluiceError } from '@sluice/kernel';
import { type KeylessPartitions, partitionForKey, type TopicBatch } from '@sluice/record-log';

import { type PartitionRecords, splitByPartition } from './partition-records.ts';
import type { OffsetRun } from './produce-lane.ts';

export interface PlannedProduce {
  /** One for each batch of the call; offsets are filled in later. */
  readonly acks: { topic: string; partitions: Int32Array; offsets: Float64Array }[];
  /** To be appended in this order. */
  readonly parts: readonly PlannedPart[];
}

export interface PlannedPart {
  /** Into the batches of the call. */
  readonly batch: number;
  readonly part: PartitionRecords;
}

export function planProduce(
  batches: readonly TopicBatch[],
  options: {
    readonly partitionsOf: (topic: string) => number;
    readonly keyless: KeylessPartitions;
    readonly batchBytesMax: number;
  },
): PlannedProduce {
  const acks: PlannedProduce['acks'] = [];
  const parts: PlannedPart[] = [];
  for (const [batch, { topic, records }] of batches.entries()) {
    const partitions = new Int32Array(records.length);
    acks.push({ topic, partitions, offsets: new Float64Array(records.length) });
    const count = options.partitionsOf(topic);
    let keyless: number | undefined;
    for (let index = 0; index < records.length; index += 1) {
      const record = records[index];
      if (!record) continue;
      if (record.partition !== undefined) partitions[index] = record.partition;
      else if (record.key !== null) partitions[index] = partitionForKey(record.key, count);
      else partitions[index] = keyless ??= options.keyless.next(topic, count);
    }
    for (const part of splitByPartition(topic, records, partitions, options.batchBytesMax)) {
      parts.push({ batch, part });
    }
  }
  return { acks, parts };
}

/** Into the places that the records have in their batch. */
export function tellOffsets(
  part: PartitionRecords,
  outcome: readonly OffsetRun[],
  offsets: Float64Array | undefined,
): void {
  if (!offsets) return;
  let nth = 0;
  for (const { baseOffset, count, refusal } of outcome) {
    for (let past = 0; past < count; past += 1, nth += 1)
      offsets[placeOf(part, nth)] = refusal ? -1 : baseOffset + past;
  }
}

export function* refusalsOf(
  part: PartitionRecords,
  outcome: readonly OffsetRun[],
): Generator<{ index: number; error: SluiceError }> {
  let nth = 0;
  for (const { count, refusal } of outcome) {
    if (refusal) yield { index: placeOf(part, nth), error: refusal };
    nth += count;
  }
}

function placeOf({ indices, start }: PartitionRecords, nth: number): number {
  return indices === undefined ? start + nth : (indices[nth] ?? 0);
}
