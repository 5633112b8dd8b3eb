import { createRequire } from 'node:module';

/**
 * CRC-32C (Castagnoli), as record batches have it; `zlib.crc32` is another polynomial. By
 * @node-rs/crc32 (about 3.5 GB/s) where it has a build for this platform, else by tables (0.5 GB/s).
 */
export function crc32c(bytes: Uint8Array, start = 0, end: number = bytes.length, seed = 0): number {
  if (native === undefined) return crc32cByTables(bytes, start, end, seed);
  return native.crc32c(bytes.subarray(start, end), seed);
}

interface NativeCrc {
  crc32c(bytes: Uint8Array, seed: number): number;
}

const native = loadNative();

function loadNative(): NativeCrc | undefined {
  try {
    return createRequire(import.meta.url)('@node-rs/crc32') as NativeCrc;
  } catch {
    return undefined;
  }
}

const polynomial = 0x82f63b78; // Reflected.
/** Eight tables of 256 in a row: table n advances a byte by n more bytes of zeros. */
let tables: Int32Array | undefined;

/** Slicing by 8: eight bytes a step. */
export function crc32cByTables(
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
  seed = 0,
): number {
  tables ??= buildTables();
  const t = tables;
  let crc = ~seed;
  let at = start;
  for (const last = end - 8; at <= last; at += 8) {
    crc ^=
      byteAt(bytes, at) |
      (byteAt(bytes, at + 1) << 8) |
      (byteAt(bytes, at + 2) << 16) |
      (byteAt(bytes, at + 3) << 24);
    crc =
      tableAt(t, 0x700 + (crc & 0xff)) ^
      tableAt(t, 0x600 + ((crc >>> 8) & 0xff)) ^
      tableAt(t, 0x500 + ((crc >>> 16) & 0xff)) ^
      tableAt(t, 0x400 + (crc >>> 24)) ^
      tableAt(t, 0x300 + byteAt(bytes, at + 4)) ^
      tableAt(t, 0x200 + byteAt(bytes, at + 5)) ^
      tableAt(t, 0x100 + byteAt(bytes, at + 6)) ^
      tableAt(t, byteAt(bytes, at + 7));
  }
  for (; at < end; at += 1) {
    crc = tableAt(t, (crc ^ byteAt(bytes, at)) & 0xff) ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

function buildTables(): Int32Array {
  const built = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    built[byte] = crc;
  }
  for (let index = 256; index < built.length; index += 1) {
    const before = tableAt(built, index - 256);
    built[index] = tableAt(built, before & 0xff) ^ (before >>> 8);
  }
  return built;
}

function tableAt(table: Int32Array, index: number): number {
  return table[index] ?? 0;
}

function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}
