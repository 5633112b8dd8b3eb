/** The forms in which TimestampConverter takes and gives points in time. */
import {
  ConnectError,
  DataError,
  dateSchema,
  logicalTypeOf,
  optionalSchema,
  type Schema,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import { int64Value } from './java-casts.ts';
import type { JavaDateFormat } from './java-dates/java-date-format.ts';
import { describe } from './structs.ts';

export const timeTypes = ['string', 'unix', 'Date', 'Time', 'Timestamp'] as const;
export type TimeType = (typeof timeTypes)[number];

export const unixPrecisions = ['seconds', 'milliseconds', 'microseconds', 'nanoseconds'] as const;
export type UnixPrecision = (typeof unixPrecisions)[number];

const schemas: Readonly<Record<TimeType, Schema>> = {
  string: { type: 'string' },
  unix: { type: 'int64' },
  Date: dateSchema,
  Time: timeSchema,
  Timestamp: timestampSchema,
};

const optionalSchemas = Object.fromEntries(
  timeTypes.map((type) => [type, optionalSchema(schemas[type])]),
) as Record<TimeType, Schema>;

export function schemaOfTimeType(type: TimeType, isOptional = false): Schema {
  return isOptional ? optionalSchemas[type] : schemas[type];
}

/** @throws ConnectError for a schema that is none of a point in time. */
export function timeTypeOfSchema(schema: Schema): TimeType {
  const logical = logicalTypeOf(schema);
  if (logical !== undefined && logical !== 'Decimal') return logical;
  if (schema.type === 'string') return 'string';
  if (schema.type === 'int64') return 'unix';
  throw new ConnectError(
    `Schema of type ${schema.name ?? schema.type.toUpperCase()} does not correspond to a known timestamp type format`,
  );
}

/** Of schemaless data. @throws DataError */
export function timeTypeOfValue(value: unknown): TimeType {
  if (value instanceof Date) return 'Timestamp';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value)))
    return 'unix';
  throw new DataError(
    `TimestampConverter does not support ${describe(value)} objects as timestamps`,
  );
}

export interface TimeConversion {
  readonly target: TimeType;
  /** @throws DataError */
  readonly convert: (source: TimeType, value: unknown) => unknown;
}

export interface TimeConversionOptions {
  readonly target: TimeType;
  readonly format: JavaDateFormat | undefined;
  readonly precision: UnixPrecision;
}

export function timeConversion(options: TimeConversionOptions): TimeConversion {
  return {
    target: options.target,
    convert: (source, value) => fromMs(options, toMs(options, source, value)),
  };
}

/** A millisecond counts so many of the unit; negative: so many of them make one unit. */
const perMillisecond: Readonly<Record<UnixPrecision, bigint>> = {
  seconds: -1_000n,
  milliseconds: 1n,
  microseconds: 1_000n,
  nanoseconds: 1_000_000n,
};

function toMs(options: TimeConversionOptions, source: TimeType, value: unknown): number {
  switch (source) {
    case 'string':
      return parseText(options.format, value);
    case 'unix': {
      if (typeof value !== 'number' && typeof value !== 'bigint')
        throw unfit('Unix timestamp', 'an integer', value);
      const factor = perMillisecond[options.precision];
      const exact = BigInt(value);
      // Java's integer division: towards zero.
      return checked(Number(factor < 0n ? exact * -factor : exact / factor));
    }
    case 'Date':
    case 'Time':
    case 'Timestamp':
      if (!(value instanceof Date)) throw unfit(source, 'a Date', value);
      return checked(value.getTime());
    default:
      return source satisfies never;
  }
}

const dayMs = 86_400_000;

function fromMs(options: TimeConversionOptions, ms: number): unknown {
  switch (options.target) {
    case 'string':
      return options.format?.format(ms) ?? '';
    case 'unix': {
      const factor = perMillisecond[options.precision];
      const exact = BigInt(ms);
      return int64Value(saturated(factor < 0n ? exact / -factor : exact * factor));
    }
    case 'Date':
      return new Date(Math.floor(ms / dayMs) * dayMs);
    case 'Time':
      return new Date(ms - Math.floor(ms / dayMs) * dayMs);
    case 'Timestamp':
      return new Date(ms);
    default:
      return options.target satisfies never;
  }
}

function parseText(format: JavaDateFormat | undefined, value: unknown): number {
  if (typeof value !== 'string') throw unfit('string timestamp', 'a string', value);
  if (!format)
    throw new DataError('Could not parse timestamp: it is text, and no format is configured');
  const ms = format.parse(value);
  if (ms !== undefined) return checked(ms);
  throw new DataError(
    `Could not parse timestamp: value does not match pattern (${format.pattern})`,
  );
}

/** What a Date holds; beyond that Kafka Connect could go on, and JavaScript not. */
function checked(ms: number): number {
  if (Math.abs(ms) <= 8.64e15) return ms;
  throw new DataError('A timestamp is beyond the years -271821 to 275760, which a Date holds');
}

function saturated(exact: bigint): bigint {
  const limit = 2n ** 63n;
  if (exact >= limit) return limit - 1n;
  return exact < -limit ? -limit : exact;
}

function unfit(what: string, expected: string, value: unknown): DataError {
  return new DataError(`Expected ${what} to be ${expected}, but found ${describe(value)}`);
}
