/**
 * What the log holds, and for whom, as far as it can be told. A log on Redis tells everything. Of one on Kafka the
 * port tells topics, ends and committed offsets, of groups that somebody names: here those of the cluster's sinks.
 */
import type { RecordLog, TopicPartition } from '@sluice/record-log';

import type { OpenedLog } from './log-session.ts';

export interface PlaceInLog {
  readonly group: string;
  /** Undefined: it has not committed yet. */
  readonly committed: number | undefined;
  readonly lag: number;
  /** The rest is known on Redis only. */
  readonly bytesHeld?: number;
  readonly idleMs?: number;
  readonly isExpired?: boolean;
}

export interface PartitionInLog extends TopicPartition {
  readonly low: number;
  readonly end: number;
  /** Known on Redis only. */
  readonly bytes?: number;
  readonly groups: readonly PlaceInLog[];
}

/** `groups` is only asked by a log that cannot list them itself. @throws SluiceError `log.…`. */
export async function usageOf(
  opened: OpenedLog,
  groups: () => Promise<readonly string[]>,
): Promise<readonly PartitionInLog[]> {
  if (opened.kind === 'redis') return opened.log.usage();
  const { log } = opened;
  const [partitions, places] = await Promise.all([
    partitionsOf(log),
    placesOf(log, await groups()),
  ]);
  const ends = await log.topics.watermarks(partitions);
  return partitions.map((each, index) => {
    const { low, high } = ends[index] ?? { low: 0, high: 0 };
    const here = places.filter((p) => p.topic === each.topic && p.partition === each.partition);
    return {
      ...each,
      low,
      end: high,
      groups: here.map(({ group, offset }) => ({
        group,
        committed: offset,
        lag: Math.max(0, high - Math.max(low, offset)),
      })),
    };
  });
}

/** Of all topics, by name. */
async function partitionsOf({ topics }: RecordLog): Promise<TopicPartition[]> {
  const found = await topics.describe(await topics.list());
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([topic, { partitions }]) =>
      Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
    );
}

async function placesOf(
  log: RecordLog,
  groups: readonly string[],
): Promise<(TopicPartition & { readonly group: string; readonly offset: number })[]> {
  const perGroup = await Promise.all(
    groups.map(async (group) =>
      (await log.listGroupOffsets(group)).map((offset) => ({ ...offset, group })),
    ),
  );
  return perGroup.flat();
}
