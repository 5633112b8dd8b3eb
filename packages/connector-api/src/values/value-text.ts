/**
 * A value as the text that Kafka Connect's `Values.convertToString` gives it: what SimpleHeaderConverter
 * writes, and what Cast makes of a number.
 */
import { entriesOf, isNullish, type PlainObject, propertyReader } from '../data-values.ts';
import { Decimal } from '../decimal.ts';
import { DataError } from '../errors.ts';
import type { Schema } from '../schema.ts';
import { javaDouble, javaFloat } from './java-numbers.ts';

/**
 * Text as it is, numbers as Java prints them, bytes as base64, dates as ISO 8601, arrays and what has fields
 * like JSON. Without a schema a number that has no fraction is an integer.
 * @throws DataError for a function or a symbol
 */
export function valueToText(schema: Schema | undefined, value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? base64Of(value) : embedded(schema, value);
}

function embedded(schema: Schema | undefined, value: unknown): string {
  if (isNullish(value)) return 'null';
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return numberText(schema, value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'object':
      return objectText(schema, value);
    default:
      throw new DataError(`Failed to serialize unexpected value type ${typeof value}`);
  }
}

function numberText(schema: Schema | undefined, value: number): string {
  if (schema?.type === 'float32') return javaFloat(value);
  if (schema?.type === 'float64') return javaDouble(value);
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : javaDouble(value);
}

function objectText(schema: Schema | undefined, value: object): string {
  if (value instanceof Uint8Array) return `"${base64Of(value)}"`;
  if (value instanceof Date) return dateText(value);
  if (value instanceof Decimal) return value.toString();
  if (Array.isArray(value))
    return `[${value.map((one) => embedded(schema?.items, one)).join(',')}]`;
  if (schema?.type === 'struct') return structText(schema, value as PlainObject);
  const entries = Array.from(
    entriesOf(value),
    ([key, one]) => `${embedded(schema?.keys, key)}:${embedded(schema?.values, one)}`,
  );
  return `{${entries.join(',')}}`;
}

function structText(schema: Schema, value: PlainObject): string {
  const fields = (schema.fields ?? []).map(
    ({ field, schema: of }) =>
      `${quoted(field)}:${embedded(of, propertyReader(field)(value) ?? of.default)}`,
  );
  return `{${fields.join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const msPerDay = 86_400_000;

/**
 * `12:34:56.789Z` on the first day of 1970, which is what a Time looks like, `2020-02-29` at midnight, else
 * `2020-02-29T12:34:56.789Z`. Before 1970 Kafka Connect writes the time of the day only, and the day is lost:
 * that we do not follow.
 * @throws DataError for an invalid Date
 */
export function dateText(value: Date): string {
  const ms = value.getTime();
  if (Number.isNaN(ms)) throw new DataError('Invalid Date: it has no time');
  // Java has no sign for years of five digits.
  const iso = value.toISOString().replace(/^\+0*/, '');
  const time = iso.indexOf('T');
  if (ms >= 0 && ms < msPerDay) return iso.slice(time + 1);
  return ms % msPerDay === 0 ? iso.slice(0, time) : iso;
}
