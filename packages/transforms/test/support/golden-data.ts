/** Data as TransformOracle.java writes it, and records in a form that can be compared. */
import {
  Decimal,
  type RecordHeader,
  type Schema,
  type TransformableRecord,
} from '@sluice/connector-api';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

type JsonObject = { readonly [name: string]: Json };

/** JSON, and objects with one tagged field for what JSON has not. */
export function readData(json: Json | undefined): unknown {
  if (json === null || json === undefined || typeof json !== 'object') return json ?? null;
  if (Array.isArray(json)) return json.map((each: Json) => readData(each));
  const object = json as JsonObject;
  const [tag, ...others] = Object.keys(object);
  if (tag?.startsWith('$') && others.length === 0) return readTagged(tag, object[tag]);
  return Object.fromEntries(Object.entries(object).map(([name, one]) => [name, readData(one)]));
}

function readTagged(tag: string, json: Json | undefined): unknown {
  switch (tag) {
    case '$long': {
      const exact = BigInt(json as string);
      return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
    }
    case '$int':
    case '$double':
      return Number(json);
    case '$date':
      return new Date(Number(json));
    case '$decimal':
      return Decimal.fromString(json as string);
    case '$bytes':
      return Buffer.from(json as string, 'base64');
    case '$map':
      return new Map(readData(json) as [unknown, unknown][]);
    default:
      throw new Error(`unknown tag ${tag}`);
  }
}

/** One object for each schema that looks the same, as converters give it. */
const schemas = new Map<string, Schema>();
let table: readonly Json[] = [];

/** Schemas are referred to by their number in this list. */
export function useSchemaTable(list: readonly Json[]): void {
  table = list;
}

export function readSchema(json: Json | undefined): Schema | undefined {
  if (json === null || json === undefined) return undefined;
  if (typeof json === 'number') return readSchema(table[json]);
  const text = JSON.stringify(json);
  const known = schemas.get(text);
  if (known) return known;
  const { default: fallback, fields, items, keys, values, ...plain } = json as JsonObject;
  const schema = {
    ...plain,
    ...(fallback === undefined ? {} : { default: readData(fallback) }),
    ...(fields === undefined
      ? {}
      : {
          fields: (fields as readonly JsonObject[]).map((field) => ({
            field: field['field'],
            schema: readSchema(field['schema']),
          })),
        }),
    ...(items === undefined ? {} : { items: readSchema(items) }),
    ...(keys === undefined ? {} : { keys: readSchema(keys) }),
    ...(values === undefined ? {} : { values: readSchema(values) }),
  } as unknown as Schema;
  schemas.set(text, schema);
  return schema;
}

export function readRecord(json: JsonObject): TransformableRecord {
  const { headers, key, keySchema, value, valueSchema, ...rest } = json;
  return {
    ...rest,
    key: readData(key),
    value: readData(value),
    ...(keySchema === undefined ? {} : { keySchema: readSchema(keySchema) }),
    ...(valueSchema === undefined ? {} : { valueSchema: readSchema(valueSchema) }),
    ...(headers === undefined
      ? {}
      : {
          headers: (headers as readonly JsonObject[]).map((header): RecordHeader => {
            const schema = readSchema(header['schema']);
            return {
              name: header['name'] as string,
              value: readData(header['value']),
              ...(schema ? { schema } : {}),
            };
          }),
        }),
  } as unknown as TransformableRecord;
}

/** With all that is in it, but for bytes, which cannot be. */
export function frozen<Type>(value: Type): Type {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const each of Object.values(value)) frozen(each);
  return Object.freeze(value);
}

/** Absent and null, number and bigint, Buffer and Uint8Array are the same; -0 is not 0. */
export function comparable(record: TransformableRecord | null): unknown {
  if (record === null) return null;
  return canonical({
    ...record,
    key: record.keySchema ? withoutNulls(record.key) : (record.key ?? null),
    value: record.valueSchema ? withoutNulls(record.value) : (record.value ?? null),
    headers: record.headers ?? [],
  });
}

/** What is absent from a struct is null. */
function withoutNulls(value: unknown): unknown {
  if (
    typeof value !== 'object' ||
    value === null ||
    Object.getPrototypeOf(value) !== Object.prototype
  )
    return value ?? null;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) =>
      one === undefined || one === null ? [] : [[name, withoutNulls(one)]],
    ),
  );
}

function canonical(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number')
    return Number.isSafeInteger(value) || !Number.isInteger(value) || Math.abs(value) >= 2 ** 63
      ? value
      : BigInt(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(canonical);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('hex') };
  if (value instanceof Date) return { date: value.getTime() };
  if (value instanceof Decimal) return { decimal: value.toString() };
  if (value instanceof Map && value.size === 0) return {};
  if (value instanceof Map)
    return { map: Array.from(value, ([key, one]) => [canonical(key), canonical(one)]) };
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) =>
      one === undefined || (name === 'optional' && one === false) ? [] : [[name, canonical(one)]],
    ),
  );
}
