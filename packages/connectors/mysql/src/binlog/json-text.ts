/** MySQL's binary JSON as a text. MariaDB's JSON is a text already. */
import { ConnectError } from '@sluice/connector-api';
import { ByteReader } from './byte-reader.ts';
import { decimalText } from './decimal-text.ts';

const smallObject = 0;
const largeObject = 1;
const smallArray = 2;
const largeArray = 3;
const literal = 4;
const int16 = 5;
const uint16 = 6;
const int32 = 7;
const uint32 = 8;
const literals = ['null', 'true', 'false'];
/** Documents of MySQL are at most 100 deep. */
const depthMax = 128;

/** Types of values that are none of JSON's: decimals and times. */
const opaqueTypes = { date: 10, time: 11, datetime: 12, timestamp: 7, decimal: 246 };

export function jsonText(bytes: Buffer): string {
  // What is left of a document that a statement without strict mode has emptied.
  return bytes.length === 0 ? 'null' : valueText(bytes[0] ?? 0, bytes, 1, 0);
}

function valueText(type: number, bytes: Buffer, at: number, depth: number): string {
  if (depth > depthMax) throw new ConnectError('a JSON document is nested too deeply');
  const reader = new ByteReader(bytes, at);
  switch (type) {
    case smallObject:
    case largeObject:
    case smallArray:
    case largeArray:
      return containerText(type, bytes, at, depth);
    case literal:
      return literals[reader.unsigned(1)] ?? 'null';
    case int16:
      return String(reader.signed(2));
    case uint16:
      return String(reader.unsigned(2));
    case int32:
      return String(reader.signed(4));
    case uint32:
      return String(reader.unsigned(4));
    case 9:
      return String(reader.signed64());
    case 10:
      return String(reader.unsigned64());
    case 11:
      return String(reader.double());
    case 12:
      return JSON.stringify(reader.text(variableLength(reader)));
    case 15:
      return opaqueText(reader);
    default:
      throw new ConnectError(`a JSON document has a value of the unknown type ${String(type)}`);
  }
}

/** Keys and values are found by offsets from where the container begins; small ones have offsets of two bytes. */
function containerText(type: number, bytes: Buffer, start: number, depth: number): string {
  const isObject = type === smallObject || type === largeObject;
  const size = type === smallObject || type === smallArray ? 2 : 4;
  const reader = new ByteReader(bytes, start);
  const count = reader.unsigned(size);
  reader.skip(size);
  const keys: string[] = [];
  if (isObject)
    for (let index = 0; index < count; index += 1) {
      const at = start + reader.unsigned(size);
      const length = reader.unsigned(2);
      keys.push(JSON.stringify(bytes.toString('utf8', at, at + length)));
    }
  const values: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const valueType = reader.unsigned(1);
    const isInline =
      valueType === literal ||
      valueType === int16 ||
      valueType === uint16 ||
      (size === 4 && (valueType === int32 || valueType === uint32));
    const at = isInline ? reader.at : start + bytes.readUIntLE(reader.at, size);
    values.push(valueText(valueType, bytes, at, depth + 1));
    reader.skip(size);
  }
  return isObject
    ? `{${values.map((value, index) => `${keys[index] ?? '""'}:${value}`).join(',')}}`
    : `[${values.join(',')}]`;
}

/** Seven bits in a byte, the lowest first, as long as the highest is set. */
function variableLength(reader: ByteReader): number {
  let length = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = reader.unsigned(1);
    length += (byte & 0x7f) * 2 ** shift;
    if ((byte & 0x80) === 0) break;
  }
  return length;
}

function opaqueText(reader: ByteReader): string {
  const type = reader.unsigned(1);
  const bytes = reader.take(variableLength(reader));
  const value = new ByteReader(bytes);
  switch (type) {
    case opaqueTypes.decimal:
      return decimalText(value, value.unsigned(1), value.unsigned(1));
    case opaqueTypes.date:
    case opaqueTypes.datetime:
    case opaqueTypes.timestamp:
    case opaqueTypes.time:
      return JSON.stringify(timeText(type, value.signed64()));
    default:
      return JSON.stringify(`base64:type${String(type)}:${bytes.toString('base64')}`);
  }
}

/** Packed as in memory: year and month, day, time of day, and 24 bits of µs. */
function timeText(type: number, packed: bigint): string {
  const absolute = packed < 0n ? -packed : packed;
  const micros = String(Number(absolute % 16_777_216n)).padStart(6, '0');
  const whole = Number(absolute / 16_777_216n);
  const two = (value: number): string => String(value).padStart(2, '0');
  if (type === opaqueTypes.time)
    return `${packed < 0n ? '-' : ''}${two((whole >> 12) & 1023)}:${two((whole >> 6) & 63)}:${two(whole & 63)}.${micros}`;
  const date = Math.floor(whole / 131_072);
  const clock = whole % 131_072;
  const yearMonth = date >> 5;
  const year = String(Math.floor(yearMonth / 13)).padStart(4, '0');
  const day = `${year}-${two(yearMonth % 13)}-${two(date & 31)}`;
  if (type === opaqueTypes.date) return day;
  return `${day} ${two(clock >> 12)}:${two((clock >> 6) & 63)}:${two(clock & 63)}.${micros}`;
}
