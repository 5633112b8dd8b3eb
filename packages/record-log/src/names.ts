import { assert, SluiceError, stringifyExactJson } from '@sluice/kernel';

import { unknownPartitionError } from './errors.ts';
import type { GroupOffset, TopicPartition } from './record-log.ts';

const topicLengthMax = 249; // Kafka's limit: `<topic>-<partition>` becomes the name of a folder there.

/** Kafka's rule for topic names, so that a pipeline can move from one log to another. */
export function assertTopicName(topic: string): void {
  const error = topicNameError(topic);
  if (error) throw error;
}

export function topicNameError(topic: string): SluiceError | undefined {
  const valid =
    topic.length <= topicLengthMax &&
    /^[a-zA-Z0-9._-]+$/.test(topic) &&
    topic !== '.' &&
    topic !== '..';
  if (valid) return undefined;
  return new SluiceError(
    'log.invalid_topic',
    `topic name '${topic.slice(0, 80)}' is not valid: use 1 to ${topicLengthMax} of a-z, A-Z, 0-9, '.', '_', '-', and neither '.' nor '..'`,
    { details: { topic } },
  );
}

export function assertPartition(topic: string, partition: number, partitions: number): void {
  if (!isPartition(partition, partitions))
    throw unknownPartitionError(topic, partition, partitions);
}

export function isPartition(partition: number, partitions: number): boolean {
  return Number.isInteger(partition) && partition >= 0 && partition < partitions;
}

/** What is stored as an offset is compared as a number for ever after. */
export function assertOffsets(offsets: readonly GroupOffset[]): void {
  for (const { topic, partition, offset } of offsets) {
    assert(
      Number.isSafeInteger(offset) && offset >= 0,
      `offset of partition ${partition} of '${topic}' must be a whole number, not ${offset}`,
    );
  }
}

/** One string for a topic and partition; '/' is in no topic name. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

export function parsePartitionName(name: string): TopicPartition {
  const slash = name.lastIndexOf('/');
  return { topic: name.slice(0, slash), partition: Number(name.slice(slash + 1)) };
}

/** One string for equal source partitions, whatever the order of their fields. */
export function sourcePartitionName(partition: Readonly<Record<string, unknown>>): string {
  return stringifyExactJson(inOrder(partition));
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(fields.map(([name, each]) => [name, inOrder(each)]));
}
