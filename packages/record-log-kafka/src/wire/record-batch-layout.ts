import type { Compression } from '../options.ts';

/**
 * A record batch of format v2, all numbers big-endian. The records follow, compressed as a whole if
 * the attributes say so:
 *
 *     length      varint, of what follows
 *     attributes  1 byte, unused
 *     timestamp   varlong, minus the batch's base timestamp
 *     offset      varint, minus the batch's base offset
 *     key, value  varint length, −1 = null, and the bytes
 *     headers     varint count, and for each: name and value as above
 */
export const at = {
  baseOffset: 0, // int64
  length: 8, // int32, of what follows it
  leaderEpoch: 12, // int32, set by the broker
  magic: 16, // int8
  crc: 17, // uint32, CRC-32C of what follows it
  attributes: 21, // int16
  lastOffsetDelta: 23, // int32
  baseTimestamp: 27, // int64
  maxTimestamp: 35, // int64
  producerId: 43, // int64
  producerEpoch: 51, // int16
  baseSequence: 53, // int32
  count: 57, // int32
  records: 61,
} as const;

/** What a batch costs beside its records. */
export const batchOverheadBytes: number = at.records;

export const attribute = {
  compressionMask: 0x07,
  /** All records have the batch's max timestamp: `message.timestamp.type=LogAppendTime`. */
  logAppendTime: 0x08,
  transactional: 0x10,
  control: 0x20,
} as const;

export const compressionCodes: Readonly<Record<Compression, number>> = {
  none: 0,
  gzip: 1,
  snappy: 2,
  lz4: 3,
  zstd: 4,
};

export function compressionOf(code: number): Compression | undefined {
  return compressionNames[code];
}

const compressionNames: readonly (Compression | undefined)[] = [
  'none',
  'gzip',
  'snappy',
  'lz4',
  'zstd',
];
