/** Letters page by page, from the newest to the oldest, however many there are. */
import type { RecordLog } from '@sluice/record-log';

import {
  newestOf,
  type QueuedLetter,
  type QueuePartition,
  queuePartitions,
  type ReadOptions,
} from './queue.ts';

export interface LettersPage {
  /** The newest first. */
  readonly letters: readonly QueuedLetter[];
  /** Each partition that has older ones, and the offset that they are below: `0:12,3:40`; undefined: there are none. */
  readonly next: string | undefined;
}

/** `before`: the `next` of the page before. What was written since then is on no older page. */
export async function lettersPage(
  log: RecordLog,
  { before, ...options }: ReadOptions & { readonly limit: number; readonly before?: string },
): Promise<LettersPage> {
  const known = (await queuePartitions(log, options.topic)) ?? [];
  const partitions = before === undefined ? known : below(known, placesOf(before));
  const found = await newestOf(log, partitions, options);
  return pageOf(partitions, found, options.limit);
}

/** A partition that is not named has been shown as a whole. */
function below(
  partitions: readonly QueuePartition[],
  places: ReadonlyMap<number, number>,
): QueuePartition[] {
  return partitions.flatMap((each) => {
    const offset = places.get(each.partition);
    return offset === undefined ? [] : [{ ...each, high: Math.min(each.high, offset) }];
  });
}

function placesOf(text: string): ReadonlyMap<number, number> {
  return new Map(
    text.split(',').map((place) => {
      const [partition, offset] = place.split(':').map(Number);
      return [partition ?? 0, offset ?? 0];
    }),
  );
}

/**
 * The newest of all, where each partition is gone through from its end, as far as it goes: times within one may be in no
 * order, and what would be left out between two letters that are shown would be on no page. Exported for tests.
 */
export function pageOf(
  partitions: readonly Pick<QueuePartition, 'partition' | 'low' | 'high'>[],
  found: readonly QueuedLetter[],
  limit: number,
): LettersPage {
  const tails = Map.groupBy(found, ({ partition }) => partition);
  const letters: QueuedLetter[] = [];
  while (letters.length < limit) {
    const newest = [...tails.values()].reduce<QueuedLetter[] | undefined>(
      (best, tail) => (timeOf(tail) > timeOf(best) ? tail : best),
      undefined,
    );
    const letter = newest?.pop();
    if (letter === undefined) break;
    letters.push(letter);
  }
  const places = partitions.flatMap(({ partition, low, high }) => {
    const shown = letters.findLast((letter) => letter.partition === partition);
    // Where nothing was found, offsets are missing: of a transaction, or of what a topic has compacted.
    const looked = tails.get(partition)?.length ? high : Math.max(low, high - limit);
    const offset = shown?.offset ?? looked;
    return offset > low ? [`${partition}:${offset}`] : [];
  });
  return { letters, next: places.length === 0 ? undefined : places.join() };
}

function timeOf(tail: readonly QueuedLetter[] | undefined): number {
  return tail?.at(-1)?.record.timestampMs ?? Number.NEGATIVE_INFINITY;
}
