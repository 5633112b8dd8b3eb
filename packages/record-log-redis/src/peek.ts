/** A look at partitions, by the script that readers fetch with, which changes nothing: one call, and no reader. */
import type { FetchedBatch, FetchedRecord, GroupOffset } from '@sluice/record-log';

import { BatchCursor } from './batch-format.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { scripts } from './scripts.ts';

type Reply = readonly [low: number, high: number, lost: number, ...entries: Buffer[]];

/** Redis executes nothing else while it runs a script. */
const callBytesMax = 1024 * 1024;

export interface PeekParts {
  readonly fetches: Connection;
  readonly keys: Keys;
}

/** `from`: no offset is below what its partition holds. */
export async function peekPartitions(
  from: readonly GroupOffset[],
  bytesMax: number,
  parts: PeekParts,
): Promise<FetchedBatch[]> {
  const found = new Map<GroupOffset, FetchedBatch>();
  for (let rest = from; rest.length > 0; rest = rest.filter((each) => !found.has(each))) {
    const batches = await fetchOnce(rest, Math.min(bytesMax, callBytesMax), parts);
    for (const [index, place] of rest.entries()) {
      const batch = batches[index];
      // Where the first ones took all there was room for, the others come first in the next call.
      const isLeftOut = index > 0 && batch?.nextOffset === place.offset;
      if (batch && (!isLeftOut || batch.highWatermark <= place.offset)) found.set(place, batch);
    }
  }
  return from.flatMap((each) => found.get(each) ?? []);
}

async function fetchOnce(
  places: readonly GroupOffset[],
  bytesMax: number,
  { fetches, keys }: PeekParts,
): Promise<FetchedBatch[]> {
  const scriptKeys = places.flatMap((each) => [keys.stream(each), keys.meta(each)]);
  const args = places.flatMap(({ offset }) => [offset, '']);
  const { sha1 } = scripts.fetch;
  const replies = (await fetches.use(({ redis }) =>
    redis.callBuffer('EVALSHA', sha1, scriptKeys.length, ...scriptKeys, bytesMax, ...args),
  )) as readonly Reply[];
  return places.map((each, index) => batchOf(each, replies[index] ?? [0, 0, 0]));
}

function batchOf(
  { topic, partition, offset }: GroupOffset,
  [, high, , ...entries]: Reply,
): FetchedBatch {
  const records: FetchedRecord[] = [];
  let nextOffset = offset;
  for (let index = 0; index + 1 < entries.length; index += 2) {
    const [id, payload] = [entries[index]?.toString('latin1') ?? '', entries[index + 1]];
    if (payload === undefined) break;
    const cursor = new BatchCursor(payload, Number(id.slice(0, id.indexOf('-'))));
    cursor.read(offset, Number.POSITIVE_INFINITY, records);
    nextOffset = cursor.endOffset;
  }
  return { topic, partition, records, nextOffset, highWatermark: high };
}
