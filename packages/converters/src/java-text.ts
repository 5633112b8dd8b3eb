/** Values as Java's `toString` prints them, which is what Kafka Connect's StringConverter writes. */
import { DataError, Decimal, type Schema } from '@sluice/connector-api';
import { entriesOf, type PlainObject, propertyReader } from '@sluice/connector-api/data-values';
import { javaDouble, javaFloat } from '@sluice/connector-api/values';
import { base64Of } from './json-text.ts';

/**
 * `Struct{a=1,b=x}`, `{k=v, l=w}`, `[1, 2]`, `1.0`, `Thu Jan 01 00:00:00 UTC 1970`. Bytes are base64, for
 * which Java prints where they are in its memory.
 */
export function javaText(schema: Schema | undefined, value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
      return numberText(schema, value);
    case 'object':
      return value === null ? 'null' : objectText(schema, value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'undefined':
      return 'null';
    default:
      throw new DataError(`Failed to serialize to a string: ${typeof value}`);
  }
}

function numberText(schema: Schema | undefined, value: number): string {
  if (schema?.type === 'float32') return javaFloat(value);
  if (schema?.type === 'float64') return javaDouble(value);
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : javaDouble(value);
}

function objectText(schema: Schema | undefined, value: object): string {
  if (value instanceof Uint8Array) return base64Of(value);
  if (value instanceof Date) return dateText(value);
  if (value instanceof Decimal) return value.toString();
  if (Array.isArray(value))
    return `[${value.map((one) => javaText(schema?.items, one)).join(', ')}]`;
  if (schema?.type === 'struct') return structText(schema, value as PlainObject);
  const entries = Array.from(
    entriesOf(value),
    ([key, one]) => `${javaText(schema?.keys, key)}=${javaText(schema?.values, one)}`,
  );
  return `{${entries.join(', ')}}`;
}

function structText(schema: Schema, value: PlainObject): string {
  const fields = (schema.fields ?? []).flatMap(({ field, schema: of }) => {
    const one = propertyReader(field)(value);
    return one === null || one === undefined ? [] : [`${field}=${javaText(of, one)}`];
  });
  return `Struct{${fields.join(',')}}`;
}

const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

function dateText(value: Date): string {
  if (Number.isNaN(value.getTime())) return 'Invalid Date';
  const day = String(value.getUTCDate()).padStart(2, '0');
  const time = /\d\d:\d\d:\d\d/.exec(value.toISOString())?.[0] ?? '';
  return `${days[value.getUTCDay()] ?? ''} ${months[value.getUTCMonth()] ?? ''} ${day} ${time} UTC ${String(value.getUTCFullYear())}`;
}
