/** How far a sink is behind, partition by partition, from outside its tasks: what its group committed, and where the log ends. */
import { partitionName, type RecordLog, type TopicPartition } from '@sluice/record-log';

import { groupOf } from './group-name.ts';
import { topicSelectionOf } from './topic-catalog.ts';

export interface PartitionLag extends TopicPartition {
  /** null: none yet. */
  readonly committed: number | null;
  /** null: the partition does not exist. */
  readonly end: number | null;
  /** null: not known. */
  readonly lag: number | null;
}

export interface SinkLag {
  readonly group: string;
  /** What is furthest behind first. */
  readonly partitions: readonly PartitionLag[];
}

export async function sinkLag(
  log: RecordLog,
  { name, config }: { readonly name: string; readonly config: Readonly<Record<string, string>> },
): Promise<SinkLag> {
  const group = groupOf(name, config);
  const offsets = await log.listGroupOffsets(group);
  const committed = new Map(offsets.map((each) => [partitionName(each), each.offset]));
  const topics = new Set([...(await topicsOf(log, config)), ...offsets.map(({ topic }) => topic)]);
  const known = await log.topics.describe([...topics]);
  const existing = [...known].flatMap(([topic, { partitions }]) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition })),
  );
  const ends = await log.topics.watermarks(existing);
  const names = new Set(existing.map(partitionName));
  const gone = offsets.filter((each) => !names.has(partitionName(each)));
  const startsAtEnd = config['consumer.override.auto.offset.reset']?.trim() === 'latest';
  const found = existing.map((each, index): PartitionLag => {
    const { low = 0, high = 0 } = ends[index] ?? {};
    const at = committed.get(partitionName(each));
    // Without an offset it begins at the first record that there is, or with what comes next.
    const from = at ?? (startsAtEnd ? undefined : low);
    const lag = from === undefined ? null : Math.max(0, high - Math.max(from, low));
    return { ...each, committed: at ?? null, end: high, lag };
  });
  const lost = gone.map(({ topic, partition, offset }): PartitionLag => {
    return { topic, partition, committed: offset, end: null, lag: null };
  });
  return { group, partitions: [...found, ...lost].sort(byLag) };
}

async function topicsOf(
  log: RecordLog,
  config: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const selection = topicSelectionOf(config);
  if (selection.kind === 'list') return selection.topics;
  return (await log.topics.list()).filter((topic) => selection.pattern.matches(topic));
}

function byLag(one: PartitionLag, other: PartitionLag): number {
  return (
    (other.lag ?? -1) - (one.lag ?? -1) ||
    Number(one.topic > other.topic) - Number(one.topic < other.topic) ||
    one.partition - other.partition
  );
}
