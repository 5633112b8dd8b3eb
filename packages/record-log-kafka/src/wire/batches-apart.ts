import type { FetchedRecord } from '@sluice/record-log';

import { RecordBatchCursor } from './record-batch-cursor.ts';
import { at, attribute } from './record-batch-layout.ts';
import { unzigzag } from './varint.ts';

/** One batch of a fetch response that was read without regard to what is committed. */
export interface BatchApart {
  /** None of a marker, nor of what compaction has emptied. */
  readonly records: readonly FetchedRecord[];
  readonly nextOffset: number;
  /** Of a transaction: whose. */
  readonly producerId?: number;
  /** It ends the producer's transaction. */
  readonly marker?: 'commit' | 'abort';
}

const commitType = 1;

/** In the order of the response. @throws as `RecordBatchCursor`, when it comes to what cannot be read. */
export function* batchesApart(buffer: Buffer, fromOffset: number): Generator<BatchApart> {
  let start = 0;
  while (start < buffer.length) {
    const end = endOf(buffer, start);
    // Cut off by the broker; or no batch at all, which the cursor tells.
    if (end === undefined && start > 0) return;
    const batch = buffer.subarray(start, end);
    const cursor = new RecordBatchCursor(batch, { fromOffset });
    const records = cursor.next(Number.POSITIVE_INFINITY);
    if (!cursor.isDone) cursor.next(1); // Throws what has stopped it.
    yield { records, nextOffset: cursor.nextOffset, ...transactionOf(batch) };
    start = end ?? buffer.length;
  }
}

function endOf(buffer: Buffer, start: number): number | undefined {
  if (buffer.length - start <= at.magic) return undefined;
  const end = start + at.leaderEpoch + buffer.readInt32BE(start + at.length);
  return end > buffer.length || end <= start + at.leaderEpoch ? undefined : end;
}

function transactionOf(batch: Buffer): Pick<BatchApart, 'producerId' | 'marker'> {
  const attributes = batch.readInt16BE(at.attributes);
  if ((attributes & attribute.transactional) === 0) return {};
  const producerId =
    batch.readInt32BE(at.producerId) * 2 ** 32 + batch.readUInt32BE(at.producerId + 4);
  if ((attributes & attribute.control) === 0) return { producerId };
  return { producerId, marker: markerType(batch) === commitType ? 'commit' : 'abort' };
}

/** A marker is one record, whose key is a version and a type. */
function markerType(batch: Buffer): number {
  let position: number = at.records;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = batch[position++] ?? 0;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return unzigzag(value);
      scale *= 0x80;
    }
  };
  varint(); // Length.
  position += 1; // Attributes.
  varint(); // Timestamp.
  varint(); // Offset.
  varint(); // Length of the key.
  return batch.readInt16BE(position + 2);
}
