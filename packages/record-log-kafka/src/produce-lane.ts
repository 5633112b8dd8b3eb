import type { SluiceError } from '@sluice/kernel';
import type { ProduceRecord } from '@sluice/record-log';

import type { CompiledKafkaLogOptions } from './options.ts';
import type { OwnerSession, Producer } from './owner-session.ts';
import { type PlannedBatch, planRecordBatch } from './wire/record-batch.ts';

/** Records of one writer for one partition; appended together. */
export interface Chunk {
  readonly session: OwnerSession;
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ProduceRecord[];
  /** Of the encoded records, at most. */
  readonly bytes: number;
  readonly isTransactional: boolean;
  /** Of the register, which alone may write while the session is being opened. */
  readonly isOpening?: boolean;
  /** Called once: with what went wrong with all of it, or with what became of its records, in their order. */
  readonly settle: (problem: SluiceError | undefined, outcome: readonly OffsetRun[]) => void;
}

/** Records that were appended one after another, or one that the broker does not take. */
export interface OffsetRun {
  /** -1: refused. */
  readonly baseOffset: number;
  readonly count: number;
  readonly refusal?: SluiceError;
}

/** A session's way into one partition. */
export interface Lane {
  readonly session: OwnerSession;
  readonly topic: string;
  readonly partition: number;
  readonly waiting: Chunk[];
  /** Sent, or to be sent again. */
  batch: Batch | undefined;
}

export interface Batch {
  readonly lane: Lane;
  readonly chunks: readonly Chunk[];
  readonly planned: PlannedBatch;
  readonly producer: Producer;
  readonly baseSequence: number;
  readonly deadlineMs: number;
  attempts: number;
  isSettled: boolean;
}

/** As many of the waiting chunks as fit into one batch, at least one. */
export function takeChunks(lane: Lane, bytesMax: number): Chunk[] {
  const chunks: Chunk[] = [];
  let bytes = 0;
  for (const chunk of lane.waiting) {
    const isFirst = chunks.length === 0;
    if (!isFirst && bytes + chunk.bytes > bytesMax) break;
    if (!isFirst && chunk.isTransactional !== chunks[0]?.isTransactional) break;
    chunks.push(chunk);
    bytes += chunk.bytes;
  }
  lane.waiting.splice(0, chunks.length);
  return chunks;
}

export function makeBatch(
  lane: Lane,
  producer: Producer,
  chunks: readonly Chunk[],
  { clock, deliveryTimeoutMs, compression }: CompiledKafkaLogOptions,
): Batch {
  const [only] = chunks;
  const records =
    chunks.length === 1 && only ? only.records : chunks.flatMap(({ records: each }) => each);
  const baseSequence = producer.takeSequence(nameOf(lane), records.length);
  const planned = planRecordBatch(
    { records },
    {
      nowMs: clock.wallMs(),
      compression,
      isTransactional: only?.isTransactional === true,
      producerId: producer.id,
      producerEpoch: producer.epoch,
      baseSequence,
    },
  );
  return {
    lane,
    chunks,
    planned,
    producer,
    baseSequence,
    deadlineMs: clock.monotonicMs() + deliveryTimeoutMs,
    attempts: 0,
    isSettled: false,
  };
}

export function nameOf({
  topic,
  partition,
}: {
  readonly topic: string;
  readonly partition: number;
}): string {
  return `${topic}/${partition}`;
}

export function byTopic(batches: readonly Batch[]): {
  topic: string;
  partitions: { partition: number; batch: PlannedBatch }[];
}[] {
  const topics = new Map<string, { partition: number; batch: PlannedBatch }[]>();
  for (const { lane, planned: batch } of batches) {
    const partitions = topics.get(lane.topic);
    if (partitions) partitions.push({ partition: lane.partition, batch });
    else topics.set(lane.topic, [{ partition: lane.partition, batch }]);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

export function giveBack({ lane, producer, baseSequence }: Batch): void {
  producer.giveBackSequence(nameOf(lane), baseSequence);
}

/** Settled together, with the first failure of either half. */
export function halvesOf(chunk: Chunk): [Chunk, Chunk] {
  const middle = Math.ceil(chunk.records.length / 2);
  const bytes = Math.ceil(chunk.bytes / 2);
  let failure: SluiceError | undefined;
  let firstHalf: readonly OffsetRun[] = [];
  return [
    {
      ...chunk,
      records: chunk.records.slice(0, middle),
      bytes,
      settle: (problem, outcome) => {
        failure = problem;
        firstHalf = outcome;
      },
    },
    {
      ...chunk,
      records: chunk.records.slice(middle),
      bytes,
      settle: (problem, outcome) => chunk.settle(failure ?? problem, [...firstHalf, ...outcome]),
    },
  ];
}
