/**
 * Records and the offsets that they stand for, in one transaction of their owner.
 *
 *     partitions added ──▶ all appended ──▶ committed
 *            └── anything fails, or is refused ──▶ aborted, and thrown
 *
 * It is open for no longer than that takes: everything is at hand when it begins. So readers of what is committed wait
 * for milliseconds, and no broker ends it because a source is slow.
 */
import {
  nothingAppended,
  RecordsRefusedError,
  type RefusedRecord,
  type SourceTransaction,
} from '@sluice/record-log';

import { append } from './append.ts';
import type { KafkaCluster } from './cluster.ts';
import type { OwnerSession } from './owner-session.ts';
import {
  type PlannedPart,
  type PlannedProduce,
  refusalsOf,
  tellOffsets,
} from './planned-produce.ts';
import type { OffsetRun } from './produce-lane.ts';
import type { ProducePipeline } from './produce-pipeline.ts';
import type { SourceOffsets } from './source-offsets.ts';

export interface SourceTransactionParts {
  readonly cluster: KafkaCluster;
  readonly session: OwnerSession;
  readonly pipeline: ProducePipeline;
  readonly sourceOffsets: SourceOffsets;
}

/** @throws RecordsRefusedError, `log.outcome_unknown`, `log.fenced`, `log.unreachable`. */
export async function transact(
  parts: SourceTransactionParts,
  { acks, parts: planned }: PlannedProduce,
  { batches, connector, offsets }: SourceTransaction,
): Promise<void> {
  const { cluster, session, pipeline, sourceOffsets } = parts;
  const call = cluster.begin();
  const encoded =
    offsets.length > 0 ? await sourceOffsets.encode(call, connector, offsets) : undefined;
  const stored = [...(encoded?.byPartition ?? [])];
  await session.transactionOnce(call, async (producer) => {
    await session.addPartitions(call, producer, [
      ...partitionsOf(planned),
      ...stored.map(([partition]) => ({ topic: encoded?.topic ?? '', partition })),
    ]);
    const refused: RefusedRecord[] = [];
    // All of them, so that nothing is on its way when it is aborted.
    const outcomes = await Promise.allSettled([
      ...planned.map(async ({ batch, part }) => {
        const outcome = await appended(parts, part);
        tellOffsets(part, outcome, acks[batch]?.offsets);
        for (const { index, error } of refusalsOf(part, outcome))
          refused.push({ batch, index, error });
      }),
      ...stored.map(([partition, records]) =>
        append(
          pipeline,
          { session, topic: encoded?.topic ?? '', partition, isTransactional: true },
          records,
        ),
      ),
    ]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    if (refused.length > 0) throw new RecordsRefusedError(refused, nothingAppended(batches));
  });
}

function appended(
  { session, pipeline }: SourceTransactionParts,
  { topic, partition, records, bytes }: PlannedPart['part'],
): Promise<readonly OffsetRun[]> {
  return new Promise((resolve, reject) => {
    pipeline.submit({
      session,
      topic,
      partition,
      records,
      bytes,
      isTransactional: true,
      settle: (problem, outcome) => {
        if (problem) reject(problem);
        else resolve(outcome);
      },
    });
  });
}

function partitionsOf(planned: readonly PlannedPart[]): { topic: string; partition: number }[] {
  const partitions = new Map<string, { topic: string; partition: number }>();
  for (const { part } of planned) {
    const { topic, partition } = part;
    partitions.set(`${topic}/${partition}`, { topic, partition });
  }
  return [...partitions.values()];
}
