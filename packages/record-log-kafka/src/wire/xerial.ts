/**
 * Snappy as xerial's snappy-java frames it, which Kafka's Java client writes: a header of 16 bytes, then
 * blocks with their length. Java reads a single raw block as well, and so do we; some clients write one.
 */
const header = Buffer.from('82534e41505059000000000100000001', 'hex'); // Magic, version, oldest reader.
const magicBytes = 8;
const blockBytes = 32 * 1024; // As snappy-java.

export function xerialFrame(bytes: Buffer, compressBlock: (block: Buffer) => Buffer): Buffer {
  const parts: Buffer[] = [header];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const block = compressBlock(bytes.subarray(start, start + blockBytes));
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(block.length, 0);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

export interface SnappyBlock {
  readonly bytes: Buffer;
  /** What it says that it becomes. */
  readonly rawBytes: number;
}

/** @throws RangeError for what cannot be. */
export function snappyBlocks(bytes: Buffer): SnappyBlock[] {
  if (bytes.compare(header, 0, magicBytes, 0, Math.min(magicBytes, bytes.length)) !== 0) {
    return [{ bytes, rawBytes: rawBytesOf(bytes) }];
  }
  const blocks: SnappyBlock[] = [];
  for (let start = header.length; start < bytes.length; ) {
    const length = bytes.readInt32BE(start);
    start += 4;
    if (length < 0 || length > bytes.length - start) {
      throw new RangeError(`a block of ${length} bytes at ${start} of ${bytes.length}`);
    }
    const block = bytes.subarray(start, start + length);
    blocks.push({ bytes: block, rawBytes: rawBytesOf(block) });
    start += length;
  }
  return blocks;
}

/** The length that a raw block begins with. */
function rawBytesOf(block: Buffer): number {
  let value = 0;
  for (let index = 0; index < 5; index += 1) {
    const byte = block[index];
    if (byte === undefined) break;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return value;
  }
  throw new RangeError('a block has no length');
}
