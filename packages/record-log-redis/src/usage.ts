/** What the log holds, and for whom: for people who look at it. Reads only. */
import type { TopicPartition } from '@sluice/record-log';

import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import { parsePlace } from './place.ts';
import { scripts } from './scripts.ts';
import type { TopicCatalog } from './topic-catalog.ts';

const partitionsAtOnce = 64; // Redis executes nothing else while it runs a script.

export interface PartitionUsage extends TopicPartition {
  /** First offset that is there, and the first that is not there yet. */
  readonly low: number;
  readonly end: number;
  readonly bytes: number;
  readonly groups: readonly GroupUsage[];
}

export interface GroupUsage {
  readonly group: string;
  /** Undefined: it has not committed yet. */
  readonly committed: number | undefined;
  /** Where it goes on: what is before is of no use to it. */
  readonly position: number;
  readonly lag: number;
  /** Of the segments that it has not read to their end. */
  readonly bytesHeld: number;
  /** Since it was last heard of: an assignment, a commit, a sign of a reader. */
  readonly idleMs: number;
  /** It was not heard of for so long that it holds nothing back any more. */
  readonly isExpired: boolean;
}

export interface UsageParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly topics: TopicCatalog;
  readonly options: CompiledRedisLogOptions;
}

/** Of all partitions of all topics, by name. Each script run is a picture of one moment. */
export async function readUsage(parts: UsageParts): Promise<PartitionUsage[]> {
  const partitions = await parts.topics.partitions();
  const usage: PartitionUsage[] = [];
  for (let from = 0; from < partitions.length; from += partitionsAtOnce) {
    usage.push(...(await inspect(partitions.slice(from, from + partitionsAtOnce), parts)));
  }
  return usage;
}

async function inspect(
  partitions: readonly TopicPartition[],
  { connection, keys, options }: UsageParts,
): Promise<PartitionUsage[]> {
  const perPartition = partitions.flatMap((each) => [
    keys.meta(each),
    keys.segments(each),
    keys.offsets(each),
  ]);
  const [timeMs, ...replies] = (await connection.run(
    scripts.inspect,
    [keys.time, ...perPartition],
    [],
  )) as [number, ...InspectReply[]];
  return partitions.map(({ topic, partition }, index) => {
    const reply = replies[index] ?? [0, 0, 0, [], []];
    const [low, end, bytes] = reply;
    const groups = groupsOf(reply, timeMs, options.groupRetentionMs);
    return { topic, partition, low, end, bytes, groups };
  });
}

type InspectReply = readonly [
  low: number,
  end: number,
  bytes: number,
  segments: readonly string[],
  places: readonly string[],
];

function groupsOf(
  [low, end, bytes, segments, places]: InspectReply,
  timeMs: number,
  retentionMs: number,
): GroupUsage[] {
  const groups: GroupUsage[] = [];
  for (let index = 0; index + 1 < places.length; index += 2) {
    const [group = '', stored = ''] = places.slice(index, index + 2);
    const { offset, isCommitted, heardOfMs } = parsePlace(stored);
    const position = Math.max(low, Math.min(end, offset));
    const idleMs = Math.max(0, timeMs - heardOfMs);
    groups.push({
      group,
      committed: isCommitted ? offset : undefined,
      position,
      lag: end - position,
      bytesHeld: position >= end ? 0 : bytes - bytesBefore(position, segments),
      idleMs,
      isExpired: idleMs > retentionMs,
    });
  }
  return groups.sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** Of the closed segments that end at or before an offset. */
function bytesBefore(offset: number, segments: readonly string[]): number {
  let bytes = 0;
  for (const segment of segments) {
    const [end, size] = segment.split(':');
    if (Number(end) > offset) break;
    bytes += Number(size);
  }
  return bytes;
}
