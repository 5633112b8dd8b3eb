/** Logical types in Protobuf: messages of Google's and Confluent's, of a few numbers each. */
import {
  DataError,
  Decimal,
  daysOfDate,
  type LogicalType,
  msOfTime,
  msOfTimestamp,
  timeOfMs,
  timestampOfMs,
} from '@sluice/connector-api';
import { kindOf } from '@sluice/connector-api/data-values';
import type { ByteSink } from '../wire/byte-sink.ts';
import type { ByteSource } from '../wire/byte-source.ts';
import { readTag, skipField, wireTypes, writeTag } from './proto-wire.ts';

/** Writes what is in the message; its length is the caller's. @throws DataError */
export function writeLogical(logical: LogicalType, value: unknown, sink: ByteSink): void {
  if (logical === 'Decimal') {
    if (!(value instanceof Decimal)) throw mismatch(logical, 'Decimal', value);
    writeDecimal(value, sink);
    return;
  }
  if (!(value instanceof Date)) throw mismatch(logical, 'Date', value);
  switch (logical) {
    case 'Date':
      // Refuses what is not midnight.
      daysOfDate(value);
      writeNumber(1, value.getUTCFullYear(), sink);
      writeNumber(2, value.getUTCMonth() + 1, sink);
      writeNumber(3, value.getUTCDate(), sink);
      return;
    case 'Time': {
      const ms = msOfTime(value);
      // The end of the day is 24:00.
      writeNumber(1, Math.floor(ms / 3_600_000), sink);
      writeNumber(2, Math.floor(ms / 60_000) % 60, sink);
      writeNumber(3, Math.floor(ms / 1000) % 60, sink);
      writeNumber(4, (ms % 1000) * 1_000_000, sink);
      return;
    }
    case 'Timestamp': {
      const ms = msOfTimestamp(value);
      const seconds = Math.floor(ms / 1000);
      writeNumber(1, seconds, sink);
      writeNumber(2, (ms - seconds * 1000) * 1_000_000, sink);
      return;
    }
    default:
      logical satisfies never;
  }
}

function writeDecimal(value: Decimal, sink: ByteSink): void {
  const bytes = value.toBytes();
  writeTag(1, wireTypes.length, sink);
  sink.varint32(bytes.length);
  sink.raw(bytes);
  const digits = String(value.unscaled).replace('-', '').length;
  writeNumber(2, digits, sink);
  writeNumber(3, value.scale, sink);
}

function writeNumber(number: number, value: number, sink: ByteSink): void {
  if (value === 0) return;
  writeTag(number, wireTypes.varint, sink);
  sink.varint64(BigInt(value));
}

/** Reads to the end of the source. @throws DataError */
export function readLogical(logical: LogicalType, source: ByteSource): Decimal | Date {
  let bytes = Buffer.alloc(0);
  const numbers: (number | bigint)[] = [0, 0, 0, 0, 0];
  while (source.remaining > 0) {
    const { number, wireType } = readTag(source);
    if (wireType === wireTypes.length && number === 1 && logical === 'Decimal')
      bytes = Buffer.from(source.raw(source.varint32()));
    else if (wireType === wireTypes.varint && number < numbers.length)
      numbers[number] = source.varint64();
    else skipField(source, wireType);
  }
  const [, first = 0, second = 0, third = 0, fourth = 0] = numbers;
  switch (logical) {
    case 'Decimal': {
      const scale = Number(third);
      return bytes.length === 0 ? new Decimal(0n, scale) : Decimal.fromBytes(bytes, scale);
    }
    case 'Date':
      return dateOf(Number(first), Number(second), Number(third));
    case 'Time': {
      const [hours, minutes, seconds, nanos] = [first, second, third, fourth].map(Number) as [
        number,
        number,
        number,
        number,
      ];
      const inRange = hours >= 0 && minutes >= 0 && minutes < 60 && seconds >= 0 && seconds <= 60;
      if (!inRange || nanos < 0 || nanos >= 1e9)
        throw new DataError('Invalid TimeOfDay: out of range');
      return timeOfMs(((hours * 60 + minutes) * 60 + seconds) * 1000 + Math.floor(nanos / 1e6));
    }
    case 'Timestamp':
      return timestampOfMs(Number(first) * 1000 + Math.floor(Number(second) / 1e6));
    default:
      return logical satisfies never;
  }
}

function dateOf(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (
    date.getUTCFullYear() !== year ||
    date.getUTCMonth() !== month - 1 ||
    date.getUTCDate() !== day
  )
    throw new DataError('Invalid Date: there is no such day');
  return date;
}

function mismatch(logical: string, expected: string, value: unknown): DataError {
  return new DataError(
    `Invalid type for ${logical}, expected ${expected} but was ${kindOf(value)}`,
  );
}
