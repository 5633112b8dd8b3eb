/**
 * Records of a topic, for people: the newest, or from somewhere on, a page at a time. Read by looks at the log, so that no
 * group, no owner and no task notices.
 */
import { SluiceError } from '@sluice/kernel';
import { type FetchedRecord, type RecordLog, recordBytes } from '@sluice/record-log';

import {
  type LookedPartition,
  newestPage,
  type Place,
  placesOf,
  placesText,
} from './newest-page.ts';

export interface TopicRecord {
  readonly partition: number;
  readonly offset: number;
  readonly record: FetchedRecord;
}

export type Start =
  /** `before`: `next` of the page before; else from the end. The newest come first. */
  | { readonly kind: 'newest'; readonly before?: string }
  /** `0:12,3:40`, also `next` of the page before: from these offsets on; the oldest come first. */
  | { readonly kind: 'from'; readonly places: string }
  /** What is not older, ms since 1970. */
  | { readonly kind: 'since'; readonly timeMs: number };

export interface RecordsQuery {
  readonly topic: string;
  /** Only this one. */
  readonly partition?: number | undefined;
  readonly start: Start;
  readonly limit: number;
  /** Of keys, values and headers of a page; one record that is larger comes all the same. */
  readonly bytesMax: number;
}

export interface TopicPartitionRange {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

export interface RecordsPage {
  readonly records: readonly TopicRecord[];
  /** For `before`, or `places`; undefined: that was all. */
  readonly next: string | undefined;
  /** Of the whole topic. */
  readonly partitions: readonly TopicPartitionRange[];
}

/** Of each of them at least one stored batch is read. */
export const lookedPartitionsMax = 64;

/** Undefined: there is no such topic. @throws SluiceError `log.too_many_partitions`, `log.unknown_partition`. */
export async function recordsPage(
  log: RecordLog,
  query: RecordsQuery,
): Promise<RecordsPage | undefined> {
  const all = await rangesOf(log, query.topic);
  if (!all) return undefined;
  const wanted = wantedOf(all, query);
  const { records, next } =
    query.start.kind === 'newest'
      ? await newest(log, wanted, query)
      : await onwards(log, wanted, query);
  return { records, next, partitions: all };
}

async function rangesOf(log: RecordLog, topic: string): Promise<TopicPartitionRange[] | undefined> {
  const known = (await log.topics.describe([topic])).get(topic);
  if (!known) return undefined;
  const places = Array.from({ length: known.partitions }, (_, partition) => ({ topic, partition }));
  const ends = await log.topics.watermarks(places);
  return places.map(({ partition }, index) => ({
    partition,
    low: ends[index]?.low ?? 0,
    high: ends[index]?.high ?? 0,
  }));
}

/** Those to be looked at; the ones that a page names, and no others. */
function wantedOf(
  all: readonly TopicPartitionRange[],
  { topic, partition, start }: RecordsQuery,
): readonly TopicPartitionRange[] {
  if (partition !== undefined && partition >= all.length)
    throw new SluiceError(
      'log.unknown_partition',
      `topic '${topic}' has no partition ${partition}: it has ${all.length}`,
      { details: { topic, partition } },
    );
  const text = start.kind === 'newest' ? start.before : start.kind === 'from' ? start.places : '';
  const places = text ? placesOf(text) : undefined;
  const wanted = all.filter(
    (each) =>
      (partition === undefined || each.partition === partition) &&
      (!places || places.has(each.partition)),
  );
  if (wanted.length <= lookedPartitionsMax) return wanted;
  throw new SluiceError(
    'log.too_many_partitions',
    `topic '${topic}' has ${all.length} partitions, and at most ${lookedPartitionsMax} are looked at together: name one`,
    { details: { topic, partitions: all.length } },
  );
}

type Found = Pick<RecordsPage, 'records' | 'next'>;

/** From the end of each partition backwards, as far as the bytes of a page go. */
async function newest(
  log: RecordLog,
  partitions: readonly TopicPartitionRange[],
  { topic, start, limit, bytesMax }: RecordsQuery,
): Promise<Found> {
  const before = start.kind === 'newest' && start.before ? placesOf(start.before) : undefined;
  let unread: LookedPartition[] = partitions.map(({ partition, low, high }) => {
    const end = Math.min(high, before?.get(partition) ?? high);
    return { partition, low, high: end, from: Math.max(low, end - limit) };
  });
  const looked: LookedPartition[] = [];
  const found: TopicRecord[] = [];
  while (unread.length > 0) {
    const places = unread.map(({ partition, from }) => ({ topic, partition, offset: from }));
    const batches = await log.peek(places, { bytesMax });
    const again: LookedPartition[] = [];
    for (const [index, { partition, low, high, from }] of unread.entries()) {
      const batch = batches[index];
      if (!batch) continue;
      const { highWatermark, nextOffset, records } = batch;
      // Behind what is committed nothing can be seen yet.
      const end = Math.min(high, Math.max(low, highWatermark));
      const covered = Math.min(nextOffset, end) - from;
      if (end <= from && from > low) {
        again.push({ partition, low, high: end, from: Math.max(low, end - limit) });
      } else if (nextOffset < end && covered > 0) {
        // So many went into the bytes: about as many at the end do, and fewer each time.
        const fewer = Math.min(covered, Math.ceil((end - from) / 2));
        again.push({ partition, low, high: end, from: end - fewer });
      } else {
        looked.push({ partition, low, high: end, from });
        for (const record of records)
          if (record.offset < end) found.push({ partition, offset: record.offset, record });
      }
    }
    unread = again;
  }
  const page = newestPage(looked, found, isFull(limit, bytesMax));
  return { records: page.found, next: page.next };
}

/** From the places on, by time; each partition in the order of its offsets. */
async function onwards(
  log: RecordLog,
  partitions: readonly TopicPartitionRange[],
  { topic, start, limit, bytesMax }: RecordsQuery,
): Promise<Found> {
  const places = await beginnings(log, topic, partitions, start);
  const batches = await log.peek(places, { bytesMax });
  const heads = batches.map(({ partition, records }) => ({ partition, rest: [...records] }));
  const full = isFull(limit, bytesMax);
  const page: TopicRecord[] = [];
  for (;;) {
    const first = heads.reduce<(typeof heads)[number] | undefined>(
      (best, head) => (startOf(head.rest) < startOf(best?.rest) ? head : best),
      undefined,
    );
    const record = first?.rest[0];
    if (!first || !record) break;
    const next = { partition: first.partition, offset: record.offset, record };
    if (full(page, next)) break;
    first.rest.shift();
    page.push(next);
  }
  const left = batches.flatMap(({ partition, nextOffset, highWatermark }, index): Place[] => {
    const offset = heads[index]?.rest[0]?.offset ?? nextOffset;
    return offset < highWatermark ? [{ partition, offset }] : [];
  });
  return { records: page, next: placesText(left) };
}

async function beginnings(
  log: RecordLog,
  topic: string,
  partitions: readonly TopicPartitionRange[],
  start: Start,
): Promise<{ topic: string; partition: number; offset: number }[]> {
  const places = partitions.map(({ partition }) => ({ topic, partition }));
  if (start.kind === 'since') {
    const offsets = await log.topics.offsetsSince(places, start.timeMs);
    return places.map((place, index) => ({ ...place, offset: offsets[index] ?? 0 }));
  }
  const given = start.kind === 'from' ? placesOf(start.places) : undefined;
  return places.map((place) => ({ ...place, offset: given?.get(place.partition) ?? 0 }));
}

function startOf(records: readonly FetchedRecord[] | undefined): number {
  return records?.[0]?.timestampMs ?? Number.POSITIVE_INFINITY;
}

function isFull(
  limit: number,
  bytesMax: number,
): (page: readonly TopicRecord[], next: TopicRecord) => boolean {
  let [bytes, counted] = [0, 0];
  return (page, next) => {
    for (; counted < page.length; counted += 1) bytes += sizeOf(page[counted]);
    return page.length >= limit || (page.length > 0 && bytes + sizeOf(next) > bytesMax);
  };
}

function sizeOf(each: TopicRecord | undefined): number {
  return each ? recordBytes(each.record) : 0;
}
