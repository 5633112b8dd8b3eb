/** Dead letter queues in the log: reading one from an offset on, and remembering what of it was replayed. */
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

/** Of a look at a queue. */
const bytesMax = 4 * 1024 * 1024;

/** The newest of each partition, in the order of their times. */
export async function newestLetters(
  log: RecordLog,
  options: { readonly topic: string; readonly limit: number },
): Promise<QueuedLetter[]> {
  const partitions = (await queuePartitions(log, options.topic)) ?? [];
  const found = await newestOf(log, partitions, options);
  return found.sort((one, other) => one.record.timestampMs - other.record.timestampMs);
}

/** At most `limit` of each, those right below its `high`; of each partition in the order of their offsets. */
export async function newestOf(
  log: RecordLog,
  partitions: readonly QueuePartition[],
  { limit, topic }: { readonly topic: string; readonly limit: number },
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
  for await (const batches of readQueue(log, topic, from))
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
 * What the partitions hold from their offsets up to `high`, in batches; what is added meanwhile is left out, and so is what
 * is not committed yet. By looks at the log: nobody is kept from a queue by somebody else who reads it.
 */
export async function* readQueue(
  log: RecordLog,
  topic: string,
  from: readonly { readonly partition: number; readonly offset: number; readonly high: number }[],
): AsyncGenerator<readonly FetchedBatch[]> {
  let rest = from.filter(({ high, offset }) => offset < high);
  while (rest.length > 0) {
    const places = rest.map(({ offset, partition }) => ({ topic, partition, offset }));
    const looked = await log.peek(places, { bytesMax });
    const found = looked.flatMap((batch, index) => {
      const { high = 0, offset = 0 } = rest[index] ?? {};
      if (batch.nextOffset <= offset) return [];
      return {
        ...batch,
        records: batch.records.filter((record) => record.offset < high),
        // What is marked as replayed goes by it: what was added meanwhile is not.
        nextOffset: Math.min(batch.nextOffset, high),
      };
    });
    if (found.length > 0) yield found;
    const reached = new Map(found.map(({ nextOffset, partition }) => [partition, nextOffset]));
    rest = rest.flatMap((each) => {
      const offset = reached.get(each.partition) ?? each.high;
      return offset < each.high ? [{ ...each, offset }] : [];
    });
  }
}
