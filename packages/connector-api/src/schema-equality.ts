/**
 * Whether two schemas say the same, as Kafka Connect's `equals`: every property, documentation and default
 * included. The text that decides it is made once for each schema object.
 */
import { Decimal } from './decimal.ts';
import type { Schema } from './schema.ts';

const fingerprints = new WeakMap<Schema, string>();

/** The same text for two schemas exactly if they are equal; long, and for comparing only. */
export function schemaFingerprint(schema: Schema): string {
  let text = fingerprints.get(schema);
  if (text === undefined) {
    text = fingerprintOf(schema);
    fingerprints.set(schema, text);
  }
  return text;
}

export function schemasEqual(one: Schema | undefined, other: Schema | undefined): boolean {
  if (one === other) return true;
  if (!one || !other || one.type !== other.type) return false;
  return schemaFingerprint(one) === schemaFingerprint(other);
}

/** Lists, not objects: no two different schemas have the same text. */
function fingerprintOf(schema: Schema): string {
  const { type, optional, name, version, doc, parameters, fields, items, keys, values } = schema;
  const part = (of: Schema | undefined): string | null => (of ? schemaFingerprint(of) : null);
  return JSON.stringify([
    type,
    optional ?? false,
    name ?? null,
    version ?? null,
    doc ?? null,
    // None and an empty set of them are written alike.
    Object.entries(parameters ?? {}).sort(byName),
    schema.default === undefined || schema.default === null ? null : dataText(schema.default),
    type === 'struct' ? (fields ?? []).map((each) => [each.field, part(each.schema)]) : null,
    part(items),
    part(keys),
    part(values),
  ]);
}

/**
 * A text that equal values share: the order of a map's entries does not count, nor whether an integer is a
 * number or a bigint.
 */
function dataText(value: unknown): string {
  switch (typeof value) {
    case 'bigint':
      return `n${String(value)}`;
    case 'number':
      return Object.is(value, -0) ? 'n-0' : `n${String(value)}`;
    case 'string':
      return JSON.stringify(value);
    case 'object':
      return value === null ? 'null' : objectText(value);
    default:
      return String(value);
  }
}

function objectText(value: object): string {
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('base64')}`;
  if (value instanceof Date) return `t${String(value.getTime())}`;
  if (value instanceof Decimal) return `d${String(value.unscaled)}/${String(value.scale)}`;
  if (Array.isArray(value)) return `[${value.map(dataText).join(',')}]`;
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map ? value : Object.entries(value).filter(([, one]) => one !== undefined);
  return `{${Array.from(entries, ([key, one]) => `${dataText(key)}:${dataText(one)}`)
    .sort()
    .join(',')}}`;
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : Number(one > other);
}
