/**
 * Confluent's wire format: a byte 0, the id of the schema in four bytes, big-endian, then the data. Protobuf
 * has a list of indexes in between, which says which message of the schema it is.
 */
import { DataError } from '@sluice/connector-api';
import type { ByteSink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';

const magicByte = 0;
export const prefixBytes = 5;

/** @throws DataError when the bytes are not in the format */
export function schemaIdOf(bytes: Uint8Array): number {
  if (bytes.length < prefixBytes || bytes[0] !== magicByte)
    throw new DataError(
      'Unknown magic byte!: the bytes do not begin as the Schema Registry has it (0, then an id of four bytes).' +
        ' Were they written with another converter?',
    );
  const [, first = 0, second = 0, third = 0, fourth = 0] = bytes;
  return first * 2 ** 24 + (second << 16) + (third << 8) + fourth;
}

export function writePrefix(sink: ByteSink, id: number): void {
  sink.byte(magicByte);
  sink.int32BigEndian(id);
}

/** A schema has no deeper nesting than this, nor so many messages side by side. */
const indexesMax = 100;

/** The first message, which is what nearly all schemas mean, is one byte 0. */
export function writeMessageIndexes(sink: ByteSink, indexes: readonly number[]): void {
  if (indexes.length === 1 && indexes[0] === 0) {
    sink.byte(0);
    return;
  }
  sink.zigzag32(indexes.length);
  for (const index of indexes) sink.zigzag32(index);
}

/** From the outermost message inwards. @throws DataError */
export function readMessageIndexes(source: ByteSource): readonly number[] {
  const count = source.zigzag32();
  if (count === 0) return [0];
  if (count < 0 || count > indexesMax)
    throw new DataError(`Invalid message indexes: ${String(count)} of them`);
  return Array.from({ length: count }, () => {
    const index = source.zigzag32();
    if (index < 0) throw new DataError('Invalid message indexes: a negative one');
    return index;
  });
}
