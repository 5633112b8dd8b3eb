/** Values of rows as the binary log has them. Pure. */
import { ConnectError } from '@sluice/connector-api';
import { daysOfCivil, type LocalMoment } from '@sluice/connector-capture';
import type { RawValue } from '../column.ts';
import type { ByteReader } from './byte-reader.ts';
import { decimalText } from './decimal-text.ts';
import { jsonText } from './json-text.ts';
import { type LogColumn, logTypes } from './table-map.ts';

const microsPerSecond = 1_000_000;

/**
 * The next value. Texts and binaries are bytes; enums are the number of their label, sets a bit for each; whole numbers
 * are as signed or unsigned as asked for.
 */
export function readLogValue(
  reader: ByteReader,
  { meta, type }: LogColumn,
  isUnsigned: boolean,
): RawValue {
  switch (type) {
    case logTypes.tiny:
      return integer(reader, 1, isUnsigned);
    case logTypes.short:
      return integer(reader, 2, isUnsigned);
    case logTypes.int24:
      return integer(reader, 3, isUnsigned);
    case logTypes.long:
      return integer(reader, 4, isUnsigned);
    case logTypes.longlong:
      return safeInteger(isUnsigned ? reader.unsigned64() : reader.signed64());
    case logTypes.float:
      return reader.float();
    case logTypes.double:
      return reader.double();
    case logTypes.newdecimal:
      return decimalText(reader, meta >> 8, meta & 0xff);
    case logTypes.year: {
      const year = reader.unsigned(1);
      return year === 0 ? 0 : year + 1900;
    }
    case logTypes.date:
      return dateOf(reader.unsigned(3));
    case logTypes.time:
      return oldTime(reader);
    case logTypes.time2:
      return timeOf(reader, meta);
    case logTypes.datetime:
      return oldDatetime(reader.unsigned64());
    case logTypes.datetime2:
      return datetimeOf(reader, meta);
    case logTypes.timestamp:
      return momentOfSeconds(reader.unsigned(4), 0);
    case logTypes.timestamp2:
      return momentOfSeconds(reader.unsignedBig(4), fractionOf(reader, meta));
    case logTypes.bit:
      return Buffer.from(reader.take((meta + 7) >> 3));
    case logTypes.enum:
      return reader.unsigned(meta);
    case logTypes.set:
      return meta === 8 ? reader.unsigned64() : BigInt(reader.unsigned(meta));
    case logTypes.string:
      return reader.take(reader.unsigned(meta > 255 ? 2 : 1));
    case logTypes.varchar:
    case logTypes.varString:
    // Of what is compressed, the bytes as they are: only columns that are left out have them.
    case logTypes.compressedVarchar:
      return reader.take(reader.unsigned(meta > 255 ? 2 : 1));
    case logTypes.blob:
    case logTypes.compressedBlob:
    case logTypes.geometry:
    case logTypes.vector:
      return reader.take(reader.unsigned(meta));
    case logTypes.json:
      return jsonText(reader.take(reader.unsigned(meta)));
    default:
      throw new ConnectError(`type ${String(type)} of the binary log is not supported`);
  }
}

function integer(reader: ByteReader, size: number, isUnsigned: boolean): number {
  return isUnsigned ? reader.unsigned(size) : reader.signed(size);
}

function safeInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function dateOf(packed: number): number | null {
  return daysOf(packed >> 9, (packed >> 5) & 15, packed & 31);
}

/** Null for what is no date, such as 2024-00-00. */
export function daysOf(year: number, month: number, day: number): number | null {
  return month === 0 || day === 0 ? null : daysOfCivil(year, month, day);
}

/** µs of 0 to 6 digits, which take a byte for two. */
function fractionOf(reader: ByteReader, digits: number): number {
  const size = (digits + 1) >> 1;
  return reader.unsignedBig(size) * 10 ** (6 - size * 2);
}

/** Sign, hours, minutes and seconds, then the fraction; negative ones are complements of the whole. */
function timeOf(reader: ByteReader, digits: number): number {
  const size = (digits + 1) >> 1;
  const packed = reader.unsignedBig(3 + size) - 0x800000 * 256 ** size;
  const absolute = Math.abs(packed);
  const fraction = absolute % 256 ** size;
  const whole = Math.floor(absolute / 256 ** size);
  const seconds = (whole >> 12) * 3600 + ((whole >> 6) & 63) * 60 + (whole & 63);
  const micros = seconds * microsPerSecond + fraction * 10 ** (6 - size * 2);
  return packed < 0 ? -micros : micros;
}

function datetimeOf(reader: ByteReader, digits: number): LocalMoment | null {
  const packed = reader.unsignedBig(5) - 0x80_0000_0000;
  const micros = fractionOf(reader, digits);
  const clock = packed % 131_072;
  const date = Math.floor(packed / 131_072);
  const yearMonth = date >> 5;
  const days = daysOf(Math.floor(yearMonth / 13), yearMonth % 13, date & 31);
  if (days === null) return null;
  const seconds = (clock >> 12) * 3600 + ((clock >> 6) & 63) * 60 + (clock & 63);
  return { days, microsOfDay: seconds * microsPerSecond + micros };
}

/** Of 0 seconds: no moment at all. */
function momentOfSeconds(seconds: number, micros: number): LocalMoment | null {
  if (seconds === 0 && micros === 0) return null;
  const ofDay = seconds % 86_400;
  return { days: (seconds - ofDay) / 86_400, microsOfDay: ofDay * microsPerSecond + micros };
}

/** Tables from before MySQL 5.6 and MariaDB 10.1: decimal digits. */
function oldTime(reader: ByteReader): number {
  const packed = reader.signed(3);
  const digits = Math.abs(packed);
  const seconds =
    Math.floor(digits / 10_000) * 3600 + (Math.floor(digits / 100) % 100) * 60 + (digits % 100);
  return Math.sign(packed) * seconds * microsPerSecond;
}

function oldDatetime(packed: bigint): LocalMoment | null {
  const clock = Number(packed % 1_000_000n);
  const date = Number(packed / 1_000_000n);
  const days = daysOf(Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100);
  if (days === null) return null;
  const seconds =
    Math.floor(clock / 10_000) * 3600 + (Math.floor(clock / 100) % 100) * 60 + (clock % 100);
  return { days, microsOfDay: seconds * microsPerSecond };
}
