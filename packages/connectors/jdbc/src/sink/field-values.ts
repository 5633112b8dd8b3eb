/**
 * What the fields of records mean, whoever made them: Kafka Connect's logical types and Debezium's, by the names of
 * their schemas. Dialects write the result.
 */
import { DataError, Decimal, logicalTypeOf, type Schema } from '@sluice/connector-api';
import { type Instant, instantOfMs, instantOfUnits } from '../time-zone.ts';

export type Meaning =
  | 'integer'
  | 'float'
  | 'boolean'
  | 'text'
  | 'bytes'
  | 'decimal'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'zoned-timestamp'
  | 'json'
  | 'uuid'
  | 'array'
  | 'nested';

const debezium: Readonly<Record<string, Meaning>> = {
  'io.debezium.data.Json': 'json',
  'io.debezium.data.Uuid': 'uuid',
  'io.debezium.data.VariableScaleDecimal': 'decimal',
  'io.debezium.time.Date': 'date',
  'io.debezium.time.Time': 'time',
  'io.debezium.time.MicroTime': 'time',
  'io.debezium.time.NanoTime': 'time',
  'io.debezium.time.Timestamp': 'timestamp',
  'io.debezium.time.MicroTimestamp': 'timestamp',
  'io.debezium.time.NanoTimestamp': 'timestamp',
  'io.debezium.time.ZonedTimestamp': 'zoned-timestamp',
};

export function meaningOf(schema: Schema): Meaning {
  const logical = logicalTypeOf(schema);
  if (logical) return logicalMeanings[logical];
  const known = schema.name === undefined ? undefined : debezium[schema.name];
  if (known) return known;
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return 'integer';
    case 'float32':
    case 'float64':
      return 'float';
    case 'boolean':
      return 'boolean';
    case 'string':
      return 'text';
    case 'bytes':
      return 'bytes';
    case 'array':
      return 'array';
    default:
      return 'nested';
  }
}

const logicalMeanings = {
  Decimal: 'decimal',
  Date: 'date',
  Time: 'time',
  Timestamp: 'timestamp',
} as const;

const msPerDay = 86_400_000;

/** Of a field that means a date, a time of day (on 1970-01-01) or a timestamp. */
export function instantOfField(schema: Schema, value: unknown): Instant {
  if (value instanceof Date) return instantOfMs(value.getTime());
  const number = typeof value === 'bigint' || typeof value === 'number' ? value : Number.NaN;
  switch (schema.name) {
    case 'io.debezium.time.Date':
      return instantOfMs(Number(number) * msPerDay);
    case 'io.debezium.time.MicroTime':
    case 'io.debezium.time.MicroTimestamp':
      return instantOfUnits(BigInt(number), 6);
    case 'io.debezium.time.NanoTime':
    case 'io.debezium.time.NanoTimestamp':
      return instantOfUnits(BigInt(number), 9);
    default:
      return instantOfMs(Number(number));
  }
}

/** Of a field that means a decimal. @throws DataError */
export function decimalOfField(value: unknown): Decimal {
  if (value instanceof Decimal) return value;
  if (typeof value === 'object' && value !== null && 'scale' in value && 'value' in value) {
    const { scale, value: unscaled } = value;
    if (unscaled instanceof Uint8Array) return Decimal.fromBytes(unscaled, Number(scale));
  }
  throw new DataError('it is no decimal number');
}

/** Text of JSON of anything that a schema describes: bytes as base64, times as ISO texts, numbers with all digits. */
export function jsonText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Decimal) return value.toPlainString();
  if (value instanceof Uint8Array) return JSON.stringify(bufferOf(value).toString('base64'));
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value instanceof Date) return JSON.stringify(value);
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? (value as Map<unknown, unknown>) : Object.entries(value);
  const members = Array.from(
    entries,
    ([name, each]) => `${JSON.stringify(String(name))}:${jsonText(each)}`,
  );
  return `{${members.join(',')}}`;
}

export function bufferOf(value: unknown): Buffer {
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  throw new DataError('it is not bytes');
}
