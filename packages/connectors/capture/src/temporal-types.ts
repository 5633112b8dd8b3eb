/**
 * Dates and times by `time.precision.mode`, with the names of Debezium's and Kafka Connect's schemas. A driver gives
 * days since 1970 and microseconds of the day: numbers that are exact where a JavaScript Date is not.
 */
import {
  ConnectError,
  dateSchema,
  type Schema,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import type { ColumnType } from './column-type.ts';

export type TimePrecisionMode =
  | 'adaptive'
  | 'adaptive_time_microseconds'
  | 'connect'
  | 'isostring'
  | 'microseconds'
  | 'nanoseconds';

/** A moment without a time zone. */
export interface LocalMoment {
  /** Since 1970. */
  readonly days: number;
  readonly microsOfDay: number;
}

const microsPerDay = 86_400_000_000;
const msPerDay = 86_400_000;
/** What a JavaScript Date reaches; Kafka Connect's logical types are Dates here. */
const dateMsMax = 8.64e15;

/** Days since 1970. */
export function dateType(mode: TimePrecisionMode): ColumnType<number> {
  if (mode === 'connect')
    return {
      schema: dateSchema,
      read: (days) => dateWithin(days * msPerDay),
      fallback: new Date(0),
    };
  if (mode === 'isostring')
    return {
      schema: named('string', 'IsoDate'),
      read: (days) => `${isoDate(days)}Z`,
      fallback: '1970-01-01Z',
    };
  return { schema: named('int32', 'Date'), read: (days) => days, fallback: 0 };
}

/** Microseconds since midnight; up to 24 hours. `precision`: digits of a second. */
export function timeType(mode: TimePrecisionMode, precision: number): ColumnType<number> {
  switch (mode) {
    case 'connect':
      return {
        schema: timeSchema,
        read: (micros) => new Date(Math.floor(micros / 1_000)),
        fallback: new Date(0),
      };
    case 'isostring':
      return {
        schema: named('string', 'IsoTime'),
        read: (micros) => `${isoTime(micros)}Z`,
        fallback: '00:00:00Z',
      };
    case 'nanoseconds':
      return { schema: named('int64', 'NanoTime'), read: (micros) => micros * 1_000, fallback: 0 };
    case 'adaptive':
      if (precision <= 3)
        return {
          schema: named('int32', 'Time'),
          read: (micros) => Math.floor(micros / 1_000),
          fallback: 0,
        };
      return microTime;
    default:
      return microTime;
  }
}

export function timestampType(mode: TimePrecisionMode, precision: number): ColumnType<LocalMoment> {
  switch (mode) {
    case 'connect':
      return {
        schema: timestampSchema,
        read: (moment) => dateWithin(msOf(moment)),
        fallback: new Date(0),
      };
    case 'isostring':
      return {
        schema: named('string', 'IsoTimestamp'),
        read: (moment) => `${isoMoment(moment)}Z`,
        fallback: '1970-01-01T00:00:00Z',
      };
    case 'nanoseconds':
      return {
        schema: named('int64', 'NanoTimestamp'),
        read: (moment) => nanosWithin(bigMicros(moment) * 1_000n),
        fallback: 0,
      };
    case 'microseconds':
      return microTimestamp;
    default:
      return precision <= 3
        ? { schema: named('int64', 'Timestamp'), read: msOf, fallback: 0 }
        : microTimestamp;
  }
}

const microTime: ColumnType<number> = {
  schema: named('int64', 'MicroTime'),
  read: (micros) => micros,
  fallback: 0,
};

const microTimestamp: ColumnType<LocalMoment> = {
  schema: named('int64', 'MicroTimestamp'),
  read: microsOf,
  fallback: 0,
};

export const zonedTimestampSchema = named('string', 'ZonedTimestamp');
export const zonedTimeSchema = named('string', 'ZonedTime');
export const microDurationSchema = named('int64', 'MicroDuration');
export const intervalSchema = named('string', 'Interval');

/** `2024-05-01T10:00:00.5`: no more digits of a second than there are. */
export function isoMoment({ days, microsOfDay }: LocalMoment): string {
  return `${isoDate(days)}T${isoTime(microsOfDay)}`;
}

/** `10:00:00.5` */
export function isoTime(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const fraction = micros % 1e6;
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return fraction === 0
    ? clock
    : `${clock}.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
}

/** As Java's ISO dates: years beyond 9999 with a sign, years before 1 counted from 0 on. */
function isoDate(days: number): string {
  const { year, month, day } = civilOfDays(days);
  const digits = String(Math.abs(year)).padStart(4, '0');
  const sign = year < 0 ? '-' : year > 9999 ? '+' : '';
  return `${sign}${digits}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** Days since 1970 of a date of the Gregorian calendar, also before it began; the year before 1 is 0. */
export function daysOfCivil(year: number, month: number, day: number): number {
  // Years begin in March here, so that the day that some years have more is the last one.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function civilOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthOfYear = Math.floor((5 * dayOfYear + 2) / 153);
  const month = monthOfYear < 10 ? monthOfYear + 3 : monthOfYear - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthOfYear + 2) / 5) + 1,
  };
}

function msOf({ days, microsOfDay }: LocalMoment): number {
  return days * msPerDay + Math.floor(microsOfDay / 1_000);
}

function microsOf(moment: LocalMoment): number | bigint {
  const micros = moment.days * microsPerDay + moment.microsOfDay;
  return Number.isSafeInteger(micros) ? micros : bigMicros(moment);
}

function bigMicros({ days, microsOfDay }: LocalMoment): bigint {
  return BigInt(days) * BigInt(microsPerDay) + BigInt(microsOfDay);
}

/** They reach from 1677 to 2262 only. */
function nanosWithin(value: bigint): number | bigint {
  if (BigInt.asIntN(64, value) !== value)
    throw new ConnectError(
      'a moment before 1677 or after 2262 cannot be written with time.precision.mode=nanoseconds: set it to adaptive_time_microseconds',
    );
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function dateWithin(ms: number): Date {
  return new Date(Math.max(-dateMsMax, Math.min(dateMsMax, ms)));
}

function named(type: Schema['type'], name: string): Schema {
  return Object.freeze({ type, name: `io.debezium.time.${name}`, version: 1 });
}
