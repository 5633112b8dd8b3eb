/**
 * Records that a log does not take, whoever sends them and however often: too large, a partition that does not
 * exist, a name that is none. The error says of each record of its call what became of it, so that the rest can be
 * sent without appending anything twice.
 */
import { assert, SluiceError } from '@sluice/kernel';

import { recordTooLargeError, unknownPartitionError } from './errors.ts';
import { recordBytes } from './limits.ts';
import { isPartition, topicNameError } from './names.ts';
import type { ProduceAck, TopicBatch } from './record-log.ts';

export interface RefusedRecord {
  /** Into the batches of the call. */
  readonly batch: number;
  /** Into the records of the batch. */
  readonly index: number;
  readonly error: SluiceError;
}

/** With code and message of the first refusal. */
export class RecordsRefusedError extends SluiceError {
  /** Not empty. */
  readonly refused: readonly RefusedRecord[];
  /** One for each batch of the call; an offset below 0 is that of a record that was not appended. */
  readonly acks: readonly ProduceAck[];

  constructor(refused: readonly RefusedRecord[], acks: readonly ProduceAck[]) {
    const first = refused[0]?.error;
    assert(first, 'a refusal must name a record');
    super(first.code, first.message, { details: first.details, cause: first.cause });
    this.refused = refused;
    this.acks = acks;
  }
}

/** Returns how many bytes there are in all. @throws RecordsRefusedError, of a call of which nothing is appended. */
export function assertRecords(batches: readonly TopicBatch[], recordBytesMax: number): number {
  const refused: RefusedRecord[] = [];
  let bytes = 0;
  for (const [batch, { topic, records }] of batches.entries()) {
    const nameError = topicNameError(topic);
    if (nameError && records.length === 0) throw nameError;
    for (let index = 0; index < records.length; index += 1) {
      const record = records[index];
      if (!record) continue;
      const size = recordBytes(record);
      bytes += size;
      if (nameError) refused.push({ batch, index, error: nameError });
      else if (size > recordBytesMax)
        refused.push({ batch, index, error: recordTooLargeError(topic, size, recordBytesMax) });
    }
  }
  if (refused.length > 0) throw new RecordsRefusedError(refused, nothingAppended(batches));
  return bytes;
}

/** @throws RecordsRefusedError, of a call of which nothing is appended. */
export function assertPartitions(
  batches: readonly TopicBatch[],
  partitionsOf: (topic: string) => number,
): void {
  const refused: RefusedRecord[] = [];
  for (const [batch, { topic, records }] of batches.entries()) {
    const partitions = partitionsOf(topic);
    for (let index = 0; index < records.length; index += 1) {
      const partition = records[index]?.partition;
      if (partition === undefined || isPartition(partition, partitions)) continue;
      refused.push({ batch, index, error: unknownPartitionError(topic, partition, partitions) });
    }
  }
  if (refused.length > 0) throw new RecordsRefusedError(refused, nothingAppended(batches));
}

/** The acknowledgements of a call of which nothing was appended. */
export function nothingAppended(batches: readonly TopicBatch[]): ProduceAck[] {
  return batches.map(({ topic, records }) => ({
    topic,
    partitions: records.map(() => -1),
    offsets: records.map(() => -1),
  }));
}
