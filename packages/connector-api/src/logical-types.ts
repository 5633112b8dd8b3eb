/**
 * Kafka Connect's logical types: a schema of a plain type whose name says what the value means. All of them
 * are in UTC and exact to the millisecond, as in Kafka Connect.
 *
 * | name | stored as | value |
 * | --- | --- | --- |
 * | Decimal | bytes: two's complement of the unscaled number; the scale is a parameter | Decimal |
 * | Date | int32: days since 1970 | Date at midnight |
 * | Time | int32: ms since midnight | Date on 1970-01-01 |
 * | Timestamp | int64: ms since 1970 | Date |
 *
 * A JavaScript Date reaches 271 821 BC to AD 275 760; what is stored beyond that is refused, not changed.
 */
import { Decimal } from './decimal.ts';
import { DataError } from './errors.ts';
import type { Schema, SchemaType, TypedSchema } from './schema.ts';

export type LogicalType = 'Decimal' | 'Date' | 'Time' | 'Timestamp';

const namePrefix = 'org.apache.kafka.connect.data.';

export const logicalNames: Readonly<Record<LogicalType, string>> = Object.freeze({
  Decimal: `${namePrefix}Decimal`,
  Date: `${namePrefix}Date`,
  Time: `${namePrefix}Time`,
  Timestamp: `${namePrefix}Timestamp`,
});

const storedAs: Readonly<Record<LogicalType, SchemaType>> = {
  Decimal: 'bytes',
  Date: 'int32',
  Time: 'int32',
  Timestamp: 'int64',
};

const logicalTypeOfName: ReadonlyMap<string, LogicalType> = new Map(
  Object.entries(logicalNames).map(([type, name]) => [name, type as LogicalType]),
);

/** The logical type that a schema's name says; undefined for plain schemas and other names. */
export function logicalTypeOf(schema: Schema): LogicalType | undefined {
  if (schema.name === undefined) return undefined;
  const logical = logicalTypeOfName.get(schema.name);
  return logical !== undefined && storedAs[logical] === schema.type ? logical : undefined;
}

function temporal(logical: Exclude<LogicalType, 'Decimal'>): TypedSchema<Date> {
  return Object.freeze<Schema>({
    type: storedAs[logical],
    name: logicalNames[logical],
    version: 1,
  });
}

export const dateSchema: TypedSchema<Date> = temporal('Date');
export const timeSchema: TypedSchema<Date> = temporal('Time');
export const timestampSchema: TypedSchema<Date> = temporal('Timestamp');

/** Decimals with `scale` digits behind the point. */
export function decimalSchema(scale: number): TypedSchema<Decimal> {
  return Object.freeze<Schema>({
    type: 'bytes',
    name: logicalNames.Decimal,
    version: 1,
    parameters: Object.freeze({ scale: String(scale) }),
  });
}

/** @throws DataError when the schema does not say it. */
export function decimalScaleOf(schema: Schema): number {
  const text = schema.parameters?.['scale'];
  if (text === undefined) throw new DataError('Invalid Decimal schema: scale parameter not found.');
  const scale = Number(text);
  if (!/^[+-]?\d+$/.test(text) || scale !== Math.trunc(scale) || Math.abs(scale) >= 2 ** 31)
    throw new DataError('Invalid scale parameter found in Decimal schema: not a 32-bit integer');
  return scale;
}

const msPerDay = 86_400_000;
const dateMsMax = 8.64e15;

/** What a Decimal is stored as. @throws DataError when its scale is not the schema's. */
export function bytesOfDecimal(schema: Schema, value: Decimal): Buffer {
  const scale = decimalScaleOf(schema);
  if (value.scale !== scale)
    throw new DataError(
      `Decimal value has mismatching scale for given Decimal schema. Schema has scale ${String(scale)},` +
        ` value has scale ${String(value.scale)}. Give it that scale: value.withScale(${String(scale)}).`,
    );
  return value.toBytes();
}

export function decimalOfBytes(schema: Schema, bytes: Uint8Array): Decimal {
  return Decimal.fromBytes(bytes, decimalScaleOf(schema));
}

/** Days since 1970. @throws DataError for a Date that is not midnight UTC, or invalid. */
export function daysOfDate(value: Date): number {
  const ms = msOf(value);
  if (ms % msPerDay !== 0)
    throw new DataError(
      'Kafka Connect Date type should not have any time fields set to non-zero values.',
    );
  return ms / msPerDay;
}

/** @throws DataError beyond what a Date holds. */
export function dateOfDays(days: number): Date {
  return dateOfMs(days * msPerDay);
}

/** Milliseconds since midnight. @throws DataError for another day than 1970-01-01. */
export function msOfTime(value: Date): number {
  const ms = msOf(value);
  if (ms < 0 || ms > msPerDay)
    throw new DataError(
      'Kafka Connect Time type should not have any date fields set to non-zero values.',
    );
  return ms;
}

/** @throws DataError when it is more than a day, or negative. */
export function timeOfMs(ms: number): Date {
  if (ms < 0 || ms > msPerDay)
    throw new DataError(
      'Time values must use number of milliseconds greater than 0 and less than 86400000',
    );
  return new Date(ms);
}

/** Milliseconds since 1970. @throws DataError for an invalid Date. */
export function msOfTimestamp(value: Date): number {
  return msOf(value);
}

/** @throws DataError beyond what a Date holds. */
export function timestampOfMs(ms: number | bigint): Date {
  return dateOfMs(Number(ms));
}

function msOf(value: Date): number {
  const ms = value.getTime();
  if (Number.isNaN(ms)) throw new DataError('Invalid Date: it has no time');
  return ms;
}

function dateOfMs(ms: number): Date {
  if (!(Math.abs(ms) <= dateMsMax))
    throw new DataError('The time is beyond what a JavaScript Date holds (271821 BC to AD 275760)');
  return new Date(ms);
}
