import type { ProduceRecord } from '@sluice/record-log';

import { crc32c } from '../src/wire/crc32c.ts';
import { encodeRecordBatch, type RecordSelection } from '../src/wire/record-batch.ts';
import { at, attribute } from '../src/wire/record-batch-layout.ts';

export interface BatchFacts {
  readonly baseOffset: number;
  readonly values: readonly string[];
  readonly producerId?: number;
  readonly isTransactional?: boolean;
  /** Of what compaction left: more than there are records. */
  readonly lastOffsetDelta?: number;
  readonly attributes?: number;
}

export const batchTimeMs = 1_700_000_000_000;

/** A batch as a broker stores it. */
export function storedBatch(facts: BatchFacts): Buffer {
  const records = facts.values.map((value) => ({ key: null, value: Buffer.from(value) }));
  return stored({ records }, facts);
}

/** Ends a transaction. */
export function marker(baseOffset: number, producerId: number, type: 'abort' | 'commit'): Buffer {
  const key = Buffer.from([0, 0, 0, type === 'commit' ? 1 : 0]);
  const record: ProduceRecord = { key, value: Buffer.alloc(6) };
  return stored(
    { records: [record] },
    { baseOffset, values: [], producerId, isTransactional: true, attributes: attribute.control },
  );
}

/** Changes something and makes the checksum right again. */
export function resealed(batch: Buffer, change: (batch: Buffer) => void): Buffer {
  const changed = Buffer.from(batch);
  change(changed);
  changed.writeUInt32BE(crc32c(changed, at.attributes), at.crc);
  return changed;
}

function stored(selection: RecordSelection, facts: BatchFacts): Buffer {
  const { baseOffset, producerId = -1, isTransactional = false, attributes = 0 } = facts;
  const batch = encodeRecordBatch(selection, {
    nowMs: batchTimeMs,
    producerId,
    producerEpoch: 0,
    baseSequence: 0,
    isTransactional,
  });
  return resealed(batch, (bytes) => {
    bytes.writeBigInt64BE(BigInt(baseOffset), at.baseOffset);
    bytes.writeInt16BE(bytes.readInt16BE(at.attributes) | attributes, at.attributes);
    const last = facts.lastOffsetDelta ?? selection.records.length - 1;
    bytes.writeInt32BE(last, at.lastOffsetDelta);
  });
}
