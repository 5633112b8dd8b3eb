/** Offsets of a sink as a request gives them, checked in Kafka Connect's words. */
import { stringifyExactJson } from '@sluice/kernel';

import { ApiError } from './api-error.ts';
import type { SinkPartition } from './offset-store.ts';
import type { ConnectorOffset } from './shapes.ts';

export interface SinkOffsets {
  readonly set: readonly (SinkPartition & { readonly offset: number })[];
  /** Given as null. */
  readonly cleared: readonly SinkPartition[];
}

/** @throws ApiError 400. */
export function parseSinkOffsets(offsets: readonly ConnectorOffset[]): SinkOffsets {
  const set: (SinkPartition & { readonly offset: number })[] = [];
  const cleared: SinkPartition[] = [];
  for (const { partition, offset } of offsets) {
    const place = parsePartition(partition);
    if (offset === null) cleared.push(place);
    else set.push({ ...place, offset: parseOffset(offset) });
  }
  return { set, cleared };
}

function parsePartition({
  kafka_topic: topic,
  kafka_partition: partition,
}: ConnectorOffset['partition']): SinkPartition {
  if (topic === undefined || partition === undefined) {
    throw new ApiError(
      400,
      "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'",
    );
  }
  if (typeof topic !== 'string' || topic === '') {
    throw new ApiError(400, 'Kafka topic names must be valid strings and may not be null');
  }
  if (partition === null) {
    throw new ApiError(400, 'Kafka partitions must be valid numbers and may not be null');
  }
  const number = wholeNumber(partition, 2 ** 31 - 1);
  if (number !== undefined) return { topic, partition: number };
  throw new ApiError(
    400,
    `Failed to parse the following Kafka partition value in the provided offsets: '${shown(partition)}'. Partition values for sink connectors need to be integers.`,
  );
}

function parseOffset({ kafka_offset: offset }: ConnectorOffset['partition']): number {
  if (offset === undefined) {
    throw new ApiError(
      400,
      "The offset for a sink connector should either be null or contain the key 'kafka_offset'",
    );
  }
  if (offset === null) {
    throw new ApiError(400, 'Kafka offsets must be valid numbers and may not be null');
  }
  const number = wholeNumber(offset, Number.MAX_SAFE_INTEGER);
  if (number !== undefined) return number;
  throw new ApiError(
    400,
    `Failed to parse the following Kafka offset value in the provided offsets: '${shown(offset)}'. Offset values for sink connectors need to be integers.`,
  );
}

/** Also written as a text. No partition and no offset is negative. */
function wholeNumber(value: unknown, max: number): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const text = String(value);
  return /^\d{1,16}$/.test(text) && Number(text) <= max ? Number(text) : undefined;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : stringifyExactJson(value);
  return text.slice(0, 100);
}
