/** `timestamp.granularity`: what a column with date and time becomes. */
import { type Schema, schemas, timestampSchema } from '@sluice/connector-api';
import type { TimestampGranularity } from '../dialect.ts';
import { formatInstant, type Instant, parseInstant, unitsOf } from '../time-zone.ts';

export interface TimestampReader {
  readonly schema: Schema;
  readonly read: (text: string) => unknown;
}

export function timestampReader(options: {
  readonly granularity: TimestampGranularity;
  readonly zone: string;
}): TimestampReader {
  const { schema, of } = forms[options.granularity];
  return { schema, read: (text) => of(parseInstant(text, options.zone), options.zone) };
}

interface Form {
  readonly schema: Schema;
  readonly of: (instant: Instant, zone: string) => unknown;
}

const forms: Readonly<Record<TimestampGranularity, Form>> = {
  connect_logical: { schema: timestampSchema, of: ({ ms }) => new Date(ms) },
  micros_long: { schema: schemas.int64, of: (instant) => unitsOf(instant, 6) },
  micros_string: { schema: schemas.string, of: (instant) => String(unitsOf(instant, 6)) },
  micros_iso_datetime_string: {
    schema: schemas.string,
    of: (instant, zone) => isoText(instant, zone, 6),
  },
  nanos_long: { schema: schemas.int64, of: (instant) => unitsOf(instant, 9) },
  nanos_string: { schema: schemas.string, of: (instant) => String(unitsOf(instant, 9)) },
  nanos_iso_datetime_string: {
    schema: schemas.string,
    of: (instant, zone) => isoText(instant, zone, 9),
  },
};

function isoText(instant: Instant, zone: string, digits: number): string {
  return formatInstant(instant, zone, digits).replace(' ', 'T');
}
