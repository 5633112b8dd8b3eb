/**
 * Values of records as CEL has them, and back. Whole numbers are ints: by their schema, or without one by what they
 * look like. What is absent from a struct is null, so that `value.note == null` can be asked; a field that neither
 * the schema nor the data has is an error.
 */
import { DataError, Decimal, type Schema } from '@sluice/connector-api';
import { int64Value } from '../java-casts.ts';
import { describe, isFields } from '../structs.ts';

/** What was met on the way, for the bound of the cost. */
export interface Lengths {
  list: number;
  text: number;
}

const int64Limit = 2n ** 63n;

export function toCel(schema: Schema | undefined, value: unknown, lengths: Lengths): unknown {
  switch (typeof value) {
    case 'string':
      if (value.length > lengths.text) lengths.text = value.length;
      return value;
    case 'boolean':
      return value;
    case 'number':
      return isInt(schema, value) ? BigInt(value) : value;
    case 'bigint':
      return value < int64Limit && value >= -int64Limit ? value : Number(value);
    case 'undefined':
      return schema?.default === undefined ? null : toCel(schema, schema.default, lengths);
    default:
  }
  if (value === null)
    return schema?.default === undefined || schema.default === null
      ? null
      : toCel(schema, schema.default, lengths);
  if (Array.isArray(value)) {
    if (value.length > lengths.list) lengths.list = value.length;
    return value.map((each) => toCel(schema?.items, each, lengths));
  }
  if (value instanceof Map) return celMap(schema, value, lengths);
  if (value instanceof Date || value instanceof Decimal) return value;
  if (value instanceof Uint8Array) {
    // A Buffer is another class, which the language does not know.
    return Buffer.isBuffer(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : value;
  }
  if (!isFields(value)) throw new DataError(`an expression cannot read ${describe(value)}`);
  // Without a prototype: a field is only what the data has.
  const fields = Object.create(null) as Record<string, unknown>;
  if (schema?.type === 'struct') {
    for (const { field, schema: of } of schema.fields ?? [])
      fields[field] = toCel(of, Object.hasOwn(value, field) ? value[field] : undefined, lengths);
    return fields;
  }
  for (const [name, one] of Object.entries(value))
    fields[name] = toCel(schema?.values, one, lengths);
  return fields;
}

function isInt(schema: Schema | undefined, value: number): boolean {
  if (schema) return schema.type.startsWith('int');
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63;
}

function celMap(
  schema: Schema | undefined,
  map: ReadonlyMap<unknown, unknown>,
  lengths: Lengths,
): Map<unknown, unknown> {
  const entries = Array.from(map, ([key, value]): [unknown, unknown] => [
    toCel(schema?.keys, key, lengths),
    toCel(schema?.values, value, lengths),
  ]);
  return new Map(entries);
}

/** @throws DataError for what records do not have: types, durations. */
export function fromCel(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number':
      return value;
    case 'bigint':
      return int64Value(value);
    case 'undefined':
      return null;
    default:
  }
  if (value === null || value instanceof Date || value instanceof Decimal) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(fromCel);
  if (value instanceof Map)
    return new Map(Array.from(value, ([key, one]) => [fromCel(key), fromCel(one)]));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) {
    const fields: [string, unknown][] = Object.entries(value as object).map(([name, one]) => [
      name,
      fromCel(one),
    ]);
    return Object.fromEntries(fields);
  }
  throw new DataError(`an expression gave ${describe(value)}, which no record can hold`);
}
