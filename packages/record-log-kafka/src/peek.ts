/** A look at partitions: fetches of their own, apart from those of readers, and nothing that a broker remembers. */
import { type FetchedBatch, type GroupOffset, partitionName } from '@sluice/record-log';

import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import type { Watermarks } from './watermarks.ts';
import { errorCodes } from './wire/error-codes.ts';
import { type FetchedPartition, fetchRequest } from './wire/fetch.ts';
import { RecordBatchCursor } from './wire/record-batch-cursor.ts';

export interface PeekParts {
  readonly cluster: KafkaCluster;
  readonly watermarks: Watermarks;
}

/** What is there is there at once. */
const waitMs = 0;
/** What the records of one batch may become: who looks at them asked for far less. */
const batchBytesMax = 32 * 1024 * 1024;

export async function peekPartitions(
  call: Call,
  from: readonly GroupOffset[],
  bytesMax: number,
  { cluster, watermarks }: PeekParts,
): Promise<FetchedBatch[]> {
  const lows = await watermarks.offsets(call, from, 'earliest');
  let rest = from.map((each, index) => ({
    ...each,
    offset: Math.max(each.offset, lows[index] ?? 0),
  }));
  const found = new Map<string, FetchedBatch>();
  await call.retrying(async () => {
    while (rest.length > 0) {
      for (const [leader, mine] of await watermarks.byLeader(call, rest)) {
        const { partitions } = await cluster.ask(call, leader, requestOf(mine, bytesMax), {
          purpose: 'short-fetch',
        });
        for (const [index, place] of mine.entries()) {
          const answer = partitions.find((each) => partitionName(each) === partitionName(place));
          const code = answer?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR;
          const isBeyond = code === errorCodes.OFFSET_OUT_OF_RANGE;
          if (!answer || (code !== 0 && !isBeyond)) throw watermarks.refused(place, code);
          const batch = batchOf(place, answer);
          // A broker cuts off what is too large for all but the first: it comes as the first of the next request.
          const isCut = index > 0 && batch.nextOffset === place.offset;
          if (isBeyond || !isCut || batch.highWatermark <= place.offset)
            found.set(partitionName(place), batch);
        }
      }
      rest = rest.filter((place) => !found.has(partitionName(place)));
    }
  });
  return from.flatMap((place) => found.get(partitionName(place)) ?? []);
}

function requestOf(places: readonly GroupOffset[], bytesMax: number) {
  const share = Math.max(1, Math.floor(bytesMax / places.length));
  return fetchRequest({
    waitMs,
    bytesMin: 0,
    bytesMax,
    isolation: 'read_committed',
    // One after the other, as they are asked for: the first of them is served first.
    topics: places.map(({ topic, partition, offset }) => ({
      topic,
      partitions: [{ partition, offset, bytesMax: share }],
    })),
  });
}

function batchOf(
  { topic, partition, offset }: GroupOffset,
  answer: FetchedPartition,
): FetchedBatch {
  const cursor = new RecordBatchCursor(answer.records, {
    fromOffset: offset,
    topicPartition: { topic, partition },
    abortedTransactions: answer.abortedTransactions,
    batchBytesMax,
  });
  const records = cursor.next(Number.POSITIVE_INFINITY);
  const { lastStableOffset, highWatermark } = answer;
  return {
    topic,
    partition,
    records,
    nextOffset: Math.max(offset, cursor.nextOffset),
    highWatermark: Math.max(0, lastStableOffset < 0 ? highWatermark : lastStableOffset),
  };
}
