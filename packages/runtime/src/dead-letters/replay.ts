/**
 * Letters become the records that they were, where they were. What was replayed is marked when it is durable, batch by
 * batch, so that a replay that ends early repeats one batch at most: how far all was replayed, and beyond that the letters
 * that were chosen one by one, of which the newest are remembered.
 */
import type { FetchedBatch, RecordLog, TopicBatch } from '@sluice/record-log';

import { type DeadLetter, letterOf, type Replay, replayOf } from './letter.ts';
import {
  markReplayed,
  type QueuePartition,
  queuePartitions,
  type ReplayMark,
  readQueue,
} from './queue.ts';

export interface LetterPlace {
  readonly partition: number;
  readonly offset: number;
}

export interface ReplayOptions {
  readonly log: RecordLog;
  readonly cluster: string;
  readonly topic: string;
  /** Who replays a queue with a higher fence takes over from who still does. */
  readonly fence: number;
  /** Only these; default: all that were not replayed. */
  readonly letters?: readonly LetterPlace[];
  /** Also those that were replayed. */
  readonly again?: boolean;
  /** Instead of the topic that each is from. */
  readonly to?: string;
  /** Tells what would be written, and writes nothing. */
  readonly isDryRun?: boolean;
  /** Looked at after each batch; what is left can be replayed by another call. */
  readonly isOver?: () => boolean;
}

export interface ReplayOutcome {
  /** Records for each topic. */
  readonly topics: Readonly<Record<string, number>>;
  readonly passedOver: readonly { readonly letter: string; readonly reason: string }[];
  /** Whether anything was written. */
  readonly isDone: boolean;
  /** Whether all letters were looked at. */
  readonly isWhole: boolean;
}

export async function replayLetters(options: ReplayOptions): Promise<ReplayOutcome> {
  const { log, cluster, topic, fence, letters, isDryRun, isOver } = options;
  const topics = new Map<string, number>();
  const passedOver: { letter: string; reason: string }[] = [];
  const identity = { id: `${cluster}.cli/dlq-replay/${topic}`, fence };
  const writer = isDryRun ? undefined : await log.openWriter(identity);
  let isWhole = true;
  try {
    // Nobody else writes marks from here on.
    const partitions = (await queuePartitions(log, topic)) ?? [];
    const marks = new Map<number, ReplayMark>(partitions.map((each) => [each.partition, each]));
    for await (const batches of readQueue(log, topic, rangesOf(partitions, options))) {
      const chosen = lettersIn(batches, options, marks);
      const replays = await replaysOf(log, chosen, options.to);
      for (const [index, each] of replays.entries()) {
        if (each.kind !== 'not-possible') continue;
        passedOver.push({ letter: placeOf(chosen[index]), reason: each.reason });
      }
      const produced = producedBy(replays);
      for (const { topic: name, records } of produced) {
        topics.set(name, (topics.get(name) ?? 0) + records.length);
      }
      if (!writer) continue;
      if (produced.length > 0) await writer.produce(produced);
      const reached = letters
        ? afterChosen(
            chosen.filter((_, index) => replays[index]?.kind === 'record'),
            marks,
          )
        : afterAll(batches, marks);
      for (const mark of reached) marks.set(mark.partition, mark);
      if (reached.length > 0) await markReplayed(writer, topic, reached);
      if (isOver?.()) {
        isWhole = false;
        break;
      }
    }
  } finally {
    await writer?.close();
  }
  return { topics: Object.fromEntries(topics), passedOver, isDone: writer !== undefined, isWhole };
}

/** Where each partition is read from and to. */
function rangesOf(
  partitions: readonly QueuePartition[],
  { letters, again }: ReplayOptions,
): { partition: number; offset: number; high: number }[] {
  return partitions.flatMap(({ partition, low, high, replayed }) => {
    if (!letters) return [{ partition, high, offset: again ? low : replayed }];
    const offsets = letters
      .filter((each) => each.partition === partition)
      .map(({ offset }) => offset);
    if (offsets.length === 0) return [];
    const first = Math.max(low, Math.min(...offsets));
    return [{ partition, offset: first, high: Math.min(high, Math.max(...offsets) + 1) }];
  });
}

function lettersIn(
  batches: readonly FetchedBatch[],
  { letters, again }: ReplayOptions,
  marks: ReadonlyMap<number, ReplayMark>,
): DeadLetter[] {
  const all = batches.flatMap(({ partition, records }) =>
    records.map((record) => letterOf(partition, record)),
  );
  if (letters) {
    const places = new Set(letters.map(({ partition, offset }) => `${partition}:${offset}`));
    return all.filter((letter) => places.has(placeOf(letter)));
  }
  if (again) return all;
  return all.filter(({ partition, offset }) => !marks.get(partition)?.singly.has(offset));
}

function producedBy(replays: readonly Replay[]): TopicBatch[] {
  const records = replays.filter((each) => each.kind === 'record');
  return [...Map.groupBy(records, ({ topic }) => topic)].map(([topic, group]) => ({
    topic,
    records: group.map(({ record }) => record),
  }));
}

/** What is replayed again does not move a mark back. */
function afterAll(
  batches: readonly FetchedBatch[],
  marks: ReadonlyMap<number, ReplayMark>,
): ReplayMark[] {
  const reached = new Map<number, ReplayMark>();
  for (const { nextOffset, partition } of batches) {
    const { replayed, singly } = reached.get(partition) ?? markOf(partition, marks);
    const next = Math.max(replayed, nextOffset);
    reached.set(partition, {
      partition,
      replayed: next,
      singly: new Set([...singly].filter((offset) => offset >= next)),
    });
  }
  return [...reached.values()];
}

function afterChosen(
  letters: readonly DeadLetter[],
  marks: ReadonlyMap<number, ReplayMark>,
): ReplayMark[] {
  return [...Map.groupBy(letters, ({ partition }) => partition)].map(([partition, some]) => {
    const { replayed, singly } = markOf(partition, marks);
    const above = some.map(({ offset }) => offset).filter((offset) => offset >= replayed);
    return { partition, replayed, singly: new Set([...singly, ...above]) };
  });
}

function markOf(partition: number, marks: ReadonlyMap<number, ReplayMark>): ReplayMark {
  return marks.get(partition) ?? { partition, replayed: 0, singly: new Set() };
}

async function replaysOf(
  log: RecordLog,
  letters: readonly DeadLetter[],
  to: string | undefined,
): Promise<Replay[]> {
  const names = new Set(letters.flatMap(({ context }) => context.get('topic') ?? []));
  const known = await log.topics.describe([...names].filter((name) => name !== ''));
  return letters.map((letter) => replayOf(letter, (name) => known.get(name)?.partitions, to));
}

function placeOf(letter: DeadLetter | undefined): string {
  return letter ? `${letter.partition}:${letter.offset}` : '';
}
