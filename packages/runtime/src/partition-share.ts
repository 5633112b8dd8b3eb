/**
 * Which partitions of a sink's topics belong to which of its tasks: partition p of a topic belongs to task
 * `(offset of the topic + p) mod N`. Every partition has exactly one owner for any N, also while tasks see
 * new topics and partitions at different times, because the offset of a topic depends on nothing that
 * changes while these tasks run:
 *
 * - `topics`: offsets spread the listed topics evenly over the tasks, by their rank in the sorted list; the
 *   list changes only with the definition, and tasks of two definitions never run at the same time.
 * - `topics.regex`: topics come and go, so the offset is a hash of the name.
 */
import type { TopicPattern } from '@sluice/connector-api';
import { murmur2 } from '@sluice/record-log';

/** What a sink reads. */
export type TopicSelection =
  | { readonly kind: 'list'; readonly topics: readonly string[] }
  | { readonly kind: 'regex'; readonly pattern: TopicPattern };

export interface TaskShare {
  readonly task: number;
  /** N. */
  readonly taskCount: number;
}

/** What it returns throws a RangeError for a topic that is not in the list. */
export function topicOffsets(
  selection: TopicSelection,
  taskCount: number,
): (topic: string) => number {
  if (selection.kind === 'regex')
    return (topic) => (murmur2(Buffer.from(topic)) & 0x7fffffff) % taskCount;
  const ranked = [...new Set(selection.topics)].sort();
  const ranks = new Map(ranked.map((topic, rank) => [topic, rank]));
  return (topic) => {
    const rank = ranks.get(topic);
    if (rank === undefined) throw new RangeError(`topic '${topic}' is not in the list`);
    return Math.floor((rank * taskCount) / ranked.length);
  };
}

export function ownerOf(offset: number, partition: number, taskCount: number): number {
  return (offset + partition) % taskCount;
}

/** The partitions of one task, in the order of topics and partitions. */
export function partitionsOf(
  topics: ReadonlyMap<string, { readonly partitions: number }>,
  selection: TopicSelection,
  { task, taskCount }: TaskShare,
): { topic: string; partition: number }[] {
  const mine: { topic: string; partition: number }[] = [];
  const offsetOf = topicOffsets(selection, taskCount);
  for (const topic of [...topics.keys()].sort()) {
    const offset = offsetOf(topic);
    const partitions = topics.get(topic)?.partitions ?? 0;
    for (let partition = 0; partition < partitions; partition += 1) {
      if (ownerOf(offset, partition, taskCount) === task) mine.push({ topic, partition });
    }
  }
  return mine;
}
