/** Dates and times of MySQL and MariaDB by `time.precision.mode`. Pure. */
import { ConnectError } from '@sluice/connector-api';
import {
  type ColumnType,
  dateType,
  isoMoment,
  type LocalMoment,
  type TimePrecisionMode,
  timestampType,
  timeType,
  zonedTimestampSchema,
} from '@sluice/connector-capture';
import type { Column } from './column.ts';
import { daysOfText, microsOfText, momentOfText } from './text-values.ts';
import { asText, of, same, type ValueType } from './value-type.ts';

const microsPerDay = 86_400_000_000;

interface TemporalSettings {
  readonly times: TimePrecisionMode;
}

/** Undefined: a type that is none of these. */
export function temporalType(column: Column, settings: TemporalSettings): ValueType | undefined {
  const { fraction = 0, type } = column;
  switch (type) {
    case 'date':
      return of(orNull(dateType(settings.times)), same, (bytes) => daysOfText(asText(bytes)));
    case 'time':
      return of(withinDay(timeType(settings.times, fraction), settings), same, (bytes) =>
        microsOfText(asText(bytes)),
      );
    case 'datetime':
      return of(orNull(timestampType(settings.times, fraction)), same, momentOfBytes);
    case 'timestamp':
      return of(orNull(zonedTimestamp), same, momentOfBytes);
    default:
      return undefined;
  }
}

function momentOfBytes(bytes: Buffer): LocalMoment | null {
  return momentOfText(asText(bytes));
}

/** A date that is none, such as 0000-00-00, cannot be said. */
function orNull<Raw>(type: ColumnType<Raw>): ColumnType<Raw | null> {
  return { ...type, read: (raw) => (raw === null ? null : type.read(raw)) };
}

/** MySQL's times are durations; two of the modes have times of a day only. */
function withinDay(type: ColumnType<number>, { times }: TemporalSettings): ColumnType<number> {
  if (times !== 'connect' && times !== 'isostring') return type;
  return {
    ...type,
    read: (micros) => {
      if (micros < 0 || micros >= microsPerDay)
        throw new ConnectError(
          `a time that is not within a day cannot be written with time.precision.mode=${times}: set it to adaptive_time_microseconds`,
        );
      return type.read(micros);
    },
  };
}

const zonedTimestamp: ColumnType<LocalMoment> = {
  schema: zonedTimestampSchema,
  read: (moment) => `${isoMoment(moment)}Z`,
  fallback: '1970-01-01T00:00:00Z',
};
