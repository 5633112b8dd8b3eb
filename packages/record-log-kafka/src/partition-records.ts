import type { ProduceRecord } from '@sluice/record-log';

import { recordSizeUpperBound } from './wire/record-batch.ts';

/** Those records of a batch that go to one partition, or as many of them as fit into one record batch. */
export interface PartitionRecords {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ProduceRecord[];
  /** Encoded, at most. */
  readonly bytes: number;
  /** Where each stood in the batch; absent: one after another from `start`. */
  readonly indices: readonly number[] | undefined;
  readonly start: number;
}

/** `partitions`: of each record. Records of a partition keep their order. */
export function* splitByPartition(
  topic: string,
  records: readonly ProduceRecord[],
  partitions: Int32Array,
  bytesMax: number,
): Generator<PartitionRecords> {
  const [first] = partitions;
  if (first === undefined) return;
  if (partitions.every((partition) => partition === first)) {
    yield* splitBySize(topic, first, records, undefined, bytesMax);
    return;
  }
  const groups = new Map<number, { records: ProduceRecord[]; indices: number[] }>();
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index];
    const partition = partitions[index];
    if (record === undefined || partition === undefined) continue;
    let group = groups.get(partition);
    if (!group) groups.set(partition, (group = { records: [], indices: [] }));
    group.records.push(record);
    group.indices.push(index);
  }
  for (const [partition, group] of groups) {
    yield* splitBySize(topic, partition, group.records, group.indices, bytesMax);
  }
}

function* splitBySize(
  topic: string,
  partition: number,
  records: readonly ProduceRecord[],
  indices: readonly number[] | undefined,
  bytesMax: number,
): Generator<PartitionRecords> {
  let start = 0;
  let bytes = 0;
  const part = (end: number): PartitionRecords => ({
    topic,
    partition,
    records: start === 0 && end === records.length ? records : records.slice(start, end),
    bytes,
    indices: indices?.slice(start, end),
    start,
  });
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index];
    if (record === undefined) continue;
    const size = recordSizeUpperBound(record);
    if (index > start && bytes + size > bytesMax) {
      yield part(index);
      start = index;
      bytes = 0;
    }
    bytes += size;
  }
  yield part(records.length);
}
