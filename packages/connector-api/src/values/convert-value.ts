/** A value of one type as a value of another, as Kafka Connect's `Values.convertTo` does it. */
import { logicalTypeOf } from '../logical-types.ts';
import type { Schema } from '../schema.ts';
import { castValue } from './cast-value.ts';
import { parseValue } from './parse-value.ts';

/**
 * Text is read (`"[1,2]"` is an array, `"2020-02-29"` a Date), numbers are cut to their range as Java casts
 * them, dates become days or milliseconds.
 * @param from the schema of the value, where it has one: it says what a Date stands for
 * @throws DataError for null where `to` is not optional, and where there is no way
 */
export function convertValue(to: Schema, from: Schema | undefined, value: unknown): unknown {
  return castValue(to, from, typeof value === 'string' ? readFor(to, value) : value);
}

function readFor(to: Schema, text: string): unknown {
  const logical = logicalTypeOf(to);
  const isRead =
    (logical !== undefined && logical !== 'Decimal') ||
    to.type === 'boolean' ||
    to.type === 'array' ||
    to.type === 'map';
  // What reads as null is no value: the text says more in the error.
  return isRead ? (parseValue(text).value ?? text) : text;
}
