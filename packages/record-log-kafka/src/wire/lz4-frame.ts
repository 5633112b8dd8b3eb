const magic = 0x184d2204; // Little-endian, as everything in an LZ4 frame.
const notCompressed = 0x8000_0000;
/** A compressed block of n bytes cannot become more than so many times n. */
const expansionMax = 255;

/**
 * What a frame can become at most, without decompressing it: block by block, the smaller of the frame's
 * block size and of what the format can do.
 * @throws RangeError for what is not a frame.
 */
export function decompressedLz4BytesMax(bytes: Buffer): number {
  if (bytes.readUInt32LE(0) !== magic) throw new RangeError('no LZ4 frame');
  const flags = bytes.readUInt8(4);
  const blockSizeCode = (bytes.readUInt8(5) >> 4) & 7;
  if (flags >> 6 !== 1 || blockSizeCode < 4) throw new RangeError('not an LZ4 frame of version 1');
  const blockBytesMax = 2 ** (8 + 2 * blockSizeCode);
  const hasBlockChecksums = (flags & 0x10) !== 0;
  const hasContentSize = (flags & 0x08) !== 0;
  const hasDictionary = (flags & 0x01) !== 0;
  let start = 7 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0);
  let total = 0;
  for (;;) {
    const size = bytes.readUInt32LE(start);
    if (size === 0) return total;
    const length = size % notCompressed;
    total += size >= notCompressed ? length : Math.min(length * expansionMax, blockBytesMax);
    start += 4 + length + (hasBlockChecksums ? 4 : 0);
  }
}
