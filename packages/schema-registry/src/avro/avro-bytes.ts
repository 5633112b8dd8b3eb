/** Avro's encoding of what has a length. */
import { DataError } from '@sluice/connector-api';
import type { ByteSink } from '../wire/byte-sink.ts';
import type { ByteSource } from '../wire/byte-source.ts';

export function writeText(text: string, sink: ByteSink): void {
  const bytes = Buffer.byteLength(text);
  sink.zigzag32(bytes);
  sink.utf8(text, bytes);
}

export function writeBytes(bytes: Uint8Array, sink: ByteSink): void {
  sink.zigzag32(bytes.length);
  sink.raw(bytes);
}

export function readText(source: ByteSource): string {
  return source.utf8(source.zigzag32());
}

/** A copy: the record's bytes belong to the batch. */
export function readBytes(source: ByteSource): Buffer {
  return Buffer.from(source.raw(source.zigzag32()));
}

/** Elements of no bytes cannot be counted by the bytes that there are. */
const emptyElementsMax = 100_000;

/** The elements of an array or a map: blocks, each with a count in front, until a count of 0. */
export function readBlocks<Element>(
  source: ByteSource,
  bytesMin: number,
  read: (source: ByteSource) => Element,
): Element[] {
  const elements: Element[] = [];
  for (;;) {
    let count = source.zigzag64();
    if (count === 0) return elements;
    if (count < 0) {
      // The size of the block follows, for those who skip it.
      count = -Number(count);
      source.zigzag64();
    }
    const countMax =
      bytesMin > 0 ? Math.floor(source.remaining / bytesMin) : emptyElementsMax - elements.length;
    if (count > countMax)
      throw new DataError(
        `Invalid Avro data: ${String(count)} elements, which the record cannot hold`,
      );
    for (let index = 0; index < count; index += 1) elements.push(read(source));
  }
}
