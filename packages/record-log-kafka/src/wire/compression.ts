import { createRequire } from 'node:module';
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { SluiceError, toError } from '@sluice/kernel';

import type { Compression } from '../options.ts';
import { decompressedLz4BytesMax } from './lz4-frame.ts';
import { compressionOf } from './record-batch-layout.ts';
import { snappyBlocks, xerialFrame } from './xerial.ts';

/**
 * Compression of a batch's records, each in the container that Kafka's Java client writes: gzip, snappy
 * in xerial's framing, LZ4 frames with independent blocks, zstd frames.
 */
export function compress(compression: Compression, bytes: Buffer): Buffer {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gzipSync(bytes);
    case 'snappy':
      return xerialFrame(bytes, (block) => snappy().compressSync(block));
    case 'lz4':
      return lz4().compressFrameSync(bytes);
    case 'zstd':
      return zstdCompressSync(bytes);
  }
}

/**
 * Refuses what would become larger than `bytesMax`, without having it in memory first: a small batch
 * can be made to inflate to gigabytes.
 * @throws SluiceError `log.corrupt`, `log.batch_too_large`, `log.unknown_format`.
 */
export function decompress(code: number, bytes: Buffer, bytesMax: number): Buffer {
  const compression = compressionOf(code);
  if (compression === undefined) {
    throw new SluiceError(
      'log.unknown_format',
      `compression type ${code} is not known: update this worker`,
      { details: { code } },
    );
  }
  try {
    return inflate(compression, bytes, bytesMax);
  } catch (thrown) {
    if (thrown instanceof SluiceError) throw thrown;
    const cause = toError(thrown);
    if ('code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(compression, bytesMax);
    throw new SluiceError(
      'log.corrupt',
      `its ${compression} data cannot be read: ${cause.message}`,
      {
        cause,
        details: { compression },
      },
    );
  }
}

function inflate(compression: Compression, bytes: Buffer, bytesMax: number): Buffer {
  switch (compression) {
    case 'none':
      return bytes;
    case 'gzip':
      return gunzipSync(bytes, { maxOutputLength: bytesMax });
    case 'snappy': {
      const blocks = snappyBlocks(bytes);
      const length = blocks.reduce((sum, block) => sum + block.rawBytes, 0);
      if (length > bytesMax) throw tooLarge(compression, bytesMax);
      return Buffer.concat(blocks.map(({ bytes: block }) => unsnappy(block)));
    }
    case 'lz4':
      if (decompressedLz4BytesMax(bytes) > bytesMax) throw tooLarge(compression, bytesMax);
      return lz4().decompressFrameSync(bytes);
    case 'zstd':
      return zstdDecompressSync(bytes, {
        maxOutputLength: bytesMax,
        params: { [constants.ZSTD_d_windowLogMax]: 27 },
      });
  }
}

function unsnappy(block: Buffer): Buffer {
  const raw = snappy().uncompressSync(block, { asBuffer: true });
  return typeof raw === 'string' ? Buffer.from(raw) : raw;
}

function tooLarge(compression: Compression, bytesMax: number): SluiceError {
  return new SluiceError(
    'log.batch_too_large',
    `its ${compression} data becomes larger than ${bytesMax} bytes`,
    { details: { compression, bytesMax } },
  );
}

// Both are native: loaded when first needed, so that a platform without them can do without.
const require = createRequire(import.meta.url);
let snappyModule: typeof import('snappy') | undefined;
let lz4Module: typeof import('lz4-napi') | undefined;

function snappy(): typeof import('snappy') {
  snappyModule ??= load('snappy') as typeof import('snappy');
  return snappyModule;
}

function lz4(): typeof import('lz4-napi') {
  lz4Module ??= load('lz4-napi') as typeof import('lz4-napi');
  return lz4Module;
}

function load(name: string): unknown {
  try {
    return require(name);
  } catch (cause) {
    throw new SluiceError(
      'log.unsupported',
      `the npm package ${name} cannot be loaded on this machine (${toError(cause).message}): install it, or take another compression`,
      { cause, details: { package: name } },
    );
  }
}
