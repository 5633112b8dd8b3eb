/**
 * The file in which Kafka Connect's standalone mode keeps the offsets of sources (`offset.storage.file.filename`): a map
 * of byte arrays, written by Java's serialization. Read so that a source goes on here where it stopped there.
 *
 * Of that format only what Kafka Connect writes is understood; all else is an error, and nothing is guessed.
 */
import { readFile } from 'node:fs/promises';
import { hasCode, parseExactJson, toError } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { Offset } from '../transfer/transfer-file.ts';

/** By connector. */
export type FileOffsets = ReadonlyMap<string, readonly Offset[]>;

const fileBytesMax = 64 * 1024 * 1024;
const marks = { null: 0x70, reference: 0x71, array: 0x75, endOfBlock: 0x78 } as const;
/** A stream with an object of class HashMap, up to the values of its fields. */
const beginOfMap = bytesOf(
  'aced0005 7372 0011 6a6176612e7574696c2e486173684d6170 0507dac1c31660d1 03 0002',
  '46 000a 6c6f6164466163746f72 49 0009 7468726573686f6c64 78 70',
);
/** The class of byte arrays, which is written out once. */
const byteArrayClass = bytesOf('72 0002 5b42 acf317f8060854e0 02 0000 78 70');
/** loadFactor and threshold; the mark and length of the block that follows; the capacity. */
const bytesBeforeCount = 4 + 4 + 2 + 4;

/** None if there is no such file, or it is empty. @throws CliError */
export async function readOffsetFile(path: string): Promise<FileOffsets> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return Buffer.alloc(0);
    throw new CliError(exitCodes.invalid, `cannot read ${path}: ${toError(error).message}`);
  });
  if (bytes.length === 0) return new Map();
  try {
    return offsetsIn(bytes);
  } catch (error) {
    throw new CliError(
      exitCodes.invalid,
      `${path} is not a file of offsets as Kafka Connect writes it (${toError(error).message}): ` +
        'name another offset.storage.file.filename',
      { cause: error },
    );
  }
}

/** @throws Error that says what is odd. */
export function offsetsIn(bytes: Buffer): FileOffsets {
  if (bytes.length > fileBytesMax) throw new Error('it is too large');
  const found = new Map<string, Offset[]>();
  for (const [key, value] of entriesIn(bytes)) {
    // A partition that was forgotten.
    if (value === undefined) continue;
    const parsed = parseExactJson(key.toString('utf8'));
    const [connector, partition] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
    const offset = parseExactJson(value.toString('utf8'));
    if (typeof connector !== 'string' || !isMap(partition) || !isMap(offset)) {
      throw new Error('a key is not [connector, partition], or an offset is no map');
    }
    found.set(connector, [...(found.get(connector) ?? []), { partition, offset }]);
  }
  return found;
}

function* entriesIn(bytes: Buffer): Generator<[Buffer, Buffer | undefined]> {
  let at = 0;
  const take = (count: number): Buffer => {
    if (count < 0 || at + count > bytes.length) throw new Error('it ends too early');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const expect = (wanted: Buffer): void => {
    if (!take(wanted.length).equals(wanted)) throw new Error('it holds something else');
  };
  const array = (): Buffer | undefined => {
    const mark = take(1)[0];
    if (mark === marks.null) return undefined;
    if (mark !== marks.array) throw new Error('it holds something else than byte arrays');
    if (bytes[at] === marks.reference) take(5);
    else expect(byteArrayClass);
    return take(take(4).readInt32BE());
  };
  expect(beginOfMap);
  take(bytesBeforeCount);
  const count = take(4).readInt32BE();
  for (let n = 0; n < count; n += 1) {
    const key = array();
    const value = array();
    if (key) yield [key, value];
  }
  expect(Buffer.from([marks.endOfBlock]));
}

function bytesOf(...hex: string[]): Buffer {
  return Buffer.from(hex.join('').replaceAll(' ', ''), 'hex');
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
