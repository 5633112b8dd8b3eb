/** Letters page by page, from the newest to the oldest, however many there are. */
import type { RecordLog } from '@sluice/record-log';

import { newestPage, placesOf } from '../topic-records/newest-page.ts';
import { newestOf, type QueuedLetter, type QueuePartition, queuePartitions } from './queue.ts';

export interface LettersPage {
  /** The newest first. */
  readonly letters: readonly QueuedLetter[];
  /** Each partition that has older ones, and the offset that they are below: `0:12,3:40`; undefined: there are none. */
  readonly next: string | undefined;
}

/** `before`: the `next` of the page before. What was written since then is on no older page. */
export async function lettersPage(
  log: RecordLog,
  {
    before,
    ...options
  }: { readonly topic: string; readonly limit: number; readonly before?: string },
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

/** Exported for tests. */
export function pageOf(
  partitions: readonly Pick<QueuePartition, 'partition' | 'low' | 'high'>[],
  letters: readonly QueuedLetter[],
  limit: number,
): LettersPage {
  const looked = partitions.map((each) => ({ ...each, from: each.high - limit }));
  const { found, next } = newestPage(looked, letters, (page) => page.length >= limit);
  return { letters: found, next };
}
