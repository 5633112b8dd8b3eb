import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { SluiceError } from '@sluice/kernel';
import * as fc from 'fast-check';
import { compressFrameSync } from 'lz4-napi';
import { compressSync } from 'snappy';
import { expect, test } from 'vitest';

import { compress, decompress } from '../src/wire/compression.ts';
import { compressionCodes } from '../src/wire/record-batch-layout.ts';

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const packing = ['gzip', 'snappy', 'lz4', 'zstd'] as const;
const bytesMax = 16 * 1024 * 1024;

test.each(codecs)('what %s has compressed comes back', (codec) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      const packed = compress(codec, Buffer.from(bytes));
      expect(decompress(compressionCodes[codec], packed, bytesMax)).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 50 },
  );
});

test.each(codecs)('%s takes 3 MB that cannot be made smaller, and 8 MB that can', (codec) => {
  const code = compressionCodes[codec];
  const random = randomBytes(3_000_000);
  expect(decompress(code, compress(codec, random), bytesMax).equals(random)).toBe(true);
  const even = Buffer.alloc(8_000_000, 'line of a log\n');
  const packed = compress(codec, even);
  expect(decompress(code, packed, bytesMax).equals(even)).toBe(true);
  if (codec !== 'none') expect(packed.length).toBeLessThan(even.length / 10);
});

test('snappy is read without framing too', () => {
  const bytes = Buffer.alloc(100_000, 'abc');
  expect(decompress(compressionCodes.snappy, compressSync(bytes), bytesMax)).toEqual(bytes);
});

test('snappy is framed as xerial does: magic, version 1, blocks of 32 KiB', () => {
  const packed = compress('snappy', Buffer.alloc(70_000));
  expect(packed.subarray(0, 16).toString('hex')).toBe('82534e41505059000000000100000001');
  let blocks = 0;
  for (let at = 16; at < packed.length; at += 4 + packed.readInt32BE(at)) blocks += 1;
  expect(blocks).toBe(3);
});

test('LZ4 blocks do not depend on each other, which Java requires', () => {
  const flags = compress('lz4', randomBytes(200_000))[4] ?? 0;
  expect(flags & 0x20).toBe(0x20);
});

test.each(packing)('%s that would become too large is refused', (codec) => {
  const packed = compress(codec, Buffer.alloc(4_000_000));
  expect(() => decompress(compressionCodes[codec], packed, 1_000_000)).toThrow(
    expect.objectContaining({ code: 'log.batch_too_large' }),
  );
});

test('what inflates a thousand times is refused without having it in memory', () => {
  const large = Buffer.alloc(128 * 1024 * 1024);
  const bombs = [
    [compressionCodes.gzip, gzipSync(large, { level: 1 })],
    [compressionCodes.zstd, zstdCompressSync(large)],
    [compressionCodes.lz4, compressFrameSync(large)],
  ] as const;
  for (const [code, bomb] of bombs) {
    const before = process.memoryUsage().rss;
    expect(() => decompress(code, bomb, 1_000_000)).toThrow(
      expect.objectContaining({ code: 'log.batch_too_large' }),
    );
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
  }
});

test('an unknown codec is named', () => {
  expect(() => decompress(5, Buffer.alloc(8), bytesMax)).toThrow(
    expect.objectContaining({ code: 'log.unknown_format', message: expect.stringContaining('5') }),
  );
});

test.each(packing)('garbage as %s is an error of ours, or some bytes within the limit', (codec) => {
  const small = 100_000;
  const good = compress(codec, randomBytes(300));
  const damaged = fc
    .tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length))
    .map(([place, byte, length]) => {
      const bytes = Buffer.from(good.subarray(0, length));
      if (place < length) bytes[place] = byte;
      return bytes;
    });
  const garbage = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(damaged, garbage), (bytes) => {
      try {
        expect(decompress(compressionCodes[codec], bytes, small).length).toBeLessThanOrEqual(small);
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
      }
    }),
    { numRuns: 500 },
  );
});
