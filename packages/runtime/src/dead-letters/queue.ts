/** Dead letter queues in the log: reading one from an offset on, and remembering what of it was replayed. */
import { newShortId, SluiceError } from '@sluice/kernel';
import type { FetchedBatch, LogWriter, RecordLog } from '@sluice/record-log';

import { type DeadLetter, letterOf } from './letter.ts';
import { parseRanges, rangesText } from './ranges.ts';

export interface QueuePartition {
  readonly partition: number;
  readonly low: number;
  /** First offset that does not exist yet. */
  readonly high: number;
  /** Everything below was replayed, or passed over. */
  readonly replayed: number;
  /** What was replayed one by one, above that. */
  readonly singly: ReadonlySet<number>;
}

/** A letter as it is now. */
export interface QueuedLetter extends DeadLetter {
  readonly isReplayed: boolean;
}

export function waitingIn({ high, replayed, singly }: QueuePartition): number {
  return high - replayed - singly.size;
}

/**
 * Marks of replays are kept as source offsets, which no log forgets (Kafka forgets those of groups after a week).
 * No connector can have this name: a definition's must not hold control characters.
 */
const markKeeper = '\u0000sluice dlq replay';

export async function queuePartitions(
  log: RecordLog,
  topic: string,
): Promise<readonly QueuePartition[] | undefined> {
  const described = (await log.topics.describe([topic])).get(topic);
  if (!described) return undefined;
  const places = Array.from({ length: described.partitions }, (_, partition) => ({
    topic,
    partition,
  }));
  const ends = await log.topics.watermarks(places);
  const marks = await log.readSourceOffsets(markKeeper, places);
  return places.map(({ partition }, index) => {
    const { high = 0, low = 0 } = ends[index] ?? {};
    const { offset = 0, singly = '' } = marks[index] ?? {};
    const replayed = Math.min(high, Math.max(low, Number(offset)));
    const known = parseRanges(String(singly)).filter((each) => each >= replayed && each < high);
    return { partition, low, high, replayed, singly: new Set(known) };
  });
}

export interface ReplayMark {
  readonly partition: number;
  /** Everything below. */
  readonly replayed: number;
  readonly singly: ReadonlySet<number>;
}

export async function markReplayed(
  writer: LogWriter,
  topic: string,
  marks: readonly ReplayMark[],
): Promise<void> {
  await writer.commitSourceOffsets(
    markKeeper,
    marks.map(({ partition, replayed, singly }) => ({
      partition: { topic, partition },
      offset: { offset: replayed, ...(singly.size > 0 && { singly: rangesText(singly) }) },
    })),
  );
}

const pollMs = 1_000;
const silentPollsMax = 10;

export interface ReadOptions {
  readonly cluster: string;
  readonly topic: string;
  readonly fence: number;
}

/** The newest of each partition, in the order of their times. */
export async function newestLetters(
  log: RecordLog,
  options: ReadOptions & { readonly limit: number },
): Promise<QueuedLetter[]> {
  const partitions = (await queuePartitions(log, options.topic)) ?? [];
  const found = await newestOf(log, partitions, options);
  return found.sort((one, other) => one.record.timestampMs - other.record.timestampMs);
}

/** At most `limit` of each, those right below its `high`; of each partition in the order of their offsets. */
export async function newestOf(
  log: RecordLog,
  partitions: readonly QueuePartition[],
  { limit, ...options }: ReadOptions & { readonly limit: number },
): Promise<QueuedLetter[]> {
  const byNumber = new Map(partitions.map((each) => [each.partition, each]));
  const isReplayed = (partition: number, offset: number): boolean => {
    const { replayed = 0, singly } = byNumber.get(partition) ?? {};
    return offset < replayed || singly?.has(offset) === true;
  };
  const from = partitions.map(({ high, low, partition }) => ({
    partition,
    high,
    offset: Math.max(low, high - limit),
  }));
  const found: QueuedLetter[] = [];
  for await (const batches of readQueue(log, options, from))
    for (const { partition, records } of batches)
      found.push(
        ...records.map((record) => ({
          ...letterOf(partition, record),
          isReplayed: isReplayed(partition, record.offset),
        })),
      );
  return found;
}

/**
 * What the partitions hold from their offsets up to `high`, in batches; what is added meanwhile is left out.
 * @throws SluiceError `log.unreachable` if the log stops answering.
 */
export async function* readQueue(
  log: RecordLog,
  { cluster, topic, fence }: ReadOptions,
  from: readonly { readonly partition: number; readonly offset: number; readonly high: number }[],
): AsyncGenerator<readonly FetchedBatch[]> {
  const rest = new Map(
    from.flatMap(({ high, offset, partition }) => (offset < high ? [[partition, high]] : [])),
  );
  if (rest.size === 0) return;
  const group = `sluice-dlq-${newShortId()}`;
  const reader = await log.openReader({
    identity: { id: `${cluster}.cli/dlq-reader`, fence },
    group,
  });
  try {
    await reader.assign([...rest.keys()].map((partition) => ({ topic, partition })));
    for (const { offset, partition } of from)
      if (rest.has(partition)) reader.seek({ topic, partition }, offset);
    for (let silent = 0; rest.size > 0 && silent < silentPollsMax; ) {
      const batches = await reader.poll(pollMs);
      const found = batches.flatMap((batch) => {
        const high = rest.get(batch.partition);
        if (high === undefined) return [];
        if (batch.nextOffset >= high) rest.delete(batch.partition);
        return {
          ...batch,
          records: batch.records.filter(({ offset }) => offset < high),
          // What is marked as replayed goes by it: what was added meanwhile is not.
          nextOffset: Math.min(batch.nextOffset, high),
        };
      });
      silent = found.length === 0 ? silent + 1 : 0;
      if (found.length > 0) yield found;
    }
    if (rest.size > 0)
      throw new SluiceError(
        'log.unreachable',
        `the log does not answer with the rest of ${topic}`,
        { retriable: true },
      );
  } finally {
    await reader.close();
    // It would hold records back on a log with a quota.
    await log.forgetGroup(group);
  }
}
