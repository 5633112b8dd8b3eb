import { at } from './record-batch-layout.ts';

/** The offset after the last whole batch of a fetch response; undefined if there is none. Decodes nothing. */
export function endOffsetOf(batches: Buffer): number | undefined {
  let end: number | undefined;
  for (let start = 0; start + at.records <= batches.length; ) {
    const next = start + at.length + 4 + batches.readInt32BE(start + at.length);
    if (next <= start || next > batches.length) break;
    end = int64(batches, start) + batches.readInt32BE(start + at.lastOffsetDelta) + 1;
    start = next;
  }
  return end;
}

function int64(buffer: Buffer, start: number): number {
  return buffer.readInt32BE(start) * 2 ** 32 + buffer.readUInt32BE(start + 4);
}
